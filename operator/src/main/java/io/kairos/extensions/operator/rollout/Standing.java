package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import java.util.Optional;

/**
 * How far an assignment is, by the evidence of the node's agent. Evidence counts only if the agent
 * has seen the present spec ({@code observedGeneration}) and speaks of the assignment's revision:
 * an older report may speak of anything.
 */
public enum Standing {
  /** Told, or about to be; not through. Takes a slot. */
  WORKING,
  /**
   * Failed, incompatible or rolled back. Takes a slot: there is no failure budget yet, so a bad
   * image must not get to more nodes than {@code maxUnavailable}.
   */
  FAILED,
  /** Linked for the next boot, whenever that is. Takes no slot. */
  LINKED,
  /** In effect, and it stayed so for the soak. Takes no slot. */
  IN_EFFECT,
  /** A tombstone whose extension is gone from the host. Takes no slot. */
  REMOVED;

  /** How far the assignment of this state is. */
  public static Standing of(State state, Assignment assignment) {
    if (!isObserved(state)) {
      return WORKING;
    }
    return entry(state, assignment).map(entry -> of(entry, assignment)).orElse(WORKING);
  }

  /** Whether the agent's report is about the present spec. */
  public static boolean isObserved(State state) {
    return state.status().observedGeneration() >= state.generation();
  }

  /** What the agent reports of an assignment, of whatever revision. */
  public static Optional<ExtensionStatus> entry(State state, Assignment assignment) {
    return state.status().extensions().stream()
        .filter(entry -> entry.key().equals(assignment.key()))
        .findFirst();
  }

  /** Whether it takes a slot of its policy. */
  public boolean takesSlot() {
    return this == WORKING || this == FAILED;
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
      case PENDING_REBOOT -> LINKED;
      case FAILED, INCOMPATIBLE, ROLLED_BACK -> FAILED;
      default -> WORKING;
    };
  }
}
