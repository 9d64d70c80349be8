package io.kairos.extensions.operator.rollout;

import static io.kairos.extensions.operator.plan.Fleets.NOW;
import static io.kairos.extensions.operator.plan.Fleets.deleting;
import static io.kairos.extensions.operator.plan.Fleets.extension;
import static io.kairos.extensions.operator.plan.Fleets.fleet;
import static io.kairos.extensions.operator.plan.Fleets.node;
import static io.kairos.extensions.operator.plan.Fleets.policy;
import static io.kairos.extensions.operator.plan.Fleets.reported;
import static io.kairos.extensions.operator.plan.Fleets.state;
import static io.kairos.extensions.operator.plan.Fleets.unready;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Planner;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class FinalizersTest {
  private static final long DEADLINE = 600;

  private final Policy base = policy("base", "hello");
  private final Extension hello = extension("hello", "1");
  private final Node node = node("n");
  private final Assignment assignment =
      Planner.plan(fleet(List.of(base), List.of(hello), List.of(node)))
          .nodes()
          .get("n")
          .wanted()
          .firstEntry()
          .getValue();

  private static List<Write> removed(
      List<Policy> policies, Extension extension, Node node, Instant now, Assignment assigned) {
    FleetSnapshot fleet =
        fleet(
            policies,
            List.of(extension),
            List.of(node),
            reported(state(node, assigned), Phase.ACTIVE));
    Plan plan = Planner.plan(fleet);
    return Finalizers.toRemove(
        fleet, plan, Deciding.decide(fleet, plan, now), new Evidence(fleet, new Alarm(now)));
  }

  @Test
  void aDeadNodeHoldsUpADeletionNoLongerThanItsDeadline() {
    Write policyGoes = new Write.RemoveFinalizer(Write.Kind.POLICY, "base");
    Node dead = unready(node);

    assertThat(removed(List.of(deleting(base)), hello, node, NOW.plusSeconds(DEADLINE), assignment))
        .doesNotContain(policyGoes);
    assertThat(
            removed(
                List.of(deleting(base)), hello, dead, NOW.plusSeconds(DEADLINE - 1), assignment))
        .doesNotContain(policyGoes);
    assertThat(removed(List.of(deleting(base)), hello, dead, NOW.plusSeconds(DEADLINE), assignment))
        .contains(policyGoes);
  }

  @Test
  void aTombstoneOnADeadNodeHoldsUpNoExtensionThatIsDeleted() {
    Write extensionGoes = new Write.RemoveFinalizer(Write.Kind.EXTENSION, "hello");
    Node dead = unready(node);
    Assignment tombstone = assignment.tombstone();
    Instant late = NOW.plusSeconds(DEADLINE);

    assertThat(removed(List.of(), deleting(hello), node, NOW, assignment))
        .doesNotContain(extensionGoes);
    assertThat(removed(List.of(), deleting(hello), dead, late, tombstone)).contains(extensionGoes);
    assertThat(removed(List.of(), hello, dead, late, tombstone))
        .as("it is not being deleted")
        .doesNotContain(extensionGoes);
  }
}
