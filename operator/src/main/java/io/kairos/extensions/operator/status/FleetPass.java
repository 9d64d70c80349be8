package io.kairos.extensions.operator.status;

import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.operator.drain.Drains;
import io.kairos.extensions.operator.plan.Circumstances;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Planner;
import io.kairos.extensions.operator.plan.SitePlan;
import io.kairos.extensions.operator.rollout.Admission;
import io.kairos.extensions.operator.rollout.Alarm;
import io.kairos.extensions.operator.rollout.Decisions;
import io.kairos.extensions.operator.rollout.Decisions.PolicyDecision;
import io.kairos.extensions.operator.rollout.Evidence;
import io.kairos.extensions.operator.rollout.Finalizers;
import io.kairos.extensions.operator.rollout.RemovalGuard;
import io.kairos.extensions.operator.rollout.RevisionHistory;
import io.kairos.extensions.operator.rollout.Write;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One pass over the fleet: plan, admit, sum up. A pure function from what is there to the writes
 * that bring it nearer to what shall be; on a fleet that is as it shall be it returns none.
 *
 * <p>The order of the writes is part of the algorithm (see {@link Admission}): finalizers first, so
 * that nothing is assigned that could vanish unnoticed; then the revisions that nodes are about to
 * be told of (see {@link RevisionHistory}); then the policies' statuses, which hold the batches;
 * then the nodes, and what may disturb them (see {@link Drains}); then the rest.
 */
public final class FleetPass {
  private FleetPass() {}

  /**
   * What comes of one pass.
   *
   * @param writes what to write, in order
   * @param lookAgain when the clock alone makes another pass due, at the latest
   * @param slots by policy, once all is written
   */
  public record Outcome(
      List<Write> writes, Optional<Instant> lookAgain, Map<String, SlotUse> slots) {}

  /** One pass. */
  public static Outcome of(FleetSnapshot fleet, Circumstances circumstances) {
    Alarm alarm = new Alarm(circumstances.now());
    Plan plan = RemovalGuard.guard(fleet, Planner.plan(fleet));
    Evidence evidence = new Evidence(fleet, alarm);
    Decisions decisions = Admission.decide(fleet, plan, evidence, alarm, circumstances);
    List<Write> writes = writes(fleet, plan, evidence, decisions, circumstances);
    Map<String, SlotUse> slots = new TreeMap<>();
    decisions
        .policies()
        .forEach((name, one) -> slots.put(name, new SlotUse(one.slots().size(), one.cap())));
    return new Outcome(writes, alarm.next(), slots);
  }

  private static List<Write> writes(
      FleetSnapshot fleet,
      Plan plan,
      Evidence evidence,
      Decisions decisions,
      Circumstances circumstances) {
    String now = circumstances.time();
    Drains.Outcome drains = Drains.decide(fleet, decisions, circumstances.now());
    List<Write> finished = Finalizers.toRemove(fleet, plan, decisions, evidence);
    List<Write> writes = new ArrayList<>(Finalizers.toAdd(fleet, plan));
    writes.addAll(RevisionHistory.toKeep(fleet, plan, decisions));
    for (Policy policy : fleet.policies().values()) {
      PolicyDecision decision = decisions.policies().get(policy.name());
      if (isLeaving(
          policy.deleting(), policy.hasFinalizer(), Write.Kind.POLICY, policy.name(), finished)) {
        continue;
      }
      if (decision.replacesBatch()) {
        writes.add(new Write.ConfirmStates(policy.name()));
      }
      NodeExtensionPolicyStatus status =
          PolicySummary.of(
              fleet, plan, evidence, decision, drains.notes(policy.name()), policy, now);
      if (decision.proveFirst() || !status.equals(policy.status())) {
        writes.add(new Write.PolicyStatus(policy.name(), status, decision.proveFirst()));
        RolloutEvents.of(policy, plan.policies().get(policy.name()), decision, status)
            .forEach(event -> writes.add(new Write.Tell(policy.name(), event)));
      }
    }
    writes.addAll(decisions.nodeWrites());
    writes.addAll(drains.writes());
    SitePlan site = SitePlan.of(fleet, plan);
    ExtensionSummary.of(fleet, plan, site, evidence, now)
        .forEach(
            (name, status) -> {
              var extension = fleet.extensions().get(name);
              if (!isLeaving(
                      extension.deleting(),
                      extension.hasFinalizer(),
                      Write.Kind.EXTENSION,
                      name,
                      finished)
                  && !status.equals(extension.status())) {
                writes.add(new Write.ExtensionStatus(name, status));
                ExtensionEvents.of(extension.status(), status)
                    .forEach(event -> writes.add(new Write.TellOfExtension(name, event)));
              }
            });
    writes.addAll(NodeLabels.of(fleet));
    writes.addAll(RevisionHistory.toDrop(fleet, plan, decisions, finished));
    writes.addAll(finished);
    if (site.differsFrom(fleet.site())) {
      writes.add(new Write.SiteSecret(site.data()));
    }
    return List.copyOf(writes);
  }

  /** Whether an object vanishes in this pass, or may have vanished: its status is nobody's. */
  private static boolean isLeaving(
      boolean deleting, boolean hasFinalizer, Write.Kind kind, String name, List<Write> finished) {
    return deleting && (!hasFinalizer || finished.contains(new Write.RemoveFinalizer(kind, name)));
  }
}
