package io.kairos.extensions.operator.metrics;

import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.status.SlotUse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What stands still long enough to be looked at, for each policy. No label names a node: a fleet
 * has thousands, and their own objects tell of each.
 *
 * @param nodes nodes by policy and state: {@code desired updated ready pendingReboot failed
 *     unavailable}, as the policy's status counts them
 * @param paused one for each policy that gives its newest revision to no further node, by the
 *     reason of its condition Ready
 * @param slots by policy and kind: {@code used capacity}
 * @param drainBlocked nodes of a policy whose drain is refused by a PodDisruptionBudget
 */
record FleetGauges(
    List<Value> nodes, List<Value> paused, List<Value> slots, List<Value> drainBlocked) {

  /** Reasons of Ready for which a policy gives its newest revision to no further node. */
  private static final Set<String> HOLDS =
      Set.of(
          Reasons.PAUSED,
          Reasons.FAILURE_BUDGET_EXCEEDED,
          Reasons.ROLLING_BACK,
          Reasons.ROLLED_BACK_FROM,
          Reasons.OUTSIDE_WINDOW,
          Reasons.AWAITING_APPROVAL,
          Reasons.DRY_RUN,
          Reasons.GATE_CLOSED,
          Reasons.GATE_CHECK_FAILED,
          Reasons.REMOVAL_PENDING);

  /**
   * A number.
   *
   * @param policy of which policy
   * @param kind what of it; empty for the whole
   */
  record Value(String policy, String kind, double value) {}

  /**
   * Takes the measures.
   *
   * @param slots by policy
   */
  static FleetGauges of(FleetSnapshot fleet, Map<String, SlotUse> slots) {
    List<Value> nodes = new ArrayList<>();
    List<Value> paused = new ArrayList<>();
    List<Value> blocked = new ArrayList<>();
    List<Value> used = new ArrayList<>();
    for (Policy policy : fleet.policies().values()) {
      String name = policy.name();
      NodeExtensionPolicyStatus status = policy.status();
      nodes.add(new Value(name, "desired", status.desired()));
      nodes.add(new Value(name, "updated", status.updated()));
      nodes.add(new Value(name, "ready", status.ready()));
      nodes.add(new Value(name, "pendingReboot", status.pendingReboot()));
      nodes.add(new Value(name, "failed", status.failed()));
      nodes.add(new Value(name, "unavailable", status.unavailable()));
      Conditions.find(status.conditions(), Conditions.READY)
          .filter(ready -> Conditions.FALSE.equals(ready.getStatus()))
          .map(Condition::getReason)
          .filter(HOLDS::contains)
          .ifPresent(reason -> paused.add(new Value(name, reason, 1)));
      blocked.add(new Value(name, "", blocked(fleet, name)));
      if (slots.containsKey(name)) {
        used.add(new Value(name, "used", slots.get(name).used()));
        used.add(new Value(name, "capacity", slots.get(name).capacity()));
      }
    }
    return new FleetGauges(nodes, paused, used, blocked);
  }

  private static long blocked(FleetSnapshot fleet, String policy) {
    return fleet.states().values().stream()
        .filter(
            state ->
                state.spec().maintenance().stream()
                    .anyMatch(
                        one ->
                            one.policy().equals(policy) && one.stage() == Maintenance.Stage.DRAIN))
        .filter(
            state ->
                fleet.pods().getOrDefault(state.node(), List.of()).stream()
                    .anyMatch(pod -> pod.refusal().isPresent()))
        .count();
  }
}
