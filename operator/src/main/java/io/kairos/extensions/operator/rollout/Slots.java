package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Plan;
import java.util.Collection;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * The slots of one policy. Taken by its batch, by nodes with an assignment or tombstone of it that
 * is not through or failed ({@link Standing#takesSlot()}), and by nodes of it that are not Ready.
 *
 * <p>A node that has a slot is admitted again (another revision) without a further one, as long as
 * no more slots are taken than there are. They can be: nodes fail late or become unready, and any
 * spec that is written anew, be it bookkeeping, has to be confirmed by its agent. Then a slot does
 * not say that its node is in change. Only nodes known as failed, as many as there are slots, are
 * admitted again then, and only once nothing is being worked on: a remedy has to get somewhere.
 */
final class Slots {
  private final int cap;
  private final NavigableSet<String> taken = new TreeSet<>();
  private final NavigableSet<String> working = new TreeSet<>();
  private final NavigableSet<String> failed = new TreeSet<>();
  private int remedies;

  private Slots(int cap) {
    this.cap = cap;
  }

  /**
   * The slots taken before anything new is admitted.
   *
   * @param work the work on all nodes that have a state of their own
   */
  static Slots of(FleetSnapshot fleet, Plan plan, Collection<NodeWork> work, String policy) {
    Plan.PolicyPlan planned = plan.policies().get(policy);
    Slots slots =
        new Slots(
            MaxUnavailable.of(
                fleet.policies().get(policy).spec().rollout().maxUnavailable(),
                planned.matching().size()));
    for (State state : fleet.states().values()) {
      slots.count(state, policy);
      // The state of a Node that is gone keeps its slots too: the host may still work on it.
      if (!fleet.isStale(state)
          && !fleet.nodes().get(state.node()).ready()
          && state.spec().assignments().stream().anyMatch(a -> a.policy().equals(policy))) {
        slots.taken.add(state.node());
      }
    }
    for (NodeWork changes : work) {
      if (changes.changesFreely()
          && changes.freely().values().stream().anyMatch(a -> a.policy().equals(policy))) {
        slots.taken.add(changes.state().node());
        slots.working.add(changes.state().node());
      }
    }
    planned.selected().stream()
        .filter(node -> !fleet.nodes().get(node).ready())
        .forEach(slots.taken::add);
    return slots;
  }

  private void count(State state, String policy) {
    for (Assignment assignment : state.spec().assignments()) {
      if (assignment.policy().equals(policy)) {
        switch (Standing.of(state, assignment)) {
          case WORKING -> working.add(state.node());
          case FAILED -> failed.add(state.node());
          default -> {}
        }
      }
    }
    taken.addAll(working);
    taken.addAll(failed);
  }

  /** Takes slots for nodes whatever the cap: they have been admitted already. */
  void hold(Collection<String> nodes) {
    taken.addAll(nodes);
  }

  /** Whether a node has a slot. */
  boolean isHolder(String node) {
    return taken.contains(node);
  }

  /** Takes a slot for a node, or uses the one that it has, if the rules allow it. */
  boolean take(String node) {
    if (!isHolder(node)) {
      return taken.size() < cap && taken.add(node);
    }
    if (taken.size() <= cap) {
      return true;
    }
    if (working.isEmpty() && failed.contains(node) && remedies < cap) {
      remedies++;
      return true;
    }
    return false;
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
