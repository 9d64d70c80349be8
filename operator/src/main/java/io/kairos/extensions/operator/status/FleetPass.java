package io.kairos.extensions.operator.status;

import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Planner;
import io.kairos.extensions.operator.plan.SitePlan;
import io.kairos.extensions.operator.rollout.Admission;
import io.kairos.extensions.operator.rollout.Decisions;
import io.kairos.extensions.operator.rollout.Decisions.PolicyDecision;
import io.kairos.extensions.operator.rollout.Finalizers;
import io.kairos.extensions.operator.rollout.Write;
import java.util.ArrayList;
import java.util.List;

/**
 * One pass over the fleet: plan, admit, sum up. A pure function from what is there to the writes
 * that bring it nearer to what shall be; on a fleet that is as it shall be it returns none.
 *
 * <p>The order of the writes is part of the algorithm (see {@link Admission}): finalizers first, so
 * that nothing is assigned that could vanish unnoticed; then the policies' statuses, which hold the
 * batches; then the nodes; then the rest.
 */
public final class FleetPass {
  private FleetPass() {}

  /**
   * The writes of one pass.
   *
   * @param now RFC 3339, for conditions whose status moves; decides nothing else
   */
  public static List<Write> writes(FleetSnapshot fleet, String now) {
    Plan plan = Planner.plan(fleet);
    Decisions decisions = Admission.decide(fleet, plan);
    List<Write> finished = Finalizers.toRemove(fleet, plan, decisions);
    List<Write> writes = new ArrayList<>(Finalizers.toAdd(fleet, plan));
    for (Policy policy : fleet.policies().values()) {
      PolicyDecision decision = decisions.policies().get(policy.name());
      if (isLeaving(
          policy.deleting(), policy.hasFinalizer(), Write.Kind.POLICY, policy.name(), finished)) {
        continue;
      }
      if (decision.replacesBatch()) {
        writes.add(new Write.ConfirmStates(policy.name()));
      }
      NodeExtensionPolicyStatus status = PolicySummary.of(fleet, plan, decision, policy, now);
      if (decision.proveFirst() || !status.equals(policy.status())) {
        writes.add(new Write.PolicyStatus(policy.name(), status));
      }
    }
    writes.addAll(decisions.nodeWrites());
    SitePlan site = SitePlan.of(fleet);
    ExtensionSummary.of(fleet, plan, site, now)
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
              }
            });
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
