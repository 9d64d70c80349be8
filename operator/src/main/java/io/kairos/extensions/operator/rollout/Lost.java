package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.WaveStatus;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import java.time.Instant;
import java.util.Optional;

/**
 * Which nodes went dark with what a rollout gave them. What breaks the kubelet alone is in effect
 * by the word of its agent, and shows in the Node later: a wave that goes on without them would
 * spread it.
 *
 * <p>Only while their wave is open, and for what it gave them itself: a node that has had the
 * revision for months, and is off, says nothing about a rollout that returns to it. Nor does one
 * that somebody has taken down by the time it counts: on hold, cordoned, or rebooted by another
 * operator or for another policy; nor one on which nothing was merged or linked.
 */
final class Lost {
  private final Policy policy;
  private final Membership.Basis basis;
  private final Evidence evidence;

  Lost(Policy policy, Membership.Basis basis, Evidence evidence) {
    this.policy = policy;
    this.basis = basis;
    this.evidence = evidence;
  }

  /**
   * Whether a node went dark.
   *
   * @param wave the one that it was admitted with
   */
  boolean isLost(State state, String wave) {
    Node node = basis.fleet().nodes().get(state.node());
    RolloutStatus rollout = policy.status().rollout();
    Optional<Instant> opened =
        Optional.of(rollout)
            .filter(r -> r.revision().equals(basis.revision()))
            .flatMap(r -> Membership.status(r, wave))
            .filter(status -> status.completionTime().isEmpty())
            .map(WaveStatus::startTime)
            .flatMap(Alarm::parse);
    return node != null
        && opened.isPresent()
        && !node.held()
        && node.othersWork().isEmpty()
        && evidence.isUnreachable(node, policy)
        && state.spec().maintenance().stream()
            .noneMatch(one -> one.isActive() && !one.policy().equals(policy.name()))
        && state.spec().assignments().stream()
            .filter(own -> own.policy().equals(policy.name()))
            .filter(own -> own.target().revision().equals(basis.revision()))
            .filter(own -> own.target().activation() != Activation.STAGE)
            .filter(own -> evidence.standing(state, own) != Standing.SKIPPED)
            .map(Assignment::admittedTime)
            .flatMap(time -> Alarm.parse(time).stream())
            .anyMatch(admitted -> !admitted.isBefore(opened.get()));
  }
}
