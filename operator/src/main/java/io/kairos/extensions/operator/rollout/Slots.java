package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Plan;
import java.util.Collection;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * The slots of one policy. Taken by its batch, by nodes with an assignment or tombstone of it that
 * is not through and has not failed, and by nodes of it that do not serve: cordoned, in somebody
 * else's hands, or not Ready, as long as they may come back. A failed node has none: it counts for
 * the failure budget, so that one dead node never stalls the rest. Nor has one that has not been
 * Ready for longer than the progress deadline.
 *
 * <p>A node that has a slot is admitted again (another revision) without a further one, as long as
 * no more slots are taken than there are. They can be: nodes become unready, and any spec that is
 * written anew, be it bookkeeping, has to be confirmed by its agent. Then a slot does not say that
 * its node is in change.
 */
final class Slots {
  private final int cap;
  private final NavigableSet<String> taken = new TreeSet<>();
  private final NavigableSet<String> working = new TreeSet<>();

  private Slots(int cap) {
    this.cap = cap;
  }

  /**
   * The slots taken before anything new is admitted.
   *
   * @param work the work on all nodes that have a state of their own
   */
  static Slots of(
      FleetSnapshot fleet,
      Plan plan,
      Collection<NodeWork> work,
      Evidence evidence,
      String policyName) {
    Policy policy = fleet.policies().get(policyName);
    Plan.PolicyPlan planned = plan.policies().get(policyName);
    Slots slots =
        new Slots(
            Amount.atLeastOne(policy.spec().rollout().maxUnavailable(), planned.matching().size()));
    for (State state : fleet.states().values()) {
      boolean carries = false;
      for (Assignment assignment : state.spec().assignments()) {
        if (assignment.policy().equals(policyName)) {
          carries = true;
          // The state of a Node that is gone keeps its slots too: the host may still work on it.
          if (evidence.standing(state, assignment).takesSlot()) {
            slots.working.add(state.node());
          }
        }
      }
      if (carries
          && !fleet.isStale(state)
          && evidence.isAway(fleet.nodes().get(state.node()), policy)) {
        slots.taken.add(state.node());
      }
    }
    for (NodeWork changes : work) {
      if (changes.changesFreely()
          && changes.freely().values().stream().anyMatch(a -> a.policy().equals(policyName))) {
        slots.working.add(changes.state().node());
      }
    }
    slots.taken.addAll(slots.working);
    planned.selected().stream()
        .filter(node -> evidence.isAway(fleet.nodes().get(node), policy))
        .forEach(slots.taken::add);
    return slots;
  }

  /** Takes slots for nodes whatever the cap: they have been admitted already. */
  void hold(Collection<String> nodes) {
    taken.addAll(nodes);
  }

  /** Whether a node has a slot. */
  boolean isHolder(String node) {
    return taken.contains(node);
  }

  /** Whether a node, told by the policy, is at work. */
  boolean isWorking(String node) {
    return working.contains(node);
  }

  /** Takes a slot for a node, or uses the one that it has, if the rules allow it. */
  boolean take(String node) {
    if (isHolder(node)) {
      return taken.size() <= cap;
    }
    return taken.size() < cap && taken.add(node);
  }

  /** The number of slots that there are. */
  int cap() {
    return cap;
  }

  /** The nodes that have one. */
  NavigableSet<String> taken() {
    return taken;
  }
}
