package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Windows;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What was given up on a node, and is tried again though nothing else is wanted there: what failed,
 * or was skipped, when a person asks for a retry; and what was skipped because its pods did not
 * leave the node in time also in the next window, if its policy has windows. Pods that are in the
 * way tonight may not be tomorrow; what failed is likely to fail again.
 *
 * <p>Each try takes an admission: a slot, in its turn. Its time ({@code admittedTime}) tells what
 * came of this try from what came of those before ({@link Standing#outcome}).
 */
final class Retries {
  private final FleetSnapshot fleet;
  private final Evidence evidence;
  private final Alarm alarm;
  private final Instant now;
  private final Map<String, Optional<Instant>> openSince = new HashMap<>();

  /**
   * At a time.
   *
   * @param alarm is told when the next window opens that something waits for
   */
  Retries(FleetSnapshot fleet, Evidence evidence, Alarm alarm, Instant now) {
    this.fleet = fleet;
    this.evidence = evidence;
    this.alarm = alarm;
    this.now = now;
  }

  /** Whether an assignment, or a tombstone, is to be tried again. */
  boolean isDue(State state, Assignment present) {
    Policy owner = fleet.policies().get(present.policy());
    if (owner == null) {
      return false;
    }
    boolean asked = !present.attempt().equals(owner.status().observedRetry());
    return switch (evidence.standing(state, present)) {
      case FAILED -> asked;
      case SKIPPED -> asked || isBeforeThisWindow(owner, state, present);
      case WORKING, LINKED, IN_EFFECT, REMOVED -> false;
    };
  }

  private boolean isBeforeThisWindow(Policy owner, State state, Assignment present) {
    Optional<Instant> opened = openSince.computeIfAbsent(owner.name(), name -> opened(owner));
    return Standing.outcome(state, present)
        .map(Maintenance::time)
        .flatMap(Alarm::parse)
        .filter(time -> opened.filter(time::isBefore).isPresent())
        .isPresent();
  }

  private Optional<Instant> opened(Policy owner) {
    Windows windows = new Windows(owner.spec().rollout().windows());
    windows.nextOpening(now).ifPresent(alarm::hasCome);
    return windows.openSince(now);
  }
}
