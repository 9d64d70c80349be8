package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.live;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What waits for the operator's word: reboots, and live changes after a drain. */
class GrantPlanTest extends PlanScenario {
  private static final Grants ACTIVATE = new Grants(Set.of("policy"), Set.of());
  private static final Grants REBOOT = new Grants(Set.of(), Set.of("policy"));

  private static Assignment reboot(String name, String version) {
    return Wanted.assignment(name, version, Activation.REBOOT, 0);
  }

  private static Assignment drained(String version) {
    Assignment live = live("tool", version);
    return live.toBuilder().target(live.target().toBuilder().afterDrain(true).build()).build();
  }

  private static Assignment of(Assignment assignment, String policy) {
    return assignment.toBuilder().policy(policy).build();
  }

  private static Maintenance maintenance(String policy, String bootId, Maintenance.Stage stage) {
    return Maintenance.builder().policy(policy).bootId(bootId).stage(stage).build();
  }

  @Test
  void aGrantIsForOneBootAndOnePolicy() {
    Grants grants =
        Grants.of(
            List.of(
                maintenance("drains", "now", Maintenance.Stage.DRAIN),
                maintenance("activates", "now", Maintenance.Stage.ACTIVATE),
                maintenance("reboots", "now", Maintenance.Stage.REBOOT),
                maintenance("rebooted", "before", Maintenance.Stage.REBOOT),
                maintenance("skipped", "now", Maintenance.Stage.SKIPPED),
                maintenance("failed", "now", Maintenance.Stage.FAILED)),
            "now");

    assertThat(grants).isEqualTo(new Grants(Set.of("activates"), Set.of("reboots")));
  }

  @Test
  void whatIsMergedIsNotUnmergedWithoutAGrantThoughNobodyKnowsItsBytes() {
    Assignment drained = drained("1");
    Assignment soaking =
        drained.toBuilder().target(drained.target().toBuilder().soakSeconds(600).build()).build();
    agent.granting(ACTIVATE).want(soaking).settle();
    assertThat(agent.phase("tool")).isEqualTo(Phase.VERIFYING);
    agent.news();
    agent.granting(Grants.NONE);
    host.forgetImage("tool");
    agent.settle();

    assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.AWAITING_DRAIN);
    assertThat(agent.news()).isEmpty();
    assertThat(host.merged()).containsOnlyKeys("tool");

    agent.granting(ACTIVATE).settleForGood();
    assertMerged("tool", "1");
    assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void withoutAGrantWhatIsLinkedWaitsForABoot() {
    agent.want(reboot("tool", "1")).settleForGood();

    assertThat(agent.standing("tool").phase()).isEqualTo(Phase.PENDING_REBOOT);
    assertThat(agent.isRebootDue()).isFalse();
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V1);
    assertThat(host.merged()).isEmpty();
  }

  @Test
  void aGrantRebootsOnceAllOfThePolicyIsLinked() {
    agent.granting(REBOOT).want(reboot("tool", "1"), reboot("more", "1"));

    for (Plan plan = agent.round();
        !plan.standings().stream().allMatch(s -> s.phase() == Phase.PENDING_REBOOT);
        plan = agent.round()) {
      assertThat(agent.isRebootDue(plan)).isFalse();
      agent.finishStaging();
    }

    assertThat(agent.isRebootDue()).isTrue();
  }

  @Test
  void afterTheBootNothingIsLeftToRebootFor() {
    agent.granting(REBOOT).want(reboot("tool", "1")).settle();
    agent.powerCut();

    agent.settleForGood();

    assertMerged("tool", "1");
    assertThat(agent.standing("tool").phase()).isEqualTo(Phase.ACTIVE);
    assertThat(agent.isRebootDue()).isFalse();
  }

  @Test
  void aVersionThatTheBootDoesNotMergeGivesWayToTheGoodOne() {
    agent.want(reboot("tool", "1")).settle();
    agent.powerCut();
    agent.settleForGood();
    assertThat(agent.standing("tool").phase()).isEqualTo(Phase.ACTIVE);
    bootsWithABadVersion("2");

    agent.want(reboot("tool", "2")).settle();

    assertThat(agent.standing("tool").phase()).isEqualTo(Phase.FAILED);
    assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.MERGE_FAILED);
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V1);
    assertMerged("tool", "1");
    assertThat(agent.granting(REBOOT).isRebootDue()).isFalse();
  }

  @Test
  void aGrantForAnotherPolicyRebootsNothing() {
    agent
        .granting(new Grants(Set.of(), Set.of("other")))
        .want(reboot("tool", "1"), of(live("more", "1"), "other"))
        .settleForGood();

    assertThat(agent.isRebootDue()).isFalse();
  }

  @Test
  void aDownloadThatIsAheadOfItsTurnHoldsUpNoReboot() {
    agent.granting(REBOOT).want(reboot("tool", "1")).settle();

    agent.want(reboot("tool", "1").toBuilder().nextOrNull(reboot("tool", "2").target()).build());

    assertThat(agent.isRebootDue()).isTrue();
    assertThat(agent.memory().staging()).isPresent();
  }

  @Test
  void aLiveChangeWaitsUntilTheNodeIsDrained() {
    agent.want(live("tool", "1")).settleForGood();
    agent.news();

    agent.want(drained("2")).settleForGood();

    Standing waiting = agent.standing("tool");
    assertThat(waiting.phase()).isEqualTo(Phase.STAGED);
    assertThat(waiting.reason()).isEqualTo(Reasons.AWAITING_DRAIN);
    assertThat(waiting.stagedRevision()).isEqualTo("v1-2");
    assertThat(agent.news()).isEmpty();
    assertMerged("tool", "1");

    agent.granting(ACTIVATE).settleForGood();

    assertMerged("tool", "2");
    assertThat(agent.standing("tool").phase()).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void aTrialWhoseGrantIsTakenBackIsTakenBack() {
    agent.want(live("tool", "1")).settleForGood();
    agent.granting(ACTIVATE).want(drained("2"));
    Plan unused = agent.plan();
    agent.finishStaging();
    agent.act(agent.plan().actions().get(0));
    assertThat(host.view().name("tool").linkedForRun()).contains(V2);

    agent.granting(Grants.NONE).settleForGood();

    assertMerged("tool", "1");
    assertThat(host.view().name("tool").linkedForRun()).contains(V1);
    assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.AWAITING_DRAIN);
  }

  @Test
  void aRepairWaitsForNoDrain() {
    agent.granting(ACTIVATE).want(drained("1")).settleForGood();
    agent.granting(Grants.NONE);
    host.unmerge();

    agent.settleForGood();

    assertMerged("tool", "1");
  }

  @Test
  void aRemovalWaitsForTheDrainWhileItIsMerged() {
    agent.granting(ACTIVATE).want(drained("1")).settleForGood();
    agent.granting(Grants.NONE).remove("tool").settleForGood();
    assertThat(agent.standing("tool").phase()).isEqualTo(Phase.REMOVING);
    assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.AWAITING_DRAIN);
    assertMerged("tool", "1");

    agent.granting(ACTIVATE).settleForGood();

    assertThat(agent.standing("tool").phase()).isEqualTo(Phase.REMOVED);
    assertThat(host.merged()).isEmpty();
  }

  @Test
  void anotherAttemptTriesAgainWhatFailedItsProof() {
    agent.want(live("tool", "1")).settleForGood();
    host.bad(V2);
    agent.want(live("tool", "2")).settle();
    assertThat(agent.standing("tool").phase()).isEqualTo(Phase.FAILED);
    host.mend(V2);
    assertThat(agent.standing("tool").phase())
        .as("not before its pause is over")
        .isEqualTo(Phase.FAILED);

    agent.want(live("tool", "2").toBuilder().attempt("again").build()).settle();

    assertMerged("tool", "2");
    assertThat(agent.standing("tool").attempts()).isZero();
  }
}
