package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import java.time.Instant;
import java.util.Optional;

/**
 * How far an assignment is, by the evidence of the node's agent. Evidence counts only if the agent
 * has seen the present spec ({@code observedGeneration}) and speaks of the assignment's revision:
 * an older report may speak of anything. What the clock says of it is {@link Evidence}.
 */
public enum Standing {
  /** Told, or about to be; not through. Takes a slot. */
  WORKING,
  /** Failed, incompatible or rolled back. Takes no slot: it counts for the failure budget. */
  FAILED,
  /** Linked for the next boot, whenever that is. Takes no slot. */
  LINKED,
  /** Its pods did not leave the node: it is left as it is. Takes no slot. */
  SKIPPED,
  /** In effect, and it stayed so for the soak. Takes no slot. */
  IN_EFFECT,
  /** A tombstone whose extension is gone from the host. Takes no slot. */
  REMOVED;

  /** How far the assignment of this state is. */
  public static Standing of(State state, Assignment assignment) {
    Standing reported = reported(state, assignment);
    return reported == WORKING
        ? outcome(state, assignment)
            .map(one -> one.stage() == Maintenance.Stage.FAILED ? FAILED : SKIPPED)
            .orElse(WORKING)
        : reported;
  }

  /** Whether it is the maintenance of its node that failed, and not what its agent reports. */
  static boolean isByMaintenance(State state, Assignment assignment) {
    return reported(state, assignment) == WORKING;
  }

  /** Whether the agent has all it needs for an assignment but an extension that it requires. */
  public static boolean isWaitingForExtension(State state, Assignment assignment) {
    return isObserved(state)
        && entry(state, assignment)
            .filter(entry -> entry.revision().equals(assignment.target().revision()))
            .filter(entry -> entry.reason().equals(Reasons.WAITS_FOR_EXTENSION))
            .isPresent();
  }

  private static Standing reported(State state, Assignment assignment) {
    return isObserved(state)
        ? entry(state, assignment).map(entry -> of(entry, assignment)).orElse(WORKING)
        : WORKING;
  }

  /**
   * What came of the maintenance of an assignment's very admission, if it is over. One maintenance
   * is for all that the policy's revision has waiting on the node, of whatever attempt.
   */
  public static Optional<Maintenance> outcome(State state, Assignment assignment) {
    return state
        .spec()
        .maintenance(assignment.policy())
        .filter(one -> !one.isActive())
        .filter(one -> one.revision().equals(assignment.target().revision()))
        .filter(one -> one.attempt().equals(assignment.attempt()) || isAfter(one, assignment))
        .filter(one -> !isBefore(one, assignment));
  }

  /** Whether an assignment was there when its maintenance came to its end. */
  private static boolean isAfter(Maintenance maintenance, Assignment assignment) {
    Optional<Instant> admitted = Alarm.parse(assignment.admittedTime());
    return Alarm.parse(maintenance.time())
        .filter(time -> admitted.filter(time::isAfter).isPresent())
        .isPresent();
  }

  /**
   * Whether a maintenance is older than the admission of an assignment: what came of it is no
   * matter of that admission.
   */
  public static boolean isBefore(Maintenance maintenance, Assignment assignment) {
    Optional<Instant> admitted = Alarm.parse(assignment.admittedTime());
    return Alarm.parse(maintenance.time())
        .filter(time -> admitted.filter(time::isBefore).isPresent())
        .isPresent();
  }

  /** Whether the agent's report is about the present spec, whatever comes next in it. */
  public static boolean isObserved(State state) {
    return state.status().observedGeneration() >= state.boundGeneration();
  }

  /** What the agent reports of an assignment, of whatever revision. */
  public static Optional<ExtensionStatus> entry(State state, Assignment assignment) {
    return state.status().extensions().stream()
        .filter(entry -> entry.key().equals(assignment.key()))
        .findFirst();
  }

  /** Whether it takes a slot of its policy. */
  public boolean takesSlot() {
    return this == WORKING;
  }

  private static Standing of(ExtensionStatus entry, Assignment assignment) {
    if (assignment.remove()) {
      return switch (entry.phase()) {
        case REMOVED -> REMOVED;
        case FAILED -> FAILED;
        default -> WORKING;
      };
    }
    if (!entry.revision().equals(assignment.target().revision())) {
      return WORKING;
    }
    return switch (entry.phase()) {
      case ACTIVE -> entry.soaked() ? IN_EFFECT : WORKING;
      case PENDING_REBOOT ->
          assignment.target().activation() == Activation.REBOOT ? WORKING : LINKED;
      case STAGED -> entry.reason().equals(Reasons.STAGED_ONLY) ? IN_EFFECT : WORKING;
      case FAILED, INCOMPATIBLE, ROLLED_BACK -> FAILED;
      default -> WORKING;
    };
  }
}
