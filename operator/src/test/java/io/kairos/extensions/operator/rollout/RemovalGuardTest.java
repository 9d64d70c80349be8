package io.kairos.extensions.operator.rollout;

import static io.kairos.extensions.operator.plan.Fleets.deleting;
import static io.kairos.extensions.operator.plan.Fleets.extension;
import static io.kairos.extensions.operator.plan.Fleets.fleet;
import static io.kairos.extensions.operator.plan.Fleets.node;
import static io.kairos.extensions.operator.plan.Fleets.policy;
import static io.kairos.extensions.operator.plan.Fleets.reported;
import static io.kairos.extensions.operator.plan.Fleets.selector;
import static io.kairos.extensions.operator.plan.Fleets.state;
import static io.kairos.extensions.operator.plan.Fleets.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionReference;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Removal;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Plan.PolicyPlan;
import io.kairos.extensions.operator.plan.Planner;
import io.kairos.extensions.operator.plan.Problem;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RemovalGuardTest {
  private final Extension hello = extension("hello", "1");
  private final Extension world = extension("world", "1");
  private final List<Node> nodes =
      List.of(
          node("n1", "amd64", Map.of("tier", "a")),
          node("n2", "amd64", Map.of("tier", "a")),
          node("n3", "amd64", Map.of("tier", "b")));

  /** One at a time, as it settled on all nodes. */
  private final Policy base = accepted(policy("base", "hello"));

  @Test
  void anEditThatWouldRemoveFromManyNodesWaitsForAWordThatNamesIt() {
    Policy edited = selecting(base, "b", 2);
    PolicyPlan waiting = plan(edited);

    assertThat(waiting.problems())
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.kind()).isEqualTo(Problem.Kind.REMOVAL_PENDING);
              assertThat(problem.message())
                  .contains("2 nodes (n1, n2)", "acknowledge-removal=" + token(waiting));
            });
    assertThat(waiting.removalPending().orElseThrow().nodes()).isEqualTo(2);
    assertThat(waiting.removalPending().orElseThrow().sample()).containsExactly("n1", "n2");
    assertThat(waiting.selection()).isEqualTo(base.status().selection());
    assertThat(removed(edited)).isZero();

    Policy acknowledged = acknowledging(edited, token(waiting));
    assertThat(plan(acknowledged).problems()).isEmpty();
    assertThat(plan(acknowledged).selection()).isNotEqualTo(base.status().selection());
    assertThat(removed(acknowledged)).isEqualTo(1); // of two: one at a time
  }

  @Test
  void anAcknowledgementOfAnotherEditIsWorthNothing() {
    String first = token(plan(selecting(base, "b", 2)));

    assertThat(plan(acknowledging(selecting(base, "none", 2), first)).removalPending()).isPresent();
    assertThat(plan(acknowledging(selecting(base, "b", 3), first)).removalPending()).isPresent();
    assertThat(plan(acknowledging(selecting(base, "b", 2), "true")).removalPending()).isPresent();
  }

  @Test
  void aRemovalThatWasLetThroughGoesOnToItsEnd() {
    Policy edited = selecting(base, "b", 2);
    Policy begun = accepted(acknowledging(edited, token(plan(edited))));

    assertThat(plan(begun.toBuilder().annotations(Map.of()).build()).problems()).isEmpty();
    assertThat(removed(begun.toBuilder().generation(7).annotations(Map.of()).build())).isEqualTo(1);
  }

  @Test
  void theExtensionsMatchedAreGuardedLikeTheNodes() {
    Policy edited =
        with(base, spec -> spec.extensions(List.of(ExtensionReference.byName("world")))).toBuilder()
            .generation(2)
            .build();
    Policy byLabel =
        accepted(
            with(
                base,
                spec ->
                    spec.extensions(
                        List.of(ExtensionReference.bySelector(selector("tier", "base"))))),
            labelled(hello, Map.of("tier", "base")));

    assertThat(plan(edited).removalPending().orElseThrow().nodes()).isEqualTo(3);
    assertThat(plan(byLabel, labelled(hello, Map.of())).removalPending().orElseThrow().nodes())
        .as("the label is edited, not the policy")
        .isEqualTo(3);
  }

  @Test
  void fewNodesAndDeliberateActsPass() {
    Policy few = selecting(base, "a", 2); // n3 alone
    Policy orphaning = with(selecting(base, "b", 2), spec -> spec.removal(Removal.ORPHAN));
    Policy moved = selecting(base, "b", 2);
    Policy other = with(policy("other", "hello"), spec -> spec.nodeSelector(new LabelSelector()));

    assertThat(plan(few).problems()).isEmpty();
    assertThat(removed(few)).isEqualTo(1);
    assertThat(plan(orphaning).problems()).isEmpty();
    assertThat(plan(deleting(selecting(base, "b", 2))).removalPending()).isEmpty();
    assertThat(plan(base, deleting(hello)).problems())
        .as("the extension is deleted by name")
        .isEmpty();
    assertThat(guard(List.of(moved, other), List.of(hello)).policies().get("base").removalPending())
        .as("another policy takes over")
        .isEmpty();
  }

  @Test
  void nodesThatLoseALabelMoveOnByThemselves() {
    Policy tierA = accepted(selecting(base, "a", 2));
    FleetSnapshot fleet =
        fleet(
            List.of(tierA),
            List.of(hello),
            List.of(node("n1"), node("n2"), node("n3")),
            told(nodes.get(0)),
            told(nodes.get(1)),
            told(nodes.get(2)));

    assertThat(RemovalGuard.guard(fleet, Planner.plan(fleet)).policies().get("base").problems())
        .isEmpty();
  }

  private static String token(PolicyPlan plan) {
    return plan.removalPending().orElseThrow().token();
  }

  private static Policy acknowledging(Policy policy, String token) {
    return policy.toBuilder()
        .annotations(Map.of(Api.ACKNOWLEDGE_REMOVAL_ANNOTATION, token))
        .build();
  }

  private static Policy selecting(Policy policy, String tier, long generation) {
    return with(policy, spec -> spec.nodeSelector(selector("tier", tier))).toBuilder()
        .generation(generation)
        .build();
  }

  private static Extension labelled(Extension extension, Map<String, String> labels) {
    return extension("hello", "hello", labels, "1", extension.spec().images().get(0));
  }

  private Policy accepted(Policy policy) {
    return accepted(policy, hello);
  }

  private Policy accepted(Policy policy, Extension extension) {
    PolicyPlan planned =
        guardAlone(fleet(List.of(policy), List.of(extension), nodes)).policies().get("base");
    return with(policy, policy.status().toBuilder().selection(planned.selection()).build());
  }

  private PolicyPlan plan(Policy policy) {
    return plan(policy, hello);
  }

  private PolicyPlan plan(Policy policy, Extension extension) {
    return guard(List.of(policy), List.of(extension, world)).policies().get("base");
  }

  private Plan guard(List<Policy> policies, List<Extension> extensions) {
    return guardAlone(carrying(policies, extensions));
  }

  private static Plan guardAlone(FleetSnapshot fleet) {
    return RemovalGuard.guard(fleet, Planner.plan(fleet));
  }

  private FleetSnapshot carrying(List<Policy> policies, List<Extension> extensions) {
    return fleet(policies, extensions, nodes, nodes.stream().map(this::told).toArray(State[]::new));
  }

  private State told(Node node) {
    Assignment wanted =
        Planner.plan(fleet(List.of(policy("base", "hello")), List.of(hello), List.of(node)))
            .nodes()
            .get(node.name())
            .wanted()
            .values()
            .iterator()
            .next();
    return reported(state(node, wanted), Phase.ACTIVE);
  }

  /** From how many nodes the next pass removes. */
  private long removed(Policy policy) {
    FleetSnapshot fleet = carrying(List.of(policy), List.of(hello));
    return Deciding.decide(fleet, guardAlone(fleet)).nodeWrites().stream()
        .filter(
            write ->
                write instanceof Write.UpdateState update
                    && update.assignments().stream().anyMatch(Assignment::remove))
        .count();
  }
}
