package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the other nodes in change mean for one that may be admitted. What is spread over zones
 * survives the loss of one, so a policy changes nodes of one zone at a time. And the control plane
 * survives the loss of one of its nodes: of those one at a time is changed, by all policies
 * together, and none while another one is not Ready, as long as that one may come back.
 */
final class Neighbours {
  private final FleetSnapshot fleet;
  private final Set<String> zones = new HashSet<>();
  private final Set<String> controlPlane = new HashSet<>();

  /**
   * The nodes in change before anything new is admitted.
   *
   * @param work the work on all nodes that have a state of their own
   * @param writer the nodes that are written in this pass
   * @param slots of the policy that admits
   */
  Neighbours(
      FleetSnapshot fleet,
      Policy policy,
      Collection<NodeWork> work,
      Evidence evidence,
      Map<String, String> writer,
      Slots slots) {
    this.fleet = fleet;
    for (NodeWork changes : work) {
      Node node = fleet.nodes().get(changes.state().node());
      if (slots.isWorking(node.name())) {
        zones.add(Order.zone(node));
      }
      if (Order.isControlPlane(node)
          && (writer.containsKey(node.name())
              || changes.holders().stream().anyMatch(changes::isBusyFor))) {
        controlPlane.add(node.name());
      }
    }
    fleet.nodes().values().stream()
        .filter(node -> Order.isControlPlane(node) && evidence.isAway(node, policy))
        .map(Node::name)
        .forEach(controlPlane::add);
  }

  /** A node is admitted. */
  void taken(String name) {
    Node node = fleet.nodes().get(name);
    zones.add(Order.zone(node));
    if (Order.isControlPlane(node)) {
      controlPlane.add(name);
    }
  }

  /** Why a node has to wait for others, empty if it has not to. */
  Optional<String> obstacle(String name) {
    Node node = fleet.nodes().get(name);
    if (Order.isControlPlane(node)) {
      Optional<String> other =
          controlPlane.stream().filter(n -> !n.equals(name)).sorted().findFirst();
      if (other.isPresent()) {
        return other.map(n -> "waits for control-plane node " + n);
      }
    }
    if (zones.isEmpty() || zones.contains(Order.zone(node))) {
      return Optional.empty();
    }
    String zone = zones.stream().sorted().findFirst().orElseThrow();
    return Optional.of(
        zone.isEmpty() ? "waits for the nodes without a zone" : "waits for zone " + zone);
  }
}
