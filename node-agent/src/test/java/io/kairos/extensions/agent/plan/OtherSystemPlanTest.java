package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.live;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Action.LinkProfile;
import io.kairos.extensions.agent.plan.Action.UnlinkProfile;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A host was upgraded: its passive entry boots the system before, its active one the new one. */
class OtherSystemPlanTest extends PlanScenario {
  private static final Profile[] BOTH = {Profile.ACTIVE, Profile.PASSIVE};

  private static final Staged FITS_BOTH = new Staged.Ready(false, Optional.empty());

  private static final Staged FITS_ACTIVE_ALONE =
      new Staged.Ready(
          false,
          Optional.empty(),
          Set.of("/usr"),
          Map.of(Profile.PASSIVE, new Staged.Unfit(Reasons.OS_MISMATCH, "its VERSION_ID is 2")));

  private static final Staged FITS_PASSIVE_ALONE =
      new Staged.Ready(
          false,
          Optional.empty(),
          Set.of("/usr"),
          Map.of(Profile.ACTIVE, new Staged.Unfit(Reasons.OS_MISMATCH, "its VERSION_ID is 1")));

  @BeforeEach
  void upgraded() {
    agent.want(live("tool", "1", BOTH)).settleForGood();
    agent.crash();
    host.upgrade();
    agent.settleForGood();
    agent.news();
  }

  private Optional<String> inPassive() {
    return host.view().name("tool").inProfile(Profile.PASSIVE);
  }

  @Test
  void passiveKeepsWhatItHasWhereTheNewVersionDoesNotFitWhatItBoots() {
    agent.staging(assignment -> FITS_ACTIVE_ALONE);
    agent.want(live("tool", "2", BOTH)).settleForGood();
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V2);
    assertThat(host.view().name("tool").good()).contains(V2);
    assertThat(inPassive()).contains(V1);
    assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    assertThat(agent.standing("tool").message())
        .isEqualTo("passive/ is left as it is, as its entry boots kairos 1: its VERSION_ID is 2");
  }

  @Test
  void passiveGetsAGoodVersionThatFitsWhatItBootsToo() {
    agent.want(live("tool", "2", BOTH)).settleForGood();
    assertThat(inPassive()).contains(V2);
    assertThat(agent.standing("tool").message()).isEmpty();
  }

  @Test
  void anAgentThatIsRestartedMatchesItAgainWhileTheVersionCountsAsActive() {
    agent.staging(assignment -> FITS_ACTIVE_ALONE);
    agent.want(live("tool", "2", BOTH)).settleForGood();
    agent.crash();
    Plan first = agent.plan();
    assertThat(ModelAgent.standing(first, "tool").phase()).isEqualTo(Phase.ACTIVE);
    assertThat(agent.memory().staging()).isPresent();
    agent.settleForGood();
    assertThat(inPassive()).contains(V1);
    assertThat(agent.standing("tool").message()).startsWith("passive/ is left as it is");
  }

  @Test
  void whatFitsByNowIsLinkedByAnAgentThatIsRestarted() {
    agent.staging(assignment -> FITS_ACTIVE_ALONE);
    agent.want(live("tool", "2", BOTH)).settleForGood();
    agent.crash();
    agent.staging(assignment -> FITS_BOTH).settleForGood();
    assertThat(inPassive()).contains(V2);
  }

  @Test
  void passiveGetsItOnceItBootsASystemThatItFits() {
    agent.staging(assignment -> FITS_ACTIVE_ALONE);
    agent.want(live("tool", "2", BOTH)).settleForGood();
    host.upgrade();
    agent.crash();
    agent.staging(assignment -> FITS_BOTH).settleForGood();
    assertThat(inPassive()).contains(V2);
  }

  @Test
  void aVersionThatDoesNotFitTheNewSystemStaysInPassive() {
    host.bad(V1);
    agent.powerCut();
    agent.staging(assignment -> new Staged.Unfit(Reasons.OS_MISMATCH, "its VERSION_ID is 1"));
    agent.settleForGood();
    assertThat(agent.phase("tool")).isEqualTo(Phase.INCOMPATIBLE);
    assertThat(agent.news())
        .contains(new UnlinkProfile(Profile.ACTIVE, "tool"))
        .doesNotContain(new UnlinkProfile(Profile.PASSIVE, "tool"));
    assertThat(inPassive()).contains(V1);
  }

  @Test
  void aVersionThatIsRolledBackOnTheNewSystemStaysInPassive() {
    agent.want(live("tool", "2", BOTH)).settleForGood();
    agent.staging(assignment -> FITS_ACTIVE_ALONE);
    agent.want(live("tool", "3", BOTH)).settleForGood();
    assertThat(inPassive()).contains(V2);
    agent.news();

    agent.proving(
        proving ->
            proving.image().equals(V2)
                ? new Proved.Failed(true, Reasons.HEALTH_CHECK_FAILED, "exit code 1")
                : new Proved.Passed());
    agent.want(withCheck(live("tool", "2", BOTH))).settleForGood();
    assertThat(agent.phase("tool")).isEqualTo(Phase.ROLLED_BACK);
    assertMerged("tool", "3");
    assertThat(inPassive()).contains(V2);
  }

  private static Assignment draining(Assignment plain) {
    return plain.toBuilder().target(plain.target().toBuilder().afterDrain(true).build()).build();
  }

  private static Assignment withCheck(Assignment plain) {
    return plain.toBuilder()
        .target(
            plain.target().toBuilder()
                .healthChecks(
                    List.of(HealthCheck.builder().name("up").unit("tool.service").build()))
                .build())
        .build();
  }

  @Test
  void passiveAloneIsNotLinkedWithWhatDoesNotFitWhatItBoots() {
    agent.staging(assignment -> FITS_ACTIVE_ALONE);
    agent.want(live("other", "1", Profile.PASSIVE)).settleForGood();
    assertThat(agent.phase("other")).isEqualTo(Phase.INCOMPATIBLE);
    assertThat(agent.standing("other").reason()).isEqualTo(Reasons.OS_MISMATCH);
    assertThat(host.view().name("other").profiles()).isEmpty();
  }

  @Test
  void aHostThatFellBackToPassiveLeavesActiveAlone() {
    host.boot(Optional.of(Profile.PASSIVE));
    agent.crash();
    agent.staging(assignment -> FITS_PASSIVE_ALONE);
    agent.want(live("tool", "2", BOTH)).settleForGood();
    assertMerged("tool", "2");
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V1);
    assertThat(inPassive()).contains(V2);
    assertThat(agent.news()).doesNotContain(new LinkProfile(Profile.ACTIVE, "tool", V2));
    assertThat(agent.standing("tool").message()).startsWith("active/ is left as it is");
  }

  /** The host boots passive again, where the version of active does not fit. */
  private void fallsBack() {
    agent.staging(assignment -> FITS_ACTIVE_ALONE);
    agent.want(live("tool", "2", BOTH)).settleForGood();
    host.boot(Optional.of(Profile.PASSIVE));
    agent.crash();
    agent.staging(assignment -> new Staged.Unfit(Reasons.OS_MISMATCH, "its VERSION_ID is 2"));
    agent.news();
  }

  @Test
  void onTheWayBackWhatIsUnmergedKeepsItsLinksThoughAnotherVersionIsGoodOnTheOtherSystem() {
    fallsBack();
    agent.settleForGood();
    assertMerged("tool", "1");
    host.unmerge();
    agent.settleForGood();
    assertThat(inPassive()).contains(V1);
    assertThat(agent.news()).isEmpty();
  }

  @Test
  void onTheWayBackWhatTheBootDidNotMergeKeepsItsLinksBeforeTheOtherVersionIsLookedInto() {
    fallsBack();
    host.unmerge();
    agent.settleForGood();
    assertThat(inPassive()).contains(V1);
    assertThat(agent.news()).isEmpty();
  }

  @Test
  void aVersionThatWasGoodOnTheSystemBeforeHasToProveItselfOnTheNewOne() {
    host.upgrade();
    agent.crash();
    agent.want(live("tool", "1", BOTH)).settle();
    assertThat(host.view().name("tool").good()).contains(V1);
    assertThat(agent.news()).contains(new Action.SetGood("tool", V1));
  }

  /** The boot of an upgrade is the one that merges a version that waited for the next boot. */
  private void anUpgradeBootsVersionTwoWhichFails(Staged staged) {
    agent.want(live("tool", "1", BOTH)).settleForGood();
    agent.staging(assignment -> staged);
    agent.want(withCheck(Wanted.nextBoot("tool", "2", BOTH))).settle();
    assertThat(agent.phase("tool")).isEqualTo(Phase.PENDING_REBOOT);
    host.upgrade();
    agent.crash();
    assertMerged("tool", "2");
    agent.proving(
        proving ->
            proving.image().equals(V2)
                ? new Proved.Failed(true, Reasons.HEALTH_CHECK_FAILED, "exit code 1")
                : new Proved.Passed());
    agent.settleForGood();
    assertThat(agent.phase("tool")).isEqualTo(Phase.ROLLED_BACK);
  }

  @Test
  void whatFailsOnTheNewSystemGivesWayToWhatWasGoodOnTheOneBeforeAndFits() {
    anUpgradeBootsVersionTwoWhichFails(FITS_BOTH);
    assertMerged("tool", "1");
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V1);
    assertThat(inPassive()).contains(V1);
  }

  @Test
  void whatFailsOnTheNewSystemDoesNotGiveWayToWhatDoesNotFitIt() {
    host.fits((image, system) -> !image.equals(V1) || system < 3);
    anUpgradeBootsVersionTwoWhichFails(FITS_BOTH);
    assertThat(host.merged()).isEmpty();
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).isEmpty();
    assertThat(inPassive()).contains(V1);
  }

  @Test
  void theNodesOwnRuntimeStaysForTheNextBootWhereNothingElseFits() {
    host.fits((image, system) -> !image.equals(V1) || system < 3);
    anUpgradeBootsVersionTwoWhichFails(new Staged.Ready(true, Optional.of("/usr/bin/k3s")));
    assertMerged("tool", "2");
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V2);
    assertThat(inPassive()).contains(V1);
    assertThat(agent.standing("tool").message())
        .isEqualTo(
            "exit code 1; it stays, as what was good before cannot take its place on the system that"
                + " runs by now");
  }

  @Test
  void whatDoesNotMergeOnTheNewSystemGivesWayToNothingThatWasGoodElsewhere() {
    agent.want(live("tool", "1", BOTH)).settleForGood();
    agent.want(Wanted.nextBoot("tool", "2", BOTH)).settle();
    host.bad(V2);
    host.upgrade();
    agent.crash();
    agent.settle();
    assertThat(agent.phase("tool")).isEqualTo(Phase.FAILED);
    assertThat(host.merged()).isEmpty();
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).isEmpty();
    assertThat(inPassive()).contains(V1);
  }

  /** What takes the place of a version that does not work may not merge on this system at all. */
  @Test
  void whatTakesItsPlaceAndDoesNotMergeIsTakenOutAndHoldsUpNoOther() {
    agent.want(live("other", "1", BOTH)).settleForGood();
    host.bad(V1);
    anUpgradeBootsVersionTwoWhichFails(FITS_BOTH);
    assertThat(host.merged()).containsOnlyKeys("other");
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).isEmpty();
    assertThat(host.view().name("tool").run()).isEmpty();
    assertThat(inPassive()).contains(V1);
    agent.want(live("other", "2", BOTH)).settleForGood();
    assertMerged("other", "2");
  }

  @Test
  void whatWasProvenOnThisSystemStaysThoughItFailsItsChecksAndAnotherBecameGoodElsewhere() {
    Assignment two = withCheck(live("tool", "2", BOTH));
    agent.staging(assignment -> FITS_ACTIVE_ALONE);
    agent.want(two).settleForGood();
    host.boot(Optional.of(Profile.PASSIVE));
    agent.crash();
    agent.staging(assignment -> FITS_PASSIVE_ALONE);
    agent.want(live("tool", "3", BOTH)).settleForGood();
    assertThat(host.view().name("tool").good()).contains(V3);
    host.boot(Optional.of(Profile.ACTIVE));
    agent.crash();
    assertMerged("tool", "2");

    agent.staging(assignment -> FITS_ACTIVE_ALONE);
    agent.proving(
        proving -> new Proved.Failed(true, Reasons.HEALTH_CHECK_FAILED, "the network is not up"));
    agent.want(two).settle();

    assertThat(agent.phase("tool")).isEqualTo(Phase.FAILED);
    assertMerged("tool", "2");
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V2);
  }

  @Test
  void whatWasGoodAndCannotBeMergedForAnotherReasonStaysForTheNextBoot() {
    host.upgrade();
    agent.crash();
    host.unmerge();
    host.mounted("/usr/share/somebodys");
    agent.settle();
    assertThat(agent.phase("tool")).isEqualTo(Phase.FAILED);
    assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.HIDES_MOUNTS);
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V1);
  }

  @Test
  void theNodesOwnRuntimeGoesBackWithTheNextBootToWhatFits() {
    anUpgradeBootsVersionTwoWhichFails(new Staged.Ready(true, Optional.of("/usr/bin/k3s")));
    assertMerged("tool", "2");
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V1);
  }

  @Test
  void whatWasGoodAndIsNotTakenByTheNewSystemDoesNotGetNearAnotherBoot() {
    host.bad(V1);
    host.upgrade();
    agent.crash();
    agent.settle();
    assertThat(agent.phase("tool")).isEqualTo(Phase.FAILED);
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).isEmpty();
    assertThat(inPassive()).contains(V1);
  }

  /** A boot may merge nothing at all: its unit is not enabled. */
  @Test
  void whatTheBootOfTheNewSystemLeftOutIsMergedWithoutADrainOrAnotherBoot() {
    for (Activation activation : new Activation[] {Activation.LIVE, Activation.NEXT_BOOT}) {
      host.upgrade();
      agent.crash();
      host.unmerge();
      agent.granting(Grants.NONE);
      agent.want(draining(Wanted.assignment("tool", "1", activation, 0, BOTH))).settleForGood();
      assertThat(agent.phase("tool")).as("%s", activation).isEqualTo(Phase.ACTIVE);
      assertMerged("tool", "1");
    }
  }

  @Test
  void whatWasGoodAndFailsItsChecksAfterAnUpgradeStaysAndIsLookedAtAgain() {
    Assignment tool = withCheck(live("tool", "1", BOTH));
    agent.want(tool).settleForGood();
    host.upgrade();
    agent.crash();
    agent.proving(
        proving -> new Proved.Failed(true, Reasons.HEALTH_CHECK_FAILED, "the network is not up"));
    agent.settle();
    assertThat(agent.phase("tool")).isEqualTo(Phase.FAILED);
    assertMerged("tool", "1");
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V1);

    agent.proving(proving -> new Proved.Passed()).settleForGood();
    assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    assertThat(host.view().name("tool").good()).contains(V1);
  }

  @Test
  void onTheWayBackActiveGetsAVersionOnceItIsGood() {
    host.boot(Optional.of(Profile.PASSIVE));
    agent.crash();
    agent.want(Wanted.assignment("tool", "2", Activation.LIVE, 60, BOTH)).settle();
    assertMerged("tool", "2");
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V1);
    agent.settleForGood();
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V2);
    assertThat(inPassive()).contains(V2);
  }

  @Test
  void aVersionForTheNextBootThatFitsNoEntryOfThatIsNotWaitedFor() {
    host.boot(Optional.of(Profile.PASSIVE));
    agent.crash();
    agent.staging(assignment -> FITS_PASSIVE_ALONE);
    agent.want(Wanted.nextBoot("tool", "2", BOTH)).settleForGood();
    assertThat(agent.phase("tool")).isEqualTo(Phase.INCOMPATIBLE);
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V1);
    assertMerged("tool", "1");
  }

  @Test
  void aVersionThatIsForPassiveAloneByNowLeavesActiveThoughPassiveDoesNotTakeIt() {
    agent.staging(assignment -> FITS_ACTIVE_ALONE);
    agent.want(live("tool", "2", BOTH)).settleForGood();
    agent.want(live("tool", "2", Profile.PASSIVE)).settleForGood();
    assertThat(agent.phase("tool")).isEqualTo(Phase.INCOMPATIBLE);
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).isEmpty();
    assertThat(inPassive()).contains(V1);
    assertMerged("tool", "2");
  }

  @Test
  void aRemovalTakesItOutOfEveryEntry() {
    agent.staging(assignment -> FITS_ACTIVE_ALONE);
    agent.want(live("tool", "2", BOTH)).settleForGood();
    host.boot(Optional.of(Profile.PASSIVE));
    agent.crash();
    agent.remove("tool").settleForGood();
    assertThat(host.view().names()).isEmpty();
    assertThat(host.view().images()).isEmpty();
  }
}
