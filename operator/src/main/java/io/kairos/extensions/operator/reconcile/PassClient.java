package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.RequestConfigBuilder;

/**
 * The client of a pass. Fabric8's tries again by itself whatever is answered with 429 or a 5xx, ten
 * times in 19 seconds: with 429 the API server says that a PodDisruptionBudget protects a pod, and
 * a node full of such pods would hold up the fleet for minutes. Here it is tried once more at once,
 * which is enough for a moment's trouble; all else is for the next pass.
 */
final class PassClient {
  private static final int MORE_TRIES = 1;

  private PassClient() {}

  /**
   * Of the same connections and configuration.
   *
   * @param client stays the caller's
   */
  static KubernetesClient of(KubernetesClient client) {
    return client
        .newClient(new RequestConfigBuilder().withRequestRetryBackoffLimit(MORE_TRIES).build())
        .adapt(KubernetesClient.class);
  }
}
