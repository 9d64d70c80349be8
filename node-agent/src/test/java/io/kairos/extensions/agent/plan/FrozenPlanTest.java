package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.live;
import static io.kairos.extensions.agent.plan.Wanted.nextBoot;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A host that lets nothing be merged or unmerged for now: nothing is held against any image. */
class FrozenPlanTest extends PlanScenario {
  private static final String MASKED = "systemd-sysext.service is masked";

  private void freeze() {
    host.frozen(Optional.of(MASKED));
  }

  private void thaw() {
    host.frozen(Optional.empty());
  }

  private void assertFrozen(Phase phase) {
    assertThat(agent.standing("tool"))
        .returns(phase, Standing::phase)
        .returns(Reasons.UNIT_MASKED, Standing::reason)
        .returns(MASKED, Standing::message)
        .returns(0, Standing::attempts);
    assertThat(agent.memory().failures()).isEmpty();
    assertThat(agent.memory().alone()).isEmpty();
    assertThat(agent.memory().trouble()).isEmpty();
  }

  @Test
  void aFirstVersionWaitsInTheStore() {
    freeze();
    agent.want(live("tool", "1")).settle();
    assertFrozen(Phase.FAILED);
    assertThat(host.view().images()).containsExactly(V1);
    assertThat(agent.news()).isEmpty();

    thaw();
    agent.settleForGood();
    assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void anUpgradeWaitsAndWhatIsMergedStays() {
    agent.want(live("tool", "1")).settleForGood();
    agent.news();
    freeze();
    agent.want(live("tool", "2")).settle();
    assertFrozen(Phase.FAILED);
    assertMerged("tool", "1");
    assertThat(agent.news()).isEmpty();

    thaw();
    agent.settleForGood();
    assertMerged("tool", "2");
  }

  /** What the unit takes is not known while it is masked, and its next boot merges nothing. */
  @Test
  void nothingNewIsLinkedForABoot() {
    agent.want(nextBoot("tool", "1")).settle();
    agent.powerCut();
    agent.settleForGood();
    agent.news();
    freeze();
    agent.want(nextBoot("tool", "2")).settle();
    assertFrozen(Phase.FAILED);
    assertThat(agent.news()).isEmpty();

    thaw();
    agent.settleForGood();
    assertThat(agent.phase("tool")).isEqualTo(Phase.PENDING_REBOOT);
  }

  /** Its links stay, for a boot of a host that is mended. */
  @Test
  void aBootThatMergedNothingTakesNoLinkAway() {
    agent.want(live("tool", "1")).settleForGood();
    freeze();
    agent.powerCut();
    agent.news();
    agent.settle();
    assertThat(host.merged()).isEmpty();
    assertFrozen(Phase.FAILED);
    assertThat(agent.news()).isEmpty();

    thaw();
    agent.powerCut();
    agent.settleForGood();
    assertMerged("tool", "1");
    assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void aRemovalWaitsAndLeavesItsLinksAsLongAsItIsMerged() {
    agent.want(live("tool", "1")).settleForGood();
    agent.news();
    freeze();
    agent.remove("tool").settle();
    assertFrozen(Phase.REMOVING);
    assertMerged("tool", "1");
    assertThat(agent.news()).isEmpty();

    thaw();
    agent.settleForGood();
    assertThat(agent.phase("tool")).isEqualTo(Phase.REMOVED);
    assertThat(host.merged()).isEmpty();
  }

  @Test
  void whatWasNeverMergedIsRemoved() {
    freeze();
    agent.want(live("tool", "1")).settle();
    agent.remove("tool").settleForGood();
    assertThat(agent.phase("tool")).isEqualTo(Phase.REMOVED);
    assertThat(host.view().images()).isEmpty();
  }

  @Test
  void aVersionThatDoesNotWorkIsRolledBackWhenItCan() {
    agent.want(live("tool", "1")).settleForGood();
    agent.proving(
        proving -> {
          freeze();
          return new Proved.Failed(true, Reasons.HEALTH_CHECK_FAILED, "no route to host");
        });
    agent.want(checked(live("tool", "2"))).settle();
    assertThat(agent.standing("tool"))
        .returns(Phase.ROLLING_BACK, Standing::phase)
        .returns(Reasons.HEALTH_CHECK_FAILED, Standing::reason);
    assertMerged("tool", "2");

    thaw();
    agent.settleForGood();
    assertMerged("tool", "1");
    assertThat(agent.phase("tool")).isEqualTo(Phase.ROLLED_BACK);
  }

  private static Assignment checked(Assignment plain) {
    HealthCheck check = HealthCheck.builder().name("up").file("/usr/bin/tool").build();
    return new Assignment(
        plain.type(),
        plain.name(),
        plain.extension(),
        plain.policy(),
        plain.target().toBuilder().healthChecks(List.of(check)).build(),
        false);
  }

  @Test
  void itIsLookedAtAgainWithinSeconds() {
    freeze();
    long before = agent.want(live("tool", "1")).settle().wakeAtMillis().orElseThrow();
    agent.pass(20_000);
    assertThat(agent.plan().wakeAtMillis().orElseThrow()).isEqualTo(before + 20_000);
    assertThat(before).isBetween(1_000_000L, 1_015_000L);
  }
}
