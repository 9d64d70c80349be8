package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.Removal;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Plan.Claim;
import io.kairos.extensions.operator.plan.Plan.NodePlan;
import io.kairos.extensions.operator.plan.Planner;
import io.kairos.extensions.operator.rollout.Write.ConfirmGone;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What has to change in one node's state, sorted by what it costs.
 *
 * <p><b>Free</b> is what changes nothing on the host; it is written at once, paused or not:
 *
 * <ul>
 *   <li>a tombstone goes once the agent reports its extension Removed;
 *   <li>an assignment goes that nobody wants if its policy orphans ({@link Removal#ORPHAN}), or if
 *       its policy, or its extension, is no longer there at all. The host keeps the files: absence
 *       is never removal, only a tombstone is;
 *   <li>revision, version, URL, soak, extension or policy of an assignment change while digest,
 *       profiles and activation stay: bookkeeping, handovers included. An assignment that is not
 *       through (or failed) is not handed to another policy that way, for it brings its slot along.
 * </ul>
 *
 * <p><b>Slot-taking</b> is the rest, and needs an admission of its policy: a new assignment,
 * another digest, profile or activation, and a removal, which puts a tombstone in the assignment's
 * place by the slots of the policy that owns it. A tombstone is irrevocable: until it is gone
 * nothing else gets its name on that host, though everybody want it.
 *
 * <p>The bookkeeping of a policy waits for its slot-taking changes on the same node: one write.
 */
final class NodeWork {
  private final State state;
  private final NavigableMap<ExtensionKey, Assignment> kept = new TreeMap<>();
  private final Map<String, NavigableMap<ExtensionKey, Assignment>> costly = new TreeMap<>();
  private final Map<String, NavigableMap<ExtensionKey, Assignment>> bookkeeping = new TreeMap<>();
  private final Set<ConfirmGone> releases = new HashSet<>();
  private NavigableMap<ExtensionKey, Assignment> freely = new TreeMap<>();

  private NodeWork(State state) {
    this.state = state;
  }

  /** The work on a node that has a state of its own. */
  static NodeWork of(FleetSnapshot fleet, Plan plan, State state) {
    NodeWork work = new NodeWork(state);
    NodePlan node = plan.nodes().get(state.node());
    Set<ExtensionKey> locked = new HashSet<>();
    for (Assignment present : state.spec().assignments()) {
      Assignment wanted = node.wanted().get(present.key());
      if (present.remove()) {
        if (Standing.of(state, present) != Standing.REMOVED) {
          work.keep(present);
          locked.add(present.key());
        }
      } else if (wanted == null) {
        work.unwanted(fleet, plan, present);
      } else {
        work.keep(present);
        locked.add(present.key());
        work.compare(present, wanted);
      }
    }
    node.wanted()
        .forEach(
            (key, wanted) -> {
              if (!locked.contains(key)) {
                put(work.costly, wanted);
              }
            });
    work.freely = work.applyFree();
    return work;
  }

  private void compare(Assignment present, Assignment wanted) {
    if (present.equals(wanted)) {
      return;
    }
    boolean sameHolder = present.policy().equals(wanted.policy());
    if (sameOnHost(present, wanted) && (sameHolder || !Standing.of(state, present).takesSlot())) {
      put(bookkeeping, wanted);
    } else {
      put(costly, wanted);
    }
  }

  private void unwanted(FleetSnapshot fleet, Plan plan, Assignment present) {
    Policy owner = fleet.policies().get(present.policy());
    if (owner == null) {
      releases.add(new ConfirmGone(Write.Kind.POLICY, present.policy()));
      return;
    }
    Plan.PolicyPlan policy = plan.policies().get(owner.name());
    Claim claim = new Claim(owner.name(), present.key());
    if (policy.frozen() || plan.nodes().get(state.node()).unresolved().contains(claim)) {
      keep(present);
      return;
    }
    Extension extension = fleet.extensions().get(present.extension());
    if (extension == null && policy.selected().contains(state.node())) {
      releases.add(new ConfirmGone(Write.Kind.EXTENSION, present.extension()));
    } else if (owner.spec().removal() == Removal.REMOVE) {
      keep(present);
      put(costly, present.tombstone());
    }
  }

  /** Whether the host would not notice the difference. */
  private static boolean sameOnHost(Assignment one, Assignment other) {
    return one.remove() == other.remove()
        && one.target().image().sha256().equals(other.target().image().sha256())
        && Set.copyOf(one.target().profiles()).equals(Set.copyOf(other.target().profiles()))
        && one.target().activation() == other.target().activation()
        && one.target().services().equals(other.target().services())
        && one.target().healthChecks().equals(other.target().healthChecks());
  }

  private static void put(
      Map<String, NavigableMap<ExtensionKey, Assignment>> changes, Assignment change) {
    changes.computeIfAbsent(change.policy(), p -> new TreeMap<>()).put(change.key(), change);
  }

  private void keep(Assignment assignment) {
    kept.put(assignment.key(), assignment);
  }

  /** The state this is about. */
  State state() {
    return state;
  }

  private NavigableMap<ExtensionKey, Assignment> applyFree() {
    NavigableMap<ExtensionKey, Assignment> result = new TreeMap<>(kept);
    bookkeeping.forEach(
        (policy, changes) -> {
          if (!costly.containsKey(policy)) {
            result.putAll(changes);
          }
        });
    return Collections.unmodifiableNavigableMap(result);
  }

  /** The assignments once everything free is written. */
  NavigableMap<ExtensionKey, Assignment> freely() {
    return freely;
  }

  /**
   * The assignments once a policy's changes are written too. What would not fit beside tombstones
   * that are still there comes with a later admission.
   */
  NavigableMap<ExtensionKey, Assignment> admitted(String policy) {
    NavigableMap<ExtensionKey, Assignment> result = new TreeMap<>(freely);
    result.putAll(bookkeeping.getOrDefault(policy, new TreeMap<>()));
    costly
        .getOrDefault(policy, new TreeMap<>())
        .forEach(
            (key, change) -> {
              if (result.containsKey(key) || result.size() < Planner.MAX_ASSIGNMENTS) {
                result.put(key, change);
              }
            });
    return result;
  }

  /** The policies that need an admission to this node. */
  NavigableSet<String> policiesInNeed() {
    NavigableSet<String> result = new TreeSet<>();
    for (String policy : costly.keySet()) {
      if (!admitted(policy).equals(freely())) {
        result.add(policy);
      }
    }
    return result;
  }

  /** Whether the free changes make a difference. */
  boolean changesFreely() {
    return !freely().equals(byKey(state.spec().assignments()));
  }

  /** What has to be gone indeed before anything of this is written. */
  Set<ConfirmGone> releases() {
    return releases;
  }

  /**
   * Whether an assignment, or a tombstone, that stays after the free changes is being worked on.
   */
  boolean isBusyFor(String policy) {
    return kept.values().stream()
        .filter(assignment -> assignment.policy().equals(policy))
        .anyMatch(assignment -> Standing.of(state, assignment) == Standing.WORKING);
  }

  /** The policies that hold something here after the free changes. */
  NavigableSet<String> holders() {
    NavigableSet<String> result = new TreeSet<>();
    kept.values().forEach(assignment -> result.add(assignment.policy()));
    return result;
  }

  private static NavigableMap<ExtensionKey, Assignment> byKey(List<Assignment> assignments) {
    NavigableMap<ExtensionKey, Assignment> result = new TreeMap<>();
    assignments.forEach(assignment -> result.put(assignment.key(), assignment));
    return result;
  }
}
