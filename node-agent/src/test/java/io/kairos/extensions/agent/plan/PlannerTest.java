package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.digest;
import static io.kairos.extensions.agent.plan.Wanted.live;
import static io.kairos.extensions.agent.plan.Wanted.nextBoot;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Action.DeleteImage;
import io.kairos.extensions.agent.plan.Action.DeleteStray;
import io.kairos.extensions.agent.plan.Action.LinkProfile;
import io.kairos.extensions.agent.plan.Action.LinkRoot;
import io.kairos.extensions.agent.plan.Action.LinkRunToImage;
import io.kairos.extensions.agent.plan.Action.LinkRunToProfile;
import io.kairos.extensions.agent.plan.Action.Refresh;
import io.kairos.extensions.agent.plan.Action.SetGood;
import io.kairos.extensions.agent.plan.Action.UnlinkProfile;
import io.kairos.extensions.agent.plan.Action.UnlinkRoot;
import io.kairos.extensions.agent.plan.Action.UnlinkRun;
import io.kairos.extensions.agent.plan.Action.UnsetGood;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Requirements;
import io.kairos.extensions.api.v1alpha1.Target;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlannerTest {
  private static final String V1 = digest("tool", "1");
  private static final String V2 = digest("tool", "2");
  private static final String V3 = digest("tool", "3");

  private final ModelHost host = new ModelHost();
  private final ModelAgent agent = new ModelAgent(host);

  private static Refresh tries(String name, String version) {
    return new Refresh(
        Map.of(name, Optional.of(digest(name, version))),
        Set.of(new ExtensionKey(ExtensionType.SYSEXT, name)));
  }

  private static Refresh tries(Assignment... assignments) {
    Map<String, Optional<String>> expected = new HashMap<>();
    for (Assignment assignment : assignments) {
      expected.put(assignment.name(), Optional.of(assignment.target().image().sha256()));
    }
    return new Refresh(
        expected, List.of(assignments).stream().map(Assignment::key).collect(Collectors.toSet()));
  }

  private static Refresh brings(String name, String version) {
    return new Refresh(Map.of(name, Optional.of(digest(name, version))), Set.of());
  }

  private static Refresh ends(String name) {
    return new Refresh(Map.of(name, Optional.empty()), Set.of());
  }

  private List<Action> settleAndTell() {
    agent.settleForGood();
    return agent.news();
  }

  private void assertMerged(String name, String version) {
    assertThat(host.merged()).containsEntry(name, Optional.of(digest(name, version)));
  }

  /** The first try of it is lost to a boot: it is bad. */
  private void bootsWithABadVersion(String version) {
    host.bad(digest("tool", version));
    agent.want(nextBoot("tool", version)).settle();
    agent.powerCut();
    agent.news();
  }

  @Nested
  class Live {
    @Test
    void anInstallIsTriedThenCommittedThenGoodInTheOrderOfTheDurableSteps() {
      agent.want(live("tool", "1", Profile.ACTIVE, Profile.PASSIVE));
      assertThat(settleAndTell())
          .containsExactly(
              new LinkRunToImage("tool", V1),
              tries("tool", "1"),
              new LinkProfile(Profile.ACTIVE, "tool", V1),
              new LinkRoot("tool", V1),
              new LinkRunToProfile("tool", Profile.ACTIVE),
              new SetGood("tool", V1),
              new LinkProfile(Profile.PASSIVE, "tool", V1));
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
      assertMerged("tool", "1");
    }

    @Test
    void onlyWhatIsMergedIsCommitted() {
      host.bad(V1);
      agent.want(live("tool", "1")).settle();
      assertThat(agent.news())
          .containsExactly(
              new LinkRunToImage("tool", V1), tries("tool", "1"), new UnlinkRun("tool"));
    }

    @Test
    void goodAndPassiveComeAfterTheSoak() {
      agent.want(
          Wanted.assignment("tool", "1", Activation.LIVE, 60, Profile.ACTIVE, Profile.PASSIVE));
      agent.settle();
      assertThat(agent.phase("tool")).isEqualTo(Phase.VERIFYING);
      assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.SOAKING);
      assertThat(agent.news())
          .doesNotContain(new SetGood("tool", V1), new LinkProfile(Profile.PASSIVE, "tool", V1));

      agent.pass(59_999).settle();
      assertThat(agent.news()).isEmpty();

      agent.pass(1).settle();
      assertThat(agent.news())
          .containsExactly(new SetGood("tool", V1), new LinkProfile(Profile.PASSIVE, "tool", V1));
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void aSoakBeginsAnewWithTheAgentButNotOnceGood() {
      Assignment soaking = Wanted.assignment("tool", "1", Activation.LIVE, 60);
      agent.want(soaking).settle();
      agent.pass(50_000).crash();
      agent.settle();
      agent.pass(50_000).settle();
      assertThat(agent.phase("tool")).isEqualTo(Phase.VERIFYING);
      agent.pass(10_000).settle();
      agent.crash();
      agent.settle();
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void theSoakIsWhatThePlanWakesFor() {
      agent.want(Wanted.assignment("tool", "1", Activation.LIVE, 60));
      Plan plan = agent.settle();
      assertThat(plan.wakeAtMillis()).hasValue(1_000_000 + 60_000);
    }

    @Test
    void anUpgradeIsOneRefreshAndTheOldVersionStaysEnabledUntilTheNewOneIsMerged() {
      agent.want(live("tool", "1")).settleForGood();
      agent.news();
      agent.want(live("tool", "2"));
      assertThat(settleAndTell())
          .containsExactly(
              new LinkRunToImage("tool", V2),
              tries("tool", "2"),
              new LinkProfile(Profile.ACTIVE, "tool", V2),
              new LinkRoot("tool", V2),
              new LinkRunToProfile("tool", Profile.ACTIVE),
              new SetGood("tool", V2),
              new DeleteImage(V1));
      assertMerged("tool", "2");
    }

    @Test
    void aVersionThatDoesNotMergeIsTakenBackWithoutAnotherRefresh() {
      host.bad(V2);
      agent.want(live("tool", "1")).settleForGood();
      agent.news();
      agent.want(live("tool", "2")).settle();
      assertThat(agent.news())
          .containsExactly(
              new LinkRunToImage("tool", V2),
              tries("tool", "2"),
              new LinkRunToProfile("tool", Profile.ACTIVE));
      assertMerged("tool", "1");
      assertThat(agent.standing("tool"))
          .returns(Phase.FAILED, Standing::phase)
          .returns(Reasons.MERGE_FAILED, Standing::reason)
          .returns("an image is bad", Standing::message)
          .returns(1, Standing::attempts);
    }

    @Test
    void aFailureIsTriedAgainAfterAGrowingPauseAndForgottenWithTheTarget() {
      host.bad(V2);
      agent.want(live("tool", "1")).settleForGood();
      Plan first = agent.want(live("tool", "2")).settle();
      agent.passUntil(first.wakeAtMillis().orElseThrow());
      agent.settle();
      assertThat(agent.standing("tool").attempts()).isEqualTo(2);

      agent.want(live("tool", "3")).settleForGood();
      assertThat(agent.standing("tool").attempts()).isZero();
      assertMerged("tool", "3");
    }

    @Test
    void aPowerCutInATrialBootsTheOldVersion() {
      agent.want(live("tool", "1")).settleForGood();
      agent.want(live("tool", "2")).round();
      agent.finishStaging();
      agent.plan().actions().stream().limit(1).forEach(agent::act);
      assertThat(host.view().name("tool").run()).contains(new Link.Image(V2));
      agent.powerCut();
      assertMerged("tool", "1");
    }

    @Test
    void aTrialWhoseImageIsGoneDoesNotCostTheMergedVersionItsPlace() {
      agent.want(live("tool", "1"), live("other", "1")).settleForGood();
      agent.want(live("tool", "2")).round();
      agent.finishStaging();
      agent.plan().actions().stream().limit(1).forEach(agent::act);
      agent.crash();
      host.loseImage(V2);
      agent.remove("other").plan().actions().forEach(agent::act);
      assertThat(host.merged()).isEqualTo(Map.of("tool", Optional.of(V1)));
    }

    @Test
    void aTrialThatWasCutOffIsNotFinishedByTheRefreshOfAnother() {
      agent.want(live("tool", "1"), live("other", "1")).settleForGood();
      agent.want(live("tool", "2")).round();
      agent.finishStaging();
      agent.plan().actions().stream().limit(1).forEach(agent::act);
      agent.crash();
      agent.want(nextBoot("tool", "2")).remove("other").settleForGood();
      assertThat(host.merged()).isEqualTo(Map.of("tool", Optional.of(V1)));
      assertThat(agent.phase("tool")).isEqualTo(Phase.PENDING_REBOOT);
    }

    @Test
    void theNodesOwnRuntimeIsNotSwappedLive() {
      agent.staging(a -> new Staged.Ready(true, Optional.of("/usr/bin/k3s")));
      agent.want(live("tool", "1")).settleForGood();
      assertThat(agent.news()).isEmpty();
      assertThat(agent.standing("tool"))
          .returns(Phase.INCOMPATIBLE, Standing::phase)
          .returns(Reasons.CARRIES_NODE_RUNTIME, Standing::reason);
      assertThat(agent.standing("tool").message()).contains("/usr/bin/k3s", "NextBoot");
    }

    @Test
    void inAnotherProfileThanTheBootedItIsLinkedForThat() {
      host.boot(Optional.of(Profile.PASSIVE));
      agent.want(live("tool", "1"));
      assertThat(settleAndTell())
          .containsExactly(new LinkProfile(Profile.ACTIVE, "tool", V1), new LinkRoot("tool", V1));
      assertThat(agent.standing("tool"))
          .returns(Phase.ACTIVE, Standing::phase)
          .returns(Reasons.LINKED_IN_OTHER_PROFILE, Standing::reason);
    }

    @Test
    void aMergedVersionWhoseFileIsGoneIsFetchedAgain() {
      agent.want(live("tool", "1")).settleForGood();
      host.loseImage(V1);
      Plan plan = agent.round();
      assertThat(ModelAgent.standing(plan, "tool").phase()).isEqualTo(Phase.FETCHING);
      agent.settleForGood();
      assertThat(host.view().images()).contains(V1);
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void anImageThatDoesNotFitIsNeverLinked() {
      agent.staging(a -> new Staged.Unfit("OsMismatch", "made for another system"));
      agent.want(live("tool", "1")).settleForGood();
      assertThat(agent.news()).isEmpty();
      assertThat(agent.standing("tool"))
          .returns(Phase.INCOMPATIBLE, Standing::phase)
          .returns("OsMismatch", Standing::reason)
          .returns("made for another system", Standing::message);
    }
  }

  @Nested
  class NextBoot {
    @Test
    void commitsWithoutMergingAndTheBootProvesIt() {
      agent.want(nextBoot("tool", "1"));
      assertThat(settleAndTell())
          .containsExactly(new LinkProfile(Profile.ACTIVE, "tool", V1), new LinkRoot("tool", V1));
      assertThat(agent.standing("tool"))
          .returns(Phase.PENDING_REBOOT, Standing::phase)
          .returns(Reasons.LINKED_FOR_NEXT_BOOT, Standing::reason);
      assertThat(host.merged()).isEmpty();

      agent.powerCut();
      assertMerged("tool", "1");
      assertThat(settleAndTell()).containsExactly(new SetGood("tool", V1));
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void aMergedVersionIsPinnedSoThatAnotherRefreshDoesNotSlipTheNewOneIn() {
      agent.want(live("tool", "1")).settleForGood();
      agent.news();
      agent.want(nextBoot("tool", "2"));
      assertThat(settleAndTell())
          .containsExactly(
              new LinkRunToImage("tool", V1),
              new LinkProfile(Profile.ACTIVE, "tool", V2),
              new LinkRoot("tool", V2));
      agent.want(live("other", "1")).settleForGood();
      assertMerged("tool", "1");
      assertThat(agent.phase("tool")).isEqualTo(Phase.PENDING_REBOOT);

      agent.powerCut();
      agent.settleForGood();
      assertMerged("tool", "2");
      assertThat(host.view().images()).doesNotContain(V1);
    }

    @Test
    void whatABootDidNotMergeIsRefreshedOnceThenTheGoodVersionComesBack() {
      agent.want(live("tool", "1")).settleForGood();
      bootsWithABadVersion("2");
      assertThat(host.merged()).isEmpty();

      agent.settle();
      assertThat(agent.news())
          .containsExactly(
              tries("tool", "2"),
              new LinkProfile(Profile.ACTIVE, "tool", V1),
              new LinkRoot("tool", V1),
              new LinkRunToImage("tool", V1),
              brings("tool", "1"));
      assertMerged("tool", "1");
      assertThat(agent.standing("tool"))
          .returns(Phase.FAILED, Standing::phase)
          .returns(Reasons.MERGE_FAILED, Standing::reason);
    }

    @Test
    void withoutAGoodVersionItIsUnlinked() {
      bootsWithABadVersion("1");
      agent.settle();
      assertThat(agent.news())
          .containsExactly(
              tries("tool", "1"), new UnlinkProfile(Profile.ACTIVE, "tool"), new UnlinkRun("tool"));
    }

    @Test
    void whatFailedAtABootIsNotLinkedForAnotherBootUntilItHasMerged() {
      bootsWithABadVersion("1");
      Plan failed = agent.settle();
      agent.news();
      agent.passUntil(failed.wakeAtMillis().orElseThrow());
      agent.settle();
      assertThat(agent.news())
          .containsExactly(
              new LinkRunToImage("tool", V1), tries("tool", "1"), new UnlinkRun("tool"));
      assertThat(host.view().name("tool").profiles()).isEmpty();
    }

    @Test
    void aBadOneDoesNotCostAnotherItsPlace() {
      agent.want(live("tool", "1")).settleForGood();
      host.bad(digest("zap", "1"));
      agent.want(nextBoot("zap", "1"), nextBoot("another", "1")).settle();
      agent.powerCut();
      assertThat(host.merged()).isEmpty();
      agent.settle();
      agent.pass(10_000).settle();
      assertMerged("tool", "1");
      assertMerged("another", "1");
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
      assertThat(agent.phase("zap")).isEqualTo(Phase.FAILED);

      agent.powerCut();
      assertMerged("tool", "1");
      assertMerged("another", "1");
    }

    @Test
    void whoHasToWaitForSuspectsAfterABootGetsATurnAllTheSame() {
      host.bad(digest("alpha", "1")).bad(digest("beta", "1"));
      agent.want(nextBoot("alpha", "1"), nextBoot("gamma", "1")).settle();
      agent.powerCut();
      agent.want(live("beta", "1")).plan();
      agent.finishStaging();
      agent.plan();
      agent.finishStaging();
      agent.round();
      assertThat(agent.memory().alone()).hasSize(2);
      agent.settle();
      assertMerged("gamma", "1");
      assertThat(agent.phase("gamma")).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void aGoodVersionStaysEnabledWhileSomebodyElsesImageLetsNothingMerge() {
      agent.want(live("tool", "1")).settleForGood();
      host.refusing(true);
      agent.powerCut();
      assertThat(host.merged()).isEmpty();
      agent.settle();
      assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V1);

      host.refusing(false);
      agent.pass(300_000).settleForGood();
      assertMerged("tool", "1");
    }

    @Test
    void whatABootDidNotMergeAndNobodyWantsAnyMoreGetsOutOfTheWay() {
      bootsWithABadVersion("1");
      agent.staging(
          a ->
              a.name().equals("tool")
                  ? new Staged.NotStaged(Reasons.DOWNLOAD_REFUSED, "HTTP 404")
                  : new Staged.Ready(false, Optional.empty()));
      agent.want(nextBoot("tool", "2"), live("other", "1")).settle();
      assertThat(agent.phase("tool")).isEqualTo(Phase.FAILED);
      agent.pass(10_000).settle();
      assertMerged("other", "1");
      assertThat(host.view().name("tool").profiles()).isEmpty();
    }

    @Test
    void theRuntimeIsAllowed() {
      agent.staging(a -> new Staged.Ready(true, Optional.of("/usr/bin/k3s")));
      agent.want(nextBoot("tool", "1")).settleForGood();
      agent.powerCut();
      agent.settleForGood();
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void aLinkToAnImageThatIsGoneIsNotLeftForTheBoot() {
      agent.want(nextBoot("tool", "1")).settleForGood();
      host.loseImage(V1);
      agent.settleForGood();
      assertThat(host.view().images()).contains(V1);
      assertThat(agent.phase("tool")).isEqualTo(Phase.PENDING_REBOOT);
    }

    @Test
    void goingBackToTheMergedVersionNeedsNoBoot() {
      agent.want(live("tool", "1")).settleForGood();
      agent.want(nextBoot("tool", "2")).settleForGood();
      agent.news();
      agent.want(nextBoot("tool", "1"));
      assertThat(settleAndTell())
          .containsExactly(
              new LinkProfile(Profile.ACTIVE, "tool", V1),
              new LinkRoot("tool", V1),
              new LinkRunToProfile("tool", Profile.ACTIVE),
              new DeleteImage(V2));
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    }
  }

  @Nested
  class Removal {
    @Test
    void goesByProfileLinksRunLinkRefreshRootGoodAndImage() {
      agent.want(live("tool", "1", Profile.ACTIVE, Profile.PASSIVE)).settleForGood();
      agent.news();
      agent.remove("tool");
      assertThat(settleAndTell())
          .containsExactly(
              new UnlinkProfile(Profile.ACTIVE, "tool"),
              new UnlinkProfile(Profile.PASSIVE, "tool"),
              new UnlinkRun("tool"),
              ends("tool"),
              new UnlinkRoot("tool"),
              new UnsetGood("tool"),
              new DeleteImage(V1));
      assertThat(agent.standing("tool"))
          .returns(Phase.REMOVED, Standing::phase)
          .returns(Reasons.REMOVED, Standing::reason);
      assertThat(host.view().names()).isEmpty();
    }

    @Test
    void isNotDoneBeforeTheHostHasUnmerged() {
      agent.want(live("tool", "1")).settleForGood();
      host.refusing(true);
      agent.remove("tool").settle();
      assertThat(agent.standing("tool"))
          .returns(Phase.REMOVING, Standing::phase)
          .returns(Reasons.MERGE_FAILED, Standing::reason)
          .returns("an image is bad", Standing::message);
      assertThat(host.view().name("tool").root()).isPresent();
      assertThat(host.view().images()).contains(V1);

      host.refusing(false);
      agent.settleForGood();
      assertThat(agent.phase("tool")).isEqualTo(Phase.REMOVED);
    }

    @Test
    void ofWhatNeverWasHereIsDoneAtOnce() {
      agent.want(live("tool", "1")).remove("tool");
      assertThat(settleAndTell()).isEmpty();
      assertThat(agent.phase("tool")).isEqualTo(Phase.REMOVED);
    }

    @Test
    void takesWhateverVersionIsThere() {
      agent.want(live("tool", "1")).settleForGood();
      agent.want(live("tool", "2")).remove("tool").settleForGood();
      assertThat(host.view().names()).isEmpty();
      assertThat(host.view().images()).isEmpty();
    }

    @Test
    void leavesAnImageThatAnotherNameNeeds() {
      Assignment twin = live("tool", "1");
      agent
          .want(twin)
          .want(
              new Assignment(
                  twin.type(), "twin", "twin", twin.policy(), twin.target(), twin.remove()))
          .settleForGood();
      agent.remove("twin").settleForGood();
      assertThat(agent.phase("twin")).isEqualTo(Phase.REMOVED);
      assertThat(host.view().images()).contains(V1);
      assertMerged("tool", "1");
    }

    @Test
    void leavesSomebodyElsesFileOfTheNameAlone() {
      assertThat(host.foreignRoot("tool")).isTrue();
      assertThat(host.foreignRun("tool")).isTrue();
      assertThat(host.foreignProfile(Profile.ACTIVE, "tool")).isTrue();
      assertThat(host.refresh()).isTrue();
      agent.want(live("tool", "1")).remove("tool");
      assertThat(settleAndTell()).isEmpty();
      assertThat(agent.phase("tool")).isEqualTo(Phase.REMOVED);
    }

    @Test
    void takenBackHalfWayKeepsWhatIsMerged() {
      agent.want(live("tool", "1")).settleForGood();
      agent.remove("tool").plan().actions().stream().limit(2).forEach(agent::act);
      assertThat(host.view().name("tool").run()).isEmpty();
      agent.crash();
      agent.want(nextBoot("tool", "2"), live("other", "1")).settleForGood();
      assertMerged("tool", "1");
      assertMerged("other", "1");
    }

    @Test
    void absenceRemovesNothing() {
      agent.want(live("tool", "1")).settleForGood();
      agent.news();
      agent.forget("tool");
      assertThat(settleAndTell()).isEmpty();
      assertMerged("tool", "1");
      assertThat(host.view().images()).contains(V1);
    }

    @Test
    void absenceEndsATrialThatWasCutOff() {
      host.bad(V2);
      agent.want(live("tool", "1")).settleForGood();
      agent.want(live("tool", "2")).round();
      agent.finishStaging();
      agent.plan().actions().stream().limit(1).forEach(agent::act);
      agent.crash();
      agent.forget("tool").want(live("other", "1")).settleForGood();
      assertMerged("tool", "1");
      assertMerged("other", "1");
    }
  }

  @Nested
  class Foreign {
    @ParameterizedTest
    @ValueSource(strings = {"root", "run", "profile", "other profile", "rival"})
    void aFileOfTheNameStopsEverythingForIt(String where) {
      switch (where) {
        case "root" -> host.foreignRoot("tool");
        case "run" -> host.foreignRun("tool");
        case "profile" -> host.foreignProfile(Profile.ACTIVE, "tool");
        case "other profile" -> host.foreignProfile(Profile.RECOVERY, "tool");
        default -> host.rival("tool");
      }
      agent.want(live("tool", "1"), live("other", "1")).settleForGood();
      assertThat(agent.standing("tool"))
          .returns(Phase.FAILED, Standing::phase)
          .returns(Reasons.FOREIGN_FILE, Standing::reason);
      assertThat(agent.standing("tool").message()).contains("tool", "is not ours");
      assertThat(agent.phase("other")).isEqualTo(Phase.ACTIVE);

      host.removeForeign();
      agent.settleForGood();
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void aTrialThatWasCutOffDoesNotBlockTheOthersBehindIt() {
      host.bad(V1);
      agent.want(live("tool", "1")).round();
      agent.finishStaging();
      agent.plan().actions().stream().limit(1).forEach(agent::act);
      agent.crash();
      host.foreignRoot("tool");
      agent.want(live("other", "1")).settleForGood();
      assertMerged("other", "1");
      assertThat(host.view().name("tool").run()).isEmpty();
    }
  }

  @Nested
  class Profiles {
    @Test
    void passiveAloneIsLinkedDirectly() {
      agent.want(live("tool", "1", Profile.PASSIVE));
      assertThat(settleAndTell())
          .containsExactly(new LinkProfile(Profile.PASSIVE, "tool", V1), new LinkRoot("tool", V1));
      assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.LINKED_IN_OTHER_PROFILE);
      assertThat(host.view().name("tool").good()).isEmpty();
    }

    @Test
    void passiveBesideActiveKeepsItsVersionUntilTheNewOneIsGood() {
      Profile[] both = {Profile.ACTIVE, Profile.PASSIVE};
      agent.want(live("tool", "1", both)).settleForGood();
      agent.want(nextBoot("tool", "2", both)).settleForGood();
      assertThat(host.view().name("tool").inProfile(Profile.PASSIVE)).contains(V1);
      agent.powerCut();
      agent.settleForGood();
      assertThat(host.view().name("tool").inProfile(Profile.PASSIVE)).contains(V2);
    }

    @Test
    void onAHostThatBootedPassiveAVersionIsStillProvenBeforePassiveGetsIt() {
      host.boot(Optional.of(Profile.PASSIVE));
      agent.want(live("tool", "1", Profile.ACTIVE, Profile.PASSIVE));
      assertThat(settleAndTell())
          .containsExactly(
              new LinkRunToImage("tool", V1),
              tries("tool", "1"),
              new LinkProfile(Profile.ACTIVE, "tool", V1),
              new LinkRoot("tool", V1),
              new SetGood("tool", V1),
              new LinkProfile(Profile.PASSIVE, "tool", V1),
              new LinkRunToProfile("tool", Profile.PASSIVE));
    }

    @Test
    void commonIsMergedWhateverIsBooted() {
      host.boot(Optional.of(Profile.RECOVERY));
      agent.want(live("tool", "1", Profile.COMMON)).settleForGood();
      assertThat(agent.news())
          .containsSubsequence(
              new LinkProfile(Profile.COMMON, "tool", V1),
              new LinkRunToProfile("tool", Profile.COMMON));
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void theWayToCommonUnlinksFirstAndKeepsWhatIsMerged() {
      agent.want(live("tool", "1")).settleForGood();
      agent.news();
      agent.want(live("tool", "1", Profile.COMMON));
      assertThat(settleAndTell())
          .containsExactly(
              new LinkRunToImage("tool", V1),
              new UnlinkProfile(Profile.ACTIVE, "tool"),
              new LinkProfile(Profile.COMMON, "tool", V1),
              new LinkRunToProfile("tool", Profile.COMMON));
    }

    @Test
    void theWayFromCommonUnlinksFirst() {
      agent.want(live("tool", "1", Profile.COMMON)).settleForGood();
      agent.news();
      agent.want(live("tool", "1", Profile.ACTIVE));
      assertThat(settleAndTell())
          .containsExactly(
              new LinkRunToImage("tool", V1),
              new UnlinkProfile(Profile.COMMON, "tool"),
              new LinkProfile(Profile.ACTIVE, "tool", V1),
              new LinkRunToProfile("tool", Profile.ACTIVE));
    }

    @Test
    void aCrashOnTheWayToCommonDoesNotLetAnotherRefreshUnmergeIt() {
      agent.want(live("tool", "1"), live("other", "1")).settleForGood();
      agent.want(live("tool", "1", Profile.COMMON)).plan().actions().stream()
          .limit(2)
          .forEach(agent::act);
      assertThat(host.view().name("tool").profiles()).isEmpty();
      agent.crash();
      agent.remove("other").settleForGood();
      assertMerged("tool", "1");
      assertThat(agent.done).filteredOn(ends("other")::equals).hasSize(1);
    }

    @Test
    void aProfileThatIsNoLongerWantedIsUnlinkedLast() {
      agent.want(live("tool", "1", Profile.ACTIVE, Profile.PASSIVE)).settleForGood();
      agent.news();
      agent.want(live("tool", "2", Profile.ACTIVE)).settleForGood();
      assertThat(agent.news())
          .containsSubsequence(
              new LinkProfile(Profile.ACTIVE, "tool", V2),
              new LinkRoot("tool", V2),
              new LinkRunToProfile("tool", Profile.ACTIVE),
              new UnlinkProfile(Profile.PASSIVE, "tool"));
    }

    @Test
    void aProfileChangeAwayFromTheBootedOneKeepsTheMergeUntilTheBoot() {
      agent.want(live("tool", "1")).settleForGood();
      agent.want(live("tool", "1", Profile.PASSIVE), live("other", "1")).settleForGood();
      assertMerged("tool", "1");
      agent.powerCut();
      assertThat(host.merged()).containsOnlyKeys("other");
    }
  }

  @Nested
  class Batches {
    @Test
    void allChangesOfANodeGoIntoOneRefresh() {
      agent.want(live("gone", "1")).settleForGood();
      agent.remove("gone");
      agent.want(live("one", "1"), live("two", "1"));
      agent.plan();
      agent.finishStaging();
      agent.plan();
      agent.finishStaging();
      agent.news();
      agent.round();
      assertThat(agent.news())
          .filteredOn(Refresh.class::isInstance)
          .singleElement()
          .isInstanceOfSatisfying(
              Refresh.class,
              refresh -> {
                assertThat(refresh.expected().keySet())
                    .containsExactlyInAnyOrder("gone", "one", "two");
                assertThat(refresh.expected().get("gone")).isEmpty();
                assertThat(refresh.trials()).hasSize(2);
              });
    }

    private void stageAllFirst(Assignment... assignments) {
      agent.want(assignments);
      for (Assignment ignored : assignments) {
        agent.plan();
        agent.finishStaging();
      }
    }

    @Test
    void afterABatchThatFailedEachIsTriedAlone() {
      Assignment fine = live("alpha", "1");
      Assignment bad = live("beta", "1");
      Assignment alsoFine = live("gamma", "1");
      host.bad(digest("beta", "1"));
      stageAllFirst(fine, bad, alsoFine);
      agent.settle();
      assertThat(agent.news())
          .filteredOn(Refresh.class::isInstance)
          .containsExactly(tries(fine, bad, alsoFine), tries(fine), tries(bad), tries(alsoFine));
      assertThat(host.merged()).containsOnlyKeys("alpha", "gamma");
      assertThat(agent.phase("beta")).isEqualTo(Phase.FAILED);
      assertThat(agent.phase("alpha")).isEqualTo(Phase.ACTIVE);
      assertThat(agent.phase("gamma")).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void whoWaitsForATurnSaysSo() {
      host.bad(digest("beta", "1"));
      stageAllFirst(live("alpha", "1"), live("beta", "1"));
      agent.round();
      assertThat(agent.standing("beta"))
          .returns(Phase.STAGED, Standing::phase)
          .returns(Reasons.IN_PROGRESS, Standing::reason);
      assertThat(agent.standing("beta").message()).contains("one by one");
      assertThat(agent.phase("alpha")).isEqualTo(Phase.ACTIVATING);
    }

    @Test
    void aSuspectIsForgottenWithItsImage() {
      host.bad(digest("beta", "1"));
      stageAllFirst(live("alpha", "1"), live("beta", "1"));
      agent.round();
      assertThat(agent.memory().alone()).hasSize(2);
      agent.want(live("beta", "2")).settleForGood();
      assertThat(agent.memory().alone()).isEmpty();
      assertMerged("beta", "2");
    }

    @Test
    void oneImageAtATimeIsFetched() {
      agent.want(live("alpha", "1"), live("beta", "1"));
      Plan plan = agent.plan();
      assertThat(plan.stage()).isEmpty();
      assertThat(ModelAgent.standing(plan, "alpha").phase()).isEqualTo(Phase.FETCHING);
      assertThat(ModelAgent.standing(plan, "beta").phase()).isEqualTo(Phase.PENDING);
      agent.finishStaging();
      assertThat(agent.standing("beta").phase()).isEqualTo(Phase.FETCHING);
    }

    @Test
    void aDownloadThatFailsLetsTheOthersGoFirst() {
      agent.staging(
          a ->
              a.name().equals("alpha")
                  ? new Staged.NotStaged(Reasons.DOWNLOAD_REFUSED, "HTTP 404")
                  : new Staged.Ready(false, Optional.empty()));
      agent.want(live("alpha", "1"), live("beta", "1")).settle();
      assertThat(agent.standing("alpha"))
          .returns(Phase.FAILED, Standing::phase)
          .returns(Reasons.DOWNLOAD_REFUSED, Standing::reason)
          .returns("HTTP 404", Standing::message);
      assertThat(agent.phase("beta")).isEqualTo(Phase.ACTIVE);
    }
  }

  @Nested
  class Limits {
    private static final int NAME_BYTES = 63;
    private static final int MOST = 3_999 / (32 + "/usr".length() + NAME_BYTES);

    private Assignment[] many(Activation activation, int count) {
      return IntStream.range(0, count)
          .mapToObj(i -> ("n%0" + (NAME_BYTES - 1) + "d").formatted(i))
          .map(name -> Wanted.assignment(name, "1", activation, 0))
          .toArray(Assignment[]::new);
    }

    @ParameterizedTest
    @ValueSource(strings = {"LIVE", "NEXT_BOOT"})
    void theOverlayTakesNoMoreThanItsOptionsHold(String activation) {
      Assignment[] all = many(Activation.valueOf(activation), MOST + 2);
      agent.want(all);
      for (Assignment ignored : all) {
        agent.plan();
        agent.finishStaging();
      }
      agent.settleForGood();
      Map<Phase, Long> phases =
          agent.plan().standings().stream()
              .collect(Collectors.groupingBy(Standing::phase, Collectors.counting()));
      assertThat(phases)
          .containsEntry(Phase.FAILED, 2L)
          .containsEntry(
              activation.equals("LIVE") ? Phase.ACTIVE : Phase.PENDING_REBOOT, (long) MOST);
      assertThat(agent.plan().standings())
          .filteredOn(standing -> standing.phase() == Phase.FAILED)
          .allSatisfy(
              standing -> assertThat(standing.reason()).isEqualTo(Reasons.TOO_MANY_EXTENSIONS));
    }

    @Test
    void whatIsMergedAlreadyMayBeUpgradedAtTheLimit() {
      Assignment[] all = many(Activation.LIVE, MOST);
      agent.want(all).settleForGood();
      String name = all[0].name();
      agent.want(live(name, "2")).settleForGood();
      assertMerged(name, "2");
    }

    @Test
    void aRemovalMakesRoom() {
      Assignment[] all = many(Activation.LIVE, MOST + 1);
      agent.want(all).settleForGood();
      assertThat(agent.phase(all[MOST].name())).isEqualTo(Phase.FAILED);
      agent.remove(all[0].name()).settleForGood();
      assertThat(agent.phase(all[MOST].name())).isEqualTo(Phase.ACTIVE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../etc/cron.d/x", "a/b", "..", ".hidden", "", "a b", "a..b"})
    void aNameThatIsNoFileNameNeverBecomesAPath(String name) {
      agent.want(live(name, "1")).settleForGood();
      assertThat(agent.news()).isEmpty();
      assertThat(agent.memory().staged()).isEmpty();
      assertThat(agent.standing(name))
          .returns(Phase.INCOMPATIBLE, Standing::phase)
          .returns(Reasons.INVALID_SPEC, Standing::reason);
    }

    @Test
    void aDigestThatIsNoneNeverBecomesAPath() {
      Assignment proper = live("tool", "1");
      String path = "../".repeat(21) + "x";
      Target target =
          proper.target().toBuilder().image(new Target.ResolvedImage("https://x/y", path)).build();
      agent
          .want(
              new Assignment(
                  proper.type(), "tool", "tool", proper.policy(), target, proper.remove()))
          .settleForGood();
      assertThat(agent.news()).isEmpty();
      assertThat(agent.memory().staged()).isEmpty();
      assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.INVALID_SPEC);
    }
  }

  private static Assignment requiring(Assignment assignment, Requirements requirements) {
    return new Assignment(
        assignment.type(),
        assignment.name(),
        assignment.extension(),
        assignment.policy(),
        assignment.target().toBuilder().requiresOrNull(requirements).build(),
        assignment.remove());
  }

  private static Assignment requiring(Assignment assignment, String... names) {
    return requiring(assignment, new Requirements("", "", List.of(names)));
  }

  @Nested
  class Requires {
    private Set<String> merged() {
      return host.merged().keySet();
    }

    @Test
    void aSystemdThatIsTooOldIsNamedWithWhatIsRequired() {
      host.versions("252.38-1~deb12u1", "6.1.0");
      agent.want(requiring(live("tool", "1"), new Requirements(">=255", "", List.of()))).settle();
      assertThat(agent.phase("tool")).isEqualTo(Phase.INCOMPATIBLE);
      assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.REQUIREMENT_NOT_MET);
      assertThat(agent.standing("tool").message()).contains(">=255", "252.38-1~deb12u1");
      assertThat(agent.news()).isEmpty();

      host.versions("257.13", "6.1.0");
      agent.settleForGood();
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void soIsAKernel() {
      host.versions("257.13", "5.15.0-100-generic");
      agent.want(requiring(live("tool", "1"), new Requirements("", ">=6.1", List.of()))).settle();
      assertThat(agent.phase("tool")).isEqualTo(Phase.INCOMPATIBLE);
      assertThat(agent.standing("tool").message()).contains(">=6.1", "5.15.0-100-generic");
    }

    @Test
    void whatIsRequiredComesInTheSameRefreshOrBefore() {
      agent.want(requiring(live("app", "1"), "base"), live("base", "1")).settleForGood();
      assertThat(merged()).containsExactlyInAnyOrder("app", "base");
      assertThat(
              agent.news().stream()
                  .filter(Refresh.class::isInstance)
                  .map(refresh -> ((Refresh) refresh).expected().keySet())
                  .findFirst())
          .hasValueSatisfying(first -> assertThat(first).contains("base"));
    }

    @Test
    void withoutWhatItRequiresItWaitsAndSaysForWhat() {
      host.bad(digest("base", "1"));
      agent.want(requiring(live("app", "1"), "base"), live("base", "1")).settle();
      agent.pass(1).settle();
      assertThat(merged()).isEmpty();
      assertThat(agent.phase("app")).isEqualTo(Phase.STAGED);
      assertThat(agent.standing("app").reason()).isEqualTo(Reasons.WAITS_FOR_EXTENSION);
      assertThat(agent.standing("app").message()).contains("base");

      agent.want(live("base", "2")).settleForGood();
      assertThat(agent.phase("app")).isEqualTo(Phase.ACTIVE);
      assertThat(merged()).containsExactlyInAnyOrder("app", "base");
    }

    @Test
    void aBadOneDoesNotHoldUpWhatItRequires() {
      host.bad(digest("app", "1"));
      agent.want(requiring(live("app", "1"), "base"), live("base", "1"));
      agent.settle();
      agent.pass(1).settle();
      assertThat(agent.phase("base")).isEqualTo(Phase.ACTIVE);
      assertThat(agent.standing("app").reason()).isEqualTo(Reasons.MERGE_FAILED);
    }

    @Test
    void thoseThatRequireOneAnotherComeTogether() {
      agent.want(
          requiring(live("app", "1"), "base"),
          requiring(live("base", "1"), "lib"),
          requiring(live("lib", "1"), "app"));
      agent.finishStaging();
      agent.settleForGood();
      assertThat(merged()).containsExactlyInAnyOrder("app", "base", "lib");
    }

    @Test
    void theOrderIsThatOfTheRequirements() {
      List<Assignment> sorted =
          RequiredFirst.sort(
              List.of(
                  requiring(live("a", "1"), "c"),
                  live("b", "1"),
                  requiring(live("c", "1"), "d", "gone"),
                  live("d", "1")));
      assertThat(sorted).extracting(Assignment::name).containsExactly("d", "c", "a", "b");
    }
  }

  @Nested
  class NestedMounts {
    @Test
    void aMergeThatWouldHideThemIsRefusedWithTheirNamesAndGoesOnByItselfWithoutThem() {
      host.mounted("/usr/b", "/usr/a");
      agent.want(live("tool", "1")).settle();
      assertThat(agent.phase("tool")).isEqualTo(Phase.FAILED);
      assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.HIDES_MOUNTS);
      assertThat(agent.standing("tool").message()).contains("/usr/a, /usr/b:");
      assertThat(agent.news()).isEmpty();

      host.mounted();
      agent.settleForGood();
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
      assertMerged("tool", "1");
    }

    @Test
    void anImageThatHasNothingForTheHierarchyIsMerged() {
      agent.staging(a -> new Staged.Ready(false, Optional.empty(), Set.of("/opt")));
      host.mounted("/usr/a");
      agent.want(live("tool", "1")).settleForGood();
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void whatIsMergedStaysAndANewVersionWaits() {
      agent.want(live("tool", "1")).settleForGood();
      host.mounted("/usr/a");
      agent.want(live("tool", "2")).settle();
      assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.HIDES_MOUNTS);
      assertMerged("tool", "1");
    }

    @Test
    void theNextBootComesBeforeThem() {
      host.mounted("/usr/a");
      agent.want(nextBoot("tool", "1")).settle();
      assertThat(agent.phase("tool")).isEqualTo(Phase.PENDING_REBOOT);
    }

    @Test
    void onlyAFewOfManyAreNamed() {
      host.mounted("/usr/1", "/usr/2", "/usr/3", "/usr/4", "/usr/5", "/usr/6", "/usr/7");
      agent.want(live("tool", "1")).settle();
      assertThat(agent.standing("tool").message()).contains("/usr/5 and 2 more:");
    }
  }

  @Nested
  class Garbage {
    @Test
    void isWhatNoLinkNoMergeAndNoAssignmentNeeds() {
      agent.want(live("tool", "1", Profile.ACTIVE, Profile.PASSIVE)).settleForGood();
      agent.want(nextBoot("tool", "2", Profile.ACTIVE, Profile.PASSIVE)).settleForGood();
      host.image(V3).image(digest("other", "1"));
      host.stray("staging/" + V3 + ".part");
      host.stray("links/active-tool.raw");
      agent.news();
      assertThat(settleAndTell())
          .containsExactlyInAnyOrder(
              new DeleteImage(V3),
              new DeleteImage(digest("other", "1")),
              new DeleteStray("staging/" + V3 + ".part"),
              new DeleteStray("links/active-tool.raw"));
      assertThat(host.view().images()).containsExactlyInAnyOrder(V1, V2);
    }

    @Test
    void isNotWhatIsBeingFetched() {
      agent.want(live("tool", "1"));
      agent.plan();
      host.stray("staging/" + V1 + ".part");
      host.image(V1);
      agent.want(live("tool", "2"));
      assertThat(agent.plan().actions()).isEmpty();
    }

    @Test
    void isCollectedOnlyWhenNothingElseIsToDo() {
      host.image(V3);
      agent.want(live("tool", "1"));
      agent.plan();
      agent.finishStaging();
      assertThat(agent.plan().actions()).doesNotContain(new DeleteImage(V3));
      agent.settleForGood();
      assertThat(host.view().images()).doesNotContain(V3);
    }
  }

  @Nested
  class Trouble {
    @Test
    void aHostThatRefusesWhatTriesNothingNewIsLeftInPeaceForAGrowingPause() {
      agent.want(live("tool", "1"), live("other", "1")).settleForGood();
      host.refusing(true);
      agent.remove("tool");
      Plan first = agent.settle();
      assertThat(agent.memory().trouble()).isPresent();
      agent.news();
      agent.settle();
      assertThat(agent.news()).isEmpty();

      agent.passUntil(first.wakeAtMillis().orElseThrow());
      Plan second = agent.settle();
      assertThat(agent.news()).containsExactly(ends("tool"));
      assertThat(agent.memory().trouble().orElseThrow().attempts()).isEqualTo(2);
      assertThat(second.wakeAtMillis().orElseThrow())
          .isGreaterThan(first.wakeAtMillis().orElseThrow());
      assertMerged("other", "1");
    }

    @Test
    void endsWithTheFirstRefreshThatWorks() {
      agent.want(live("tool", "1")).settleForGood();
      host.refusing(true);
      agent.remove("tool").settle();
      host.refusing(false);
      agent.settleForGood();
      assertThat(agent.memory().trouble()).isEmpty();
    }
  }

  @Nested
  class Calm {
    @Test
    void aHostWithoutAssignmentsIsLeftAlone() {
      host.foreignRoot("theirs");
      assertThat(agent.round().actions()).isEmpty();
    }

    @Test
    void aHostThatIsAsWantedIsLeftAlone() {
      agent.want(live("tool", "1"), nextBoot("other", "1")).settleForGood();
      agent.news();
      Plan plan = agent.round();
      assertThat(plan.actions()).isEmpty();
      assertThat(plan.stage()).isEmpty();
      assertThat(plan.wakeAtMillis()).isEmpty();
    }

    @Test
    void aNewAgentOnItDoesNothingEither() {
      agent.want(live("tool", "1", Profile.ACTIVE, Profile.PASSIVE)).settleForGood();
      agent.news();
      agent.crash();
      assertThat(settleAndTell()).isEmpty();
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void standingsComeInTheOrderOfNames() {
      agent.want(live("b", "1"), live("c", "1"), live("a", "1"));
      assertThat(agent.plan().standings())
          .extracting(standing -> standing.assignment().name())
          .containsExactly("a", "b", "c");
    }
  }
}
