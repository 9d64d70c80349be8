package io.kairos.extensions.operator.drain;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.rollout.Standing;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the changes of a policy on a node wait for, by the report of the node's agent. */
enum Need {
  /** The agent has not reported on the present spec: nobody knows. */
  UNKNOWN,
  /** The agent is at work, and waits for nobody. */
  WORK,
  /** All is linked, and some of it waits for a reboot that has to be allowed. */
  REBOOT,
  /** All is in the store, and some of it waits for the node to be drained. */
  ACTIVATE,
  /** All of it is through, or has failed; or there is nothing. */
  NOTHING;

  private static final Set<Phase> THROUGH =
      EnumSet.of(Phase.ACTIVE, Phase.FAILED, Phase.INCOMPATIBLE, Phase.ROLLED_BACK, Phase.REMOVED);

  /** What a policy's changes wait for. */
  static Need of(State state, String policy) {
    List<Assignment> own = own(state, policy);
    if (own.isEmpty()) {
      return NOTHING;
    }
    return own.stream()
        .map(assignment -> of(state, assignment))
        .min(Enum::compareTo)
        .orElse(NOTHING);
  }

  /** What one assignment waits for. */
  static Need of(State state, Assignment assignment) {
    return Standing.isObserved(state) ? of(Standing.entry(state, assignment), assignment) : UNKNOWN;
  }

  /** The assignments of a policy on a node. */
  static List<Assignment> own(State state, String policy) {
    return state.spec().assignments().stream()
        .filter(assignment -> assignment.policy().equals(policy))
        .toList();
  }

  private static Need of(Optional<ExtensionStatus> reported, Assignment assignment) {
    if (reported.isEmpty()) {
      return WORK;
    }
    ExtensionStatus entry = reported.get();
    if (entry.reason().equals(Reasons.AWAITING_DRAIN)) {
      return ACTIVATE;
    }
    if (!assignment.remove() && !entry.revision().equals(assignment.target().revision())) {
      return WORK;
    }
    if (entry.phase() == Phase.PENDING_REBOOT) {
      return assignment.target().activation() == Activation.REBOOT ? REBOOT : NOTHING;
    }
    boolean through =
        assignment.remove()
            ? entry.phase() == Phase.REMOVED
            : THROUGH.contains(entry.phase()) || entry.reason().equals(Reasons.STAGED_ONLY);
    return through ? NOTHING : WORK;
  }
}
