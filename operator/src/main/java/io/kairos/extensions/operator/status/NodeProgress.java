package io.kairos.extensions.operator.status;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Plan.NodePlan;
import io.kairos.extensions.operator.rollout.Decisions.PolicyDecision;
import io.kairos.extensions.operator.rollout.Standing;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How far one policy is on one node.
 *
 * @param node its name
 * @param selected whether the policy wants to give it something
 * @param updated whether the state shows exactly what the policy wants there
 * @param ready whether all of that is in effect; or there is nothing to give
 * @param awaitingReboot whether all of it is through, and some of it linked for the next boot
 * @param moving whether the agent is at work, or about to be
 * @param failure why it failed, if something did
 * @param note what it waits for, for a person; empty where it is done
 */
record NodeProgress(
    String node,
    boolean selected,
    boolean updated,
    boolean ready,
    boolean awaitingReboot,
    boolean moving,
    Optional<Failure> failure,
    String note) {

  /**
   * A failure that an agent reported.
   *
   * @param reason CamelCase
   * @param message for a person
   */
  record Failure(String reason, String message) {}

  /** Whether nothing is left to do there. */
  boolean done() {
    return selected ? ready || awaitingReboot : false;
  }

  /** The progress of a policy on a node that it selects, or on which it still has something. */
  static NodeProgress of(
      FleetSnapshot fleet, Plan plan, String policy, PolicyDecision decision, String node) {
    boolean selected = plan.policies().get(policy).selected().contains(node);
    Optional<State> found = fleet.state(node);
    if (found.isEmpty()) {
      return new NodeProgress(
          node, selected, false, false, false, false, Optional.empty(), note(decision, node));
    }
    State state = found.get();
    List<Assignment> own =
        state.spec().assignments().stream().filter(a -> a.policy().equals(policy)).toList();
    NodePlan planned = plan.nodes().get(node);
    Map<ExtensionKey, Assignment> wanted = planned.wantedBy(policy);
    boolean updated =
        selected
            && own.size() == wanted.size()
            && own.stream().allMatch(a -> a.equals(wanted.get(a.key())))
            && !planned.isUnresolved(policy);
    List<Standing> standings = own.stream().map(a -> Standing.of(state, a)).toList();
    boolean ready = updated && standings.stream().allMatch(s -> s == Standing.IN_EFFECT);
    boolean linked =
        updated
            && !ready
            && standings.stream().allMatch(s -> s == Standing.IN_EFFECT || s == Standing.LINKED);
    boolean moving = standings.contains(Standing.WORKING) || decision.admitted().contains(node);
    Optional<Failure> failure =
        own.stream()
            .filter(a -> Standing.of(state, a) == Standing.FAILED)
            .findFirst()
            .flatMap(a -> Standing.entry(state, a))
            .map(NodeProgress::failure);
    String note =
        ready || linked
            ? ""
            : failure
                .map(Failure::reason)
                .orElseGet(() -> moving ? working(state, own) : note(decision, node));
    return new NodeProgress(node, selected, updated, ready, linked, moving, failure, note);
  }

  private static Failure failure(ExtensionStatus entry) {
    String reason = entry.reason().isEmpty() ? entry.phase().text() : entry.reason();
    return new Failure(
        reason, entry.message().isEmpty() ? entry.name() : entry.name() + ": " + entry.message());
  }

  private static String note(PolicyDecision decision, String node) {
    return decision.waiting().getOrDefault(node, "waits for another policy");
  }

  private static String working(State state, List<Assignment> own) {
    if (!Standing.isObserved(state)) {
      return "not yet seen by its agent";
    }
    return own.stream()
        .filter(a -> Standing.of(state, a) == Standing.WORKING)
        .findFirst()
        .flatMap(a -> Standing.entry(state, a))
        .map(entry -> entry.phase().text())
        .orElse("admitted");
  }
}
