package io.kairos.extensions.e2e.scenario;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import java.util.Optional;

/**
 * What the API server has, as its watches tell it, some milliseconds late: it may be asked as often
 * as one likes without a request.
 */
final class ApiWatch implements AutoCloseable {
  private final SharedIndexInformer<NodeExtensionState> states;
  private final SharedIndexInformer<NodeExtensionPolicy> policies;

  /** Returns when it knows all that is there. */
  ApiWatch(KubernetesClient client) {
    this.states = client.resources(NodeExtensionState.class).inform();
    this.policies = client.resources(NodeExtensionPolicy.class).inform();
  }

  /** What a node's state says of a system extension. */
  Optional<ExtensionStatus> extension(String node, String name) {
    return Optional.ofNullable(states.getIndexer().getByKey(node)).stream()
        .flatMap(state -> state.getStatus().extensions().stream())
        .filter(one -> one.key().equals(new ExtensionKey(ExtensionType.SYSEXT, name)))
        .findFirst();
  }

  /** Whether there is such a policy. */
  boolean hasPolicy(String name) {
    return policies.getIndexer().getByKey(name) != null;
  }

  @Override
  public void close() {
    states.stop();
    policies.stop();
  }
}
