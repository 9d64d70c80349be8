package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.api.v1alpha1.Removal;
import io.kairos.extensions.operator.plan.Course;
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
 *       profiles, activation, services, health checks and signature stay: bookkeeping, handovers
 *       included. An assignment that is not through, or failed, gets another revision or policy by
 *       slots: its agent may try it again for that.
 * </ul>
 *
 * <p><b>Slot-taking</b> is the rest, and needs an admission of its policy: a new assignment,
 * another digest, profile or activation, a further attempt at what failed, and a removal, which
 * puts a tombstone in the assignment's place by the slots of the policy that owns it. A tombstone
 * is irrevocable: until it is gone nothing else gets its name on that host, though everybody want
 * it.
 *
 * <p>The bookkeeping of a policy waits for its slot-taking changes on the same node: one write.
 * Nothing of a policy is written, free or not, while it is in a dry run.
 *
 * <p>What the plan wants says nothing of wave, attempt and time of admission: the write adds those
 * ({@link Stamp}). They tell what the assignment was written for, so they are no difference.
 */
final class NodeWork {
  /**
   * What an assignment is written for.
   *
   * @param wave the wave that the node is admitted with, empty for none
   * @param attempt the nonce of the retry
   * @param time when, RFC 3339
   */
  record Stamp(String wave, String attempt, String time) {
    Assignment on(Assignment assignment) {
      return assignment.toBuilder().wave(wave).attempt(attempt).admittedTime(time).build();
    }
  }

  private final State state;
  private final Evidence evidence;
  private final Retries retries;
  private final String time;
  private final NavigableMap<ExtensionKey, Assignment> kept = new TreeMap<>();
  private final Map<String, NavigableMap<ExtensionKey, Assignment>> costly = new TreeMap<>();
  private final Map<String, NavigableMap<ExtensionKey, Assignment>> bookkeeping = new TreeMap<>();
  private final Set<ConfirmGone> releases = new HashSet<>();
  private NavigableMap<ExtensionKey, Assignment> freely = new TreeMap<>();
  private boolean changesFreely;

  private NodeWork(State state, Evidence evidence, Retries retries, String time) {
    this.state = state;
    this.evidence = evidence;
    this.retries = retries;
    this.time = time;
  }

  /**
   * The work on a node that has a state of its own.
   *
   * @param retries what is tried again
   * @param time now, RFC 3339
   */
  static NodeWork of(
      FleetSnapshot fleet,
      Plan plan,
      State state,
      Evidence evidence,
      Retries retries,
      String time) {
    NodeWork work = new NodeWork(state, evidence, retries, time);
    NodePlan node = plan.nodes().get(state.node());
    Set<ExtensionKey> locked = new HashSet<>();
    for (Assignment present : state.spec().assignments()) {
      Assignment wanted = node.wanted().get(present.key());
      if (present.remove()) {
        if (Standing.of(state, present) != Standing.REMOVED) {
          work.keep(present);
          locked.add(present.key());
          work.retryRemoval(present);
        }
      } else if (wanted == null) {
        work.unwanted(fleet, plan, present);
      } else {
        work.keep(present);
        locked.add(present.key());
        work.compare(fleet, present, wanted);
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
    work.changesFreely = !work.freely.equals(byKey(state.spec().assignments()));
    return work;
  }

  private void compare(FleetSnapshot fleet, Assignment present, Assignment wanted) {
    if (present.isSameOrder(wanted)) {
      if (retries.isDue(state, present)) {
        put(costly, present);
      }
    } else if (isSameOnHost(present, wanted) && isSettled(present, wanted)) {
      if (!isInDryRun(fleet, wanted.policy())) {
        put(bookkeeping, noted(fleet, present, wanted));
      }
    } else {
      put(costly, wanted);
    }
  }

  /**
   * Whether the host stays as it is if only the words of an order change. What is not through may
   * have failed in the meantime, unseen; and what failed, or was skipped, is tried again for
   * another revision or another policy.
   */
  private boolean isSettled(Assignment present, Assignment wanted) {
    return switch (evidence.standing(state, present)) {
      case WORKING, FAILED, SKIPPED ->
          present.policy().equals(wanted.policy())
              && present.target().revision().equals(wanted.target().revision());
      case LINKED, IN_EFFECT, REMOVED -> true;
    };
  }

  /** A change on paper: what it was written for, and when, stays as long as the revision does. */
  private Assignment noted(FleetSnapshot fleet, Assignment present, Assignment wanted) {
    boolean same =
        present.policy().equals(wanted.policy())
            && present.target().revision().equals(wanted.target().revision());
    Stamp stamp =
        same
            ? new Stamp(present.wave(), present.attempt(), present.admittedTime())
            : new Stamp("", fleet.policies().get(wanted.policy()).status().observedRetry(), time);
    return stamp.on(wanted);
  }

  private void retryRemoval(Assignment tombstone) {
    if (retries.isDue(state, tombstone)) {
      put(costly, tombstone);
    }
  }

  private static boolean isInDryRun(FleetSnapshot fleet, String policy) {
    Policy owner = fleet.policies().get(policy);
    return owner != null && owner.spec().rollout().dryRun() && !owner.deleting();
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
    if (isInDryRun(fleet, owner.name())) {
      keep(present);
      if (owner.spec().removal() == Removal.REMOVE || isTakenBack(policy)) {
        put(costly, removal(present, policy.revision()));
      }
      return;
    }
    Extension extension = fleet.extensions().get(present.extension());
    if (extension == null
        && policy.course() instanceof Course.Newest
        && policy.selected().contains(state.node())) {
      releases.add(new ConfirmGone(Write.Kind.EXTENSION, present.extension()));
    } else if (owner.spec().removal() == Removal.REMOVE || isTakenBack(policy)) {
      keep(present);
      put(costly, removal(present, policy.revision()));
    }
  }

  /** A revision that failed is not left behind, whatever the policy does with good ones. */
  private static boolean isTakenBack(Plan.PolicyPlan policy) {
    return policy.revision().equals(RolloutStatus.NOTHING);
  }

  /** A failed removal counts for the revision that asks for it. */
  private static Assignment removal(Assignment present, String revision) {
    return present.tombstone().toBuilder()
        .target(present.target().toBuilder().revision(revision).build())
        .build();
  }

  /** Whether the host would not notice the difference. */
  private static boolean isSameOnHost(Assignment one, Assignment other) {
    return one.remove() == other.remove()
        && one.target().image().sha256().equals(other.target().image().sha256())
        && Set.copyOf(one.target().profiles()).equals(Set.copyOf(other.target().profiles()))
        && one.target().activation() == other.target().activation()
        && one.target().services().equals(other.target().services())
        && one.target().healthChecks().equals(other.target().healthChecks())
        && one.target().signature().equals(other.target().signature());
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
  NavigableMap<ExtensionKey, Assignment> admitted(String policy, Stamp stamp) {
    NavigableMap<ExtensionKey, Assignment> result = new TreeMap<>(freely);
    bookkeeping
        .getOrDefault(policy, new TreeMap<>())
        .forEach((key, change) -> result.put(key, stamp.on(change)));
    costly
        .getOrDefault(policy, new TreeMap<>())
        .forEach(
            (key, change) -> {
              if (result.containsKey(key) || result.size() < Planner.MAX_ASSIGNMENTS) {
                result.put(key, stamp.on(change));
              }
            });
    return result;
  }

  /** The policies that need an admission to this node. */
  NavigableSet<String> policiesInNeed() {
    NavigableSet<String> result = new TreeSet<>();
    for (Map.Entry<String, NavigableMap<ExtensionKey, Assignment>> entry : costly.entrySet()) {
      if (entry.getValue().keySet().stream().anyMatch(this::hasRoom)) {
        result.add(entry.getKey());
      }
    }
    return result;
  }

  private boolean hasRoom(ExtensionKey key) {
    return freely.containsKey(key) || freely.size() < Planner.MAX_ASSIGNMENTS;
  }

  /** What a policy's admission would change here, by the name on the host. */
  NavigableMap<ExtensionKey, Assignment> changesOf(String policy) {
    return Collections.unmodifiableNavigableMap(costly.getOrDefault(policy, new TreeMap<>()));
  }

  /** Whether the free changes make a difference. */
  boolean changesFreely() {
    return changesFreely;
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
        .anyMatch(assignment -> evidence.standing(state, assignment) == Standing.WORKING);
  }

  /**
   * Whether others have to wait for a policy here. What waits for another extension is in work, and
   * disturbs nothing: the policy that brings that extension must not wait for it in turn.
   */
  boolean hindersOthers(String policy) {
    return kept.values().stream()
        .filter(assignment -> assignment.policy().equals(policy))
        .filter(assignment -> evidence.standing(state, assignment) == Standing.WORKING)
        .anyMatch(assignment -> !Standing.isWaitingForExtension(state, assignment));
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
