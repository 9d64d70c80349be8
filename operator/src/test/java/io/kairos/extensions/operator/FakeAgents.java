package io.kairos.extensions.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The agents' side of the states, by hand: every step is one of the test's. */
final class FakeAgents {
  private final KubernetesClient client;

  FakeAgents(KubernetesClient client) {
    this.client = client;
  }

  /** Every node does all it is told, at once. */
  void succeed() {
    for (NodeExtensionState state : states()) {
      report(
          state.getMetadata().getName(),
          a -> entry(a, a.remove() ? Phase.REMOVED : Phase.ACTIVE, "", ""));
    }
  }

  /** One node reports this about all that it was told. */
  void report(String node, Function<Assignment, ExtensionStatus> entry) {
    NodeExtensionState state = state(node).orElseThrow();
    List<ExtensionStatus> entries = state.getSpec().assignments().stream().map(entry).toList();
    NodeExtensionStateStatus status =
        NodeExtensionStateStatus.EMPTY.toBuilder()
            .observedGeneration(Optional.ofNullable(state.getMetadata().getGeneration()).orElse(0L))
            .extensions(entries)
            .build();
    if (!status.equals(state.getStatus())) {
      state.setStatus(status);
      try {
        client.resource(state).updateStatus();
      } catch (KubernetesClientException e) {
        if (e.getCode() != 409) {
          throw e;
        }
      }
    }
  }

  static ExtensionStatus entry(Assignment assignment, Phase phase, String reason, String message) {
    return ExtensionStatus.builder()
        .type(assignment.type())
        .name(assignment.name())
        .phase(phase)
        .version(assignment.target().version())
        .sha256(assignment.target().image().sha256())
        .revision(assignment.target().revision())
        .reason(reason)
        .message(message)
        .soaked(phase == Phase.ACTIVE)
        .build();
  }

  List<NodeExtensionState> states() {
    return client.resources(NodeExtensionState.class).list().getItems();
  }

  Optional<NodeExtensionState> state(String node) {
    return Optional.ofNullable(client.resources(NodeExtensionState.class).withName(node).get());
  }
}
