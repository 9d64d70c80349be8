package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What may disturb the node in this boot, by the operator's word: the names of policies.
 *
 * @param activate whose live changes may go on, after a drain
 * @param reboot for whose changes the host may be rebooted
 */
public record Grants(Set<String> activate, Set<String> reboot) {
  /** Nothing may. */
  public static final Grants NONE = new Grants(Set.of(), Set.of());

  /** Takes copies. */
  public Grants {
    activate = Set.copyOf(activate);
    reboot = Set.copyOf(reboot);
  }

  /** The grants of a node's spec that are for this boot; one for an earlier boot is void. */
  public static Grants of(List<Maintenance> maintenance, String bootId) {
    return new Grants(
        policies(maintenance, bootId, Maintenance.Stage.ACTIVATE),
        policies(maintenance, bootId, Maintenance.Stage.REBOOT));
  }

  /** Whether the live change of an assignment may go on. */
  boolean allow(Assignment assignment) {
    return !assignment.target().afterDrain() || activate.contains(assignment.policy());
  }

  private static Set<String> policies(
      List<Maintenance> maintenance, String bootId, Maintenance.Stage stage) {
    return maintenance.stream()
        .filter(one -> one.stage() == stage && one.bootId().equals(bootId))
        .map(Maintenance::policy)
        .collect(Collectors.toUnmodifiableSet());
  }
}
