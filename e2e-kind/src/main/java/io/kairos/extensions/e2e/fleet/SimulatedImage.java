package io.kairos.extensions.e2e.fleet;

import io.kairos.extensions.agent.plan.Grants;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.List;

/**
 * An extension on a simulated host.
 *
 * @param attempt the retry that the phase speaks of
 * @param wanted the digest that the phase speaks of
 * @param phase where it stands
 * @param awaitsDrain whether it goes on only once the node's pods were moved away
 * @param linked the digest that profile links lead to, empty for none
 * @param profiles the profiles that link it
 * @param merged the digest that is merged, empty for none
 */
record SimulatedImage(
    String attempt,
    String wanted,
    Phase phase,
    boolean awaitsDrain,
    String linked,
    List<Profile> profiles,
    String merged) {
  static final SimulatedImage NONE =
      new SimulatedImage("", "", Phase.PENDING, false, "", List.of(), "");

  SimulatedImage at(Phase next) {
    return new SimulatedImage(attempt, wanted, next, false, linked, profiles, merged);
  }

  SimulatedImage merge(String sha256) {
    return new SimulatedImage(attempt, wanted, phase, awaitsDrain, linked, profiles, sha256);
  }

  private SimulatedImage link(String sha256, List<Profile> to) {
    return new SimulatedImage(attempt, wanted, phase, awaitsDrain, sha256, to, merged);
  }

  private SimulatedImage waiting() {
    return new SimulatedImage(attempt, wanted, phase, true, linked, profiles, merged);
  }

  private SimulatedImage want(Assignment assignment) {
    return new SimulatedImage(
        assignment.attempt(),
        assignment.target().image().sha256(),
        Phase.PENDING,
        false,
        linked,
        profiles,
        merged);
  }

  /** One step further; nothing for what is as it shall be, or has to wait. */
  SimulatedImage step(Assignment assignment, Grants grants) {
    String sha256 = assignment.target().image().sha256();
    if (assignment.remove()) {
      return switch (phase) {
        case REMOVED -> this;
        case REMOVING -> mayDisturb(assignment, grants) ? NONE.at(Phase.REMOVED) : waiting();
        default -> at(Phase.REMOVING);
      };
    }
    boolean live = assignment.target().activation() == Activation.LIVE;
    if (!wanted.equals(sha256)
        || phase == Phase.REMOVED
        || phase == Phase.REMOVING
        || (phase == Phase.ROLLED_BACK && !attempt.equals(assignment.attempt()))) {
      return want(assignment);
    }
    SimulatedImage committed = link(sha256, assignment.target().profiles());
    return switch (phase) {
      case PENDING -> at(Phase.FETCHING);
      case FETCHING -> at(Phase.STAGED);
      case STAGED -> {
        if (!live) {
          yield committed.at(Phase.PENDING_REBOOT);
        }
        yield mayDisturb(assignment, grants) ? at(Phase.ACTIVATING) : waiting();
      }
      case ACTIVATING -> merge(sha256).at(Phase.VERIFYING);
      case VERIFYING -> committed.at(Phase.ACTIVE);
      case PENDING_REBOOT -> {
        if (merged.equals(sha256)) {
          yield at(Phase.VERIFYING);
        }
        yield live ? at(Phase.ACTIVATING) : this;
      }
      case ACTIVE -> committed;
      case ROLLED_BACK -> this;
      default -> at(Phase.PENDING);
    };
  }

  private static boolean mayDisturb(Assignment assignment, Grants grants) {
    return !assignment.target().afterDrain() || grants.activate().contains(assignment.policy());
  }

  /** Whether a reboot is what it waits for, and its policy lets the host reboot now. */
  boolean mayReboot(Assignment assignment, Grants grants) {
    return phase == Phase.PENDING_REBOOT
        && assignment.target().activation() == Activation.REBOOT
        && !merged.equals(linked)
        && grants.reboot().contains(assignment.policy());
  }

  /** Whether nothing more happens by itself. */
  boolean isSettled() {
    return awaitsDrain
        || switch (phase) {
          case ACTIVE, ROLLED_BACK, REMOVED -> true;
          case PENDING_REBOOT -> !merged.equals(linked);
          default -> false;
        };
  }

  String reason() {
    if (awaitsDrain) {
      return Reasons.AWAITING_DRAIN;
    }
    return switch (phase) {
      case ACTIVE -> Reasons.MERGED;
      case PENDING_REBOOT -> Reasons.LINKED_FOR_NEXT_BOOT;
      case VERIFYING -> Reasons.SOAKING;
      case REMOVED -> Reasons.REMOVED;
      case ROLLED_BACK -> Reasons.HEALTH_CHECK_FAILED;
      default -> Reasons.IN_PROGRESS;
    };
  }

  String message() {
    return phase == Phase.ROLLED_BACK ? "health check up: exit code 1" : "";
  }
}
