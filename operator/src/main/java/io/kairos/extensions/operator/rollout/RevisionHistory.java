package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Plan.PolicyPlan;
import io.kairos.extensions.operator.plan.StoredRevision;
import io.kairos.extensions.operator.rollout.Write.ConfirmPolicyGone;
import io.kairos.extensions.operator.rollout.Write.DropRevision;
import io.kairos.extensions.operator.rollout.Write.RenumberRevision;
import io.kairos.extensions.operator.rollout.Write.StoreRevision;
import io.kairos.extensions.operator.rollout.Write.UpdateState;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which revisions are kept, so that a policy can return to them.
 *
 * <p><b>Persist, then work.</b> Before a node is told of a revision, the revision is stored, and it
 * is the newest of its policy: what is given again gets a new number first. So whatever is on a
 * node can be returned to, whoever dies when. One that is on nodes and not stored, because it was
 * given before revisions were kept, is stored as long as the policy still gives it.
 *
 * <p><b>Drop with care.</b> Dropped is what is neither given, nor on a node, nor being admitted,
 * nor asked for, and is older than as many others of that kind as the policy keeps. A leader that
 * fell asleep before it dropped one cannot do harm when it wakes up: if the revision is of use by
 * now, it was renumbered, and a deletion is conditional on the resourceVersion. So the number is
 * not only for people.
 *
 * <p>Everything of a policy is dropped with its finalizer. What is left of one that went without
 * (its finalizer was taken off by hand) is dropped once that policy is confirmed gone.
 */
public final class RevisionHistory {
  private RevisionHistory() {}

  /** What has to be stored before the statuses and states of this pass are written. */
  public static List<Write> toKeep(FleetSnapshot fleet, Plan plan, Decisions decisions) {
    List<Write> writes = new ArrayList<>();
    for (Policy policy : fleet.policies().values()) {
      PolicyPlan planned = plan.policies().get(policy.name());
      if (!policy.deleting()
          && !planned.frozen()
          && !planned.revision().equals(RolloutStatus.NOTHING)) {
        toKeep(fleet, policy, planned, decisions).ifPresent(writes::add);
      }
    }
    return writes;
  }

  private static Optional<Write> toKeep(
      FleetSnapshot fleet, Policy policy, PolicyPlan planned, Decisions decisions) {
    boolean given = isBeingGiven(fleet, policy, planned.revision(), decisions);
    if (!given && !onNodes(fleet, policy).contains(planned.revision())) {
      return Optional.empty();
    }
    List<StoredRevision> stored = fleet.revisionsOf(policy);
    long next = stored.isEmpty() ? 1 : stored.get(0).number() + 1;
    Optional<StoredRevision> same =
        stored.stream()
            .filter(s -> s.revision().equals(planned.revision()))
            .filter(s -> s.content().equals(Optional.of(planned.course().content())))
            .findFirst();
    if (same.isEmpty()) {
      return Optional.of(
          new StoreRevision(
              policy.name(),
              StoredRevision.objectName(policy.name(), policy.uid(), planned.course().content()),
              planned.revision(),
              next,
              planned.course().content()));
    }
    boolean newest = stored.stream().filter(s -> s.number() >= same.get().number()).count() == 1;
    return given && !newest
        ? Optional.of(new RenumberRevision(same.get().object(), next))
        : Optional.empty();
  }

  /** Whether this pass tells a node of a revision of a policy, or promises to. */
  private static boolean isBeingGiven(
      FleetSnapshot fleet, Policy policy, String revision, Decisions decisions) {
    boolean promised =
        decisions.policies().get(policy.name()).proveFirst()
            && decisions.policies().get(policy.name()).rollout().revision().equals(revision);
    return promised
        || decisions.nodeWrites().stream()
            .flatMap(write -> write instanceof UpdateState u ? Stream.of(u) : Stream.empty())
            .anyMatch(update -> isNews(fleet, policy, revision, update));
  }

  private static boolean isNews(
      FleetSnapshot fleet, Policy policy, String revision, UpdateState update) {
    List<Assignment> before = fleet.states().get(update.node()).spec().assignments();
    return update.assignments().stream()
        .filter(a -> a.policy().equals(policy.name()) && names(a, revision))
        .anyMatch(a -> !before.contains(a));
  }

  private static boolean names(Assignment assignment, String revision) {
    return assignment.target().revision().equals(revision);
  }

  /** What nobody can return to any more, after everything else. */
  public static List<Write> toDrop(
      FleetSnapshot fleet, Plan plan, Decisions decisions, List<Write> finished) {
    List<Write> writes = new ArrayList<>();
    Set<String> known = new HashSet<>();
    for (Policy policy : fleet.policies().values()) {
      known.add(policy.uid());
      boolean leaves =
          finished.contains(new Write.RemoveFinalizer(Write.Kind.POLICY, policy.name()));
      List<StoredRevision> stored = fleet.revisionsOf(policy);
      (leaves ? stored : surplus(fleet, policy, plan, decisions, stored))
          .forEach(s -> writes.add(new DropRevision(s.object())));
    }
    for (StoredRevision stored : fleet.revisions().values()) {
      if (!known.contains(stored.policyUid())) {
        writes.add(new ConfirmPolicyGone(stored.policy(), stored.policyUid()));
        writes.add(new DropRevision(stored.object()));
      }
    }
    return writes;
  }

  private static List<StoredRevision> surplus(
      FleetSnapshot fleet,
      Policy policy,
      Plan plan,
      Decisions decisions,
      List<StoredRevision> newestFirst) {
    Set<String> inUse = onNodes(fleet, policy);
    inUse.add(plan.policies().get(policy.name()).asked());
    inUse.add(plan.policies().get(policy.name()).revision());
    inUse.add(policy.spec().rollout().revision());
    inUse.add(policy.status().rollout().revision());
    inUse.add(policy.status().rollout().halted());
    inUse.add(policy.status().rollout().rollbackTo());
    inUse.add(policy.status().rollout().lastCompleted());
    inUse.add(decisions.policies().get(policy.name()).rollout().revision());
    List<StoredRevision> surplus = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    int others = 0;
    for (StoredRevision stored : newestFirst) {
      boolean again = !seen.add(stored.revision()); // the same, but for a pull secret
      if (again
          || (!inUse.contains(stored.revision())
              && ++others > policy.spec().rollout().revisionHistoryLimit())) {
        surplus.add(stored);
      }
    }
    return surplus;
  }

  /** The revisions of a policy that nodes carry, tombstones included. */
  private static Set<String> onNodes(FleetSnapshot fleet, Policy policy) {
    Set<String> revisions = new HashSet<>();
    fleet
        .states()
        .values()
        .forEach(
            state ->
                state.spec().assignments().stream()
                    .filter(a -> a.policy().equals(policy.name()))
                    .forEach(a -> revisions.add(a.target().revision())));
    return revisions;
  }
}
