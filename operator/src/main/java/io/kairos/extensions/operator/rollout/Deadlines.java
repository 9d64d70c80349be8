package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Rollout;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Until when a node has to get on. All of it is by the operator's clock; what an agent says of
 * times is never reckoned with.
 *
 * <p>An agent that has not answered since its spec was written has {@code progressDeadlineSeconds}
 * from {@code admittedTime}, or from when its spec was last written for whatever else: what another
 * policy changes there makes no old admission late. One that has answered is at work: it has that
 * time, and what soak and health checks take, from its last answer that told something new. So a
 * host that reboots, or repairs a drift, long after it was admitted, is not late at once. When the
 * last answer came only this process knows; what another one saw before it is taken for just now.
 *
 * <p>A download ends by the agent's own limits, which a slow link does not reach for days. An agent
 * that dies over one, on a Node that stays Ready, is given {@link #DOWNLOAD}.
 */
final class Deadlines {
  /** How long a download may hold a slot. Those ahead of their turn hold none. */
  static final Duration DOWNLOAD = Duration.ofHours(6);

  private Deadlines() {}

  /**
   * Until when an assignment has to be through; empty where nobody knows since when it is there.
   *
   * @param entry what its agent says of it, if it has seen the present spec
   */
  static Optional<Instant> of(
      State state, Assignment assignment, Optional<ExtensionStatus> entry, Rollout rollout) {
    Duration progress = Duration.ofSeconds(rollout.progressDeadlineSeconds());
    Optional<Instant> admitted = Alarm.parse(assignment.admittedTime());
    if (entry.filter(e -> waitsForMaintenance(e, assignment)).isPresent()) {
      return Optional.empty(); // a drain and what it allows have deadlines of their own
    }
    Optional<Instant> maintained =
        state.spec().maintenance(assignment.policy()).flatMap(one -> Alarm.parse(one.time()));
    if (maintained.isPresent() && admitted.filter(maintained.get()::isAfter).isPresent()) {
      admitted = maintained;
    }
    if (entry.isEmpty()) {
      return admitted.map(time -> later(time, state.boundSince()).plus(progress));
    }
    Duration allowed =
        entry.get().phase() == Phase.FETCHING
            ? DOWNLOAD.plus(progress)
            : progress.plus(proof(assignment));
    return admitted.map(time -> later(time, state.quietSince())).map(time -> time.plus(allowed));
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  private static boolean waitsForMaintenance(ExtensionStatus entry, Assignment assignment) {
    return entry.reason().equals(Reasons.AWAITING_DRAIN)
        || (entry.phase() == Phase.PENDING_REBOOT
            && assignment.target().activation() == Activation.REBOOT);
  }

  /** Services and checks are dealt with at most twice: after the merge, and after the soak. */
  private static Duration proof(Assignment assignment) {
    if (assignment.remove()) {
      return Duration.ZERO;
    }
    long checks =
        assignment.target().healthChecks().stream().mapToLong(HealthCheck::timeoutSeconds).sum();
    return Duration.ofSeconds(assignment.target().soakSeconds() + 2 * checks);
  }
}
