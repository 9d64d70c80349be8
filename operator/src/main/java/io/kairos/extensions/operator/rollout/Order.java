package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import java.util.Comparator;

/**
 * In which order nodes come: zone by zone, the oldest first; then control-plane nodes; then the one
 * that the operator itself runs on.
 */
final class Order {
  private static final String ZONE = "topology.kubernetes.io/zone";
  private static final String CONTROL_PLANE = "node-role.kubernetes.io/control-plane";

  private Order() {}

  /** The order where the operator runs on a Node, which may be unknown. */
  static Comparator<Node> of(String operatorNode) {
    return Comparator.comparing((Node node) -> node.name().equals(operatorNode))
        .thenComparing(Order::isControlPlane)
        .thenComparing(Order::zone)
        .thenComparing(Node::created)
        .thenComparing(Node::name);
  }

  /** Whether a Node is one of the control plane: of those one at a time is changed. */
  static boolean isControlPlane(Node node) {
    return node.labels().containsKey(CONTROL_PLANE);
  }

  /** Where a Node stands, empty where nobody says. */
  static String zone(Node node) {
    return node.labels().getOrDefault(ZONE, "");
  }
}
