package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.live;
import static io.kairos.extensions.agent.plan.Wanted.nextBoot;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Action.DeleteImage;
import io.kairos.extensions.agent.plan.Action.LinkProfile;
import io.kairos.extensions.agent.plan.Action.LinkRoot;
import io.kairos.extensions.agent.plan.Action.LinkRunToImage;
import io.kairos.extensions.agent.plan.Action.LinkRunToProfile;
import io.kairos.extensions.agent.plan.Action.SetGood;
import io.kairos.extensions.agent.plan.Action.UnlinkRun;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Trial before commit. */
class LivePlanTest extends PlanScenario {
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
        .containsExactly(new LinkRunToImage("tool", V1), tries("tool", "1"), new UnlinkRun("tool"));
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
  void aMergedVersionWhoseFileIsGoneStaysThoughTheNextOneDoesNotMerge() {
    host.bad(V2);
    agent.want(live("tool", "1")).settleForGood();
    host.loseImage(V1);
    agent.want(live("tool", "2")).settle();
    assertMerged("tool", "1");
    assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.MERGE_FAILED);

    agent.want(live("other", "1")).settle();
    assertMerged("other", "1");
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
