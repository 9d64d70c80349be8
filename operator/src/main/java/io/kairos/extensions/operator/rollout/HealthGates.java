package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Gate;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.GateVerdict;
import java.util.Optional;

/**
 * Whether the gates of a policy let nodes be admitted: all of them, and each was asked. A policy
 * that is being deleted asks none.
 */
public final class HealthGates {
  private HealthGates() {}

  /**
   * A gate that is in the way.
   *
   * @param gate its name
   * @param reason CamelCase, of {@link Reasons}
   * @param why it is closed, for a person
   */
  public record Obstacle(String gate, String reason, String why) {
    /** Its name, and why it is closed. */
    public String message() {
      return "gate " + gate + " " + why;
    }

    /** What a node waits for, in short. */
    String note() {
      return "waits for gate " + gate;
    }
  }

  /** The first gate of a policy, in the order of its spec, that is in the way. */
  public static Optional<Obstacle> obstacle(FleetSnapshot fleet, Policy policy) {
    if (policy.deleting()) {
      return Optional.empty();
    }
    return policy.spec().rollout().gates().stream()
        .flatMap(gate -> obstacle(fleet, gate).stream())
        .findFirst();
  }

  private static Optional<Obstacle> obstacle(FleetSnapshot fleet, Gate gate) {
    GateVerdict verdict = fleet.gates().get(gate);
    if (verdict instanceof GateVerdict.Open) {
      return Optional.empty();
    }
    if (verdict instanceof GateVerdict.Closed closed) {
      return Optional.of(
          new Obstacle(gate.name(), closed.reason(), "is closed: " + closed.message()));
    }
    if (verdict instanceof GateVerdict.Invalid invalid) {
      return Optional.of(
          new Obstacle(gate.name(), Reasons.INVALID_SPEC, "is invalid: " + invalid.message()));
    }
    return Optional.of(new Obstacle(gate.name(), Reasons.GATE_CLOSED, "was not asked yet"));
  }
}
