package io.kairos.extensions.operator.status;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Plan.NodePlan;
import io.kairos.extensions.operator.rollout.Decisions.PolicyDecision;
import io.kairos.extensions.operator.rollout.Evidence;
import io.kairos.extensions.operator.rollout.Evidence.Failure;
import io.kairos.extensions.operator.rollout.Standing;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How far one policy is on one node.
 *
 * @param node its name
 * @param selected whether the policy wants to give it something
 * @param updated whether the state shows exactly what the policy wants there
 * @param ready whether all of that is in effect, and the node is given back; or there is nothing to
 *     give
 * @param awaitingReboot whether all of it is through, and some of it linked for the next boot
 * @param moving whether the agent is at work, or about to be
 * @param skipped whether its pods did not leave it, so that it is left as it is
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
    boolean skipped,
    Optional<Failure> failure,
    String note) {

  private static final Failure LOST =
      new Failure(Reasons.UNREACHABLE, "the Node has not been Ready for too long");

  /** Whether nothing is left to do there. */
  boolean done() {
    return selected ? ready || awaitingReboot : false;
  }

  /** Whether nothing more happens there by itself. */
  boolean isGivenUp() {
    return skipped || failure.isPresent();
  }

  /**
   * The progress of a policy on a node that it selects, or on which it still has something.
   *
   * @param drain how far the drain is that the policy has there
   */
  static NodeProgress of(
      FleetSnapshot fleet,
      Plan plan,
      Evidence evidence,
      String policy,
      PolicyDecision decision,
      Optional<String> drain,
      String node) {
    boolean selected = plan.policies().get(policy).selected().contains(node);
    Optional<State> found = fleet.state(node);
    if (found.isEmpty()) {
      return new NodeProgress(
          node,
          selected,
          false,
          false,
          false,
          false,
          false,
          Optional.empty(),
          note(decision, node));
    }
    State state = found.get();
    List<Assignment> own =
        state.spec().assignments().stream().filter(a -> a.policy().equals(policy)).toList();
    NodePlan planned = plan.nodes().get(node);
    Map<ExtensionKey, Assignment> wanted = planned.wantedBy(policy);
    boolean updated =
        selected
            && own.size() == wanted.size()
            && own.stream()
                .allMatch(a -> wanted.containsKey(a.key()) && a.isSameOrder(wanted.get(a.key())))
            && !planned.isUnresolved(policy);
    List<Standing> standings = own.stream().map(a -> evidence.standing(state, a)).toList();
    // its end is news to the agent, too: what is in effect by then is so once more after its report
    boolean inMaintenance =
        state.spec().maintenance(policy).filter(Maintenance::isActive).isPresent();
    boolean lost = isLost(fleet, evidence, policy, decision, node);
    boolean settled = updated && !inMaintenance && !lost;
    boolean ready = settled && standings.stream().allMatch(s -> s == Standing.IN_EFFECT);
    boolean linked =
        settled
            && !ready
            && standings.stream().allMatch(s -> s == Standing.IN_EFFECT || s == Standing.LINKED);
    boolean moving =
        inMaintenance || standings.contains(Standing.WORKING) || decision.admitted().contains(node);
    Optional<Failure> failure =
        own.stream()
            .flatMap(a -> evidence.failure(state, a).stream())
            .findFirst()
            .or(() -> lost ? Optional.of(LOST) : Optional.empty());
    String note =
        ready || linked
            ? ""
            : failure
                .map(Failure::reason)
                .or(() -> skipped(state, evidence, own))
                .or(() -> drain)
                .orElseGet(() -> moving ? working(state, evidence, own) : note(decision, node));
    boolean skipped = !moving && standings.contains(Standing.SKIPPED);
    return new NodeProgress(node, selected, updated, ready, linked, moving, skipped, failure, note);
  }

  /**
   * Whether a Node went dark with what it was given, which counted as a failure, and still is. One
   * that failed for another reason, and goes dark after the rollout, has not.
   */
  private static boolean isLost(
      FleetSnapshot fleet, Evidence evidence, String policy, PolicyDecision decision, String node) {
    FleetSnapshot.Node there = fleet.nodes().get(node);
    return there != null
        && evidence.isUnreachable(there, fleet.policies().get(policy))
        && decision.rollout().waves().stream()
            .filter(wave -> wave.failedNodes().contains(node))
            .anyMatch(wave -> isBefore(there.unreadySince(), wave.completionTime()));
  }

  /** Where nobody can say when the wave was complete, it is not. */
  private static boolean isBefore(Instant time, String completion) {
    try {
      return completion.isEmpty() || time.isBefore(Instant.parse(completion));
    } catch (DateTimeParseException e) {
      return true;
    }
  }

  /** Its pods did not leave the node: why. */
  private static Optional<String> skipped(State state, Evidence evidence, List<Assignment> own) {
    return own.stream()
        .filter(a -> evidence.standing(state, a) == Standing.SKIPPED)
        .flatMap(a -> Standing.outcome(state, a).stream())
        .findFirst()
        .map(one -> one.reason() + ": " + one.message());
  }

  private static String note(PolicyDecision decision, String node) {
    return decision.waiting().getOrDefault(node, "waits for another policy");
  }

  private static String working(State state, Evidence evidence, List<Assignment> own) {
    if (!Standing.isObserved(state)) {
      return "not yet seen by its agent";
    }
    return own.stream()
        .filter(a -> evidence.standing(state, a) == Standing.WORKING)
        .findFirst()
        .flatMap(a -> Standing.entry(state, a))
        .map(entry -> entry.phase().text())
        .orElse("admitted");
  }
}
