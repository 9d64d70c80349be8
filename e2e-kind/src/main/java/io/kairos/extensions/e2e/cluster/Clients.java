package io.kairos.extensions.e2e.cluster;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** The clients that a cluster has given out, closed with it. */
final class Clients implements AutoCloseable {

  private final Queue<KubernetesClient> given = new ConcurrentLinkedQueue<>();

  KubernetesClient create(Config config) {
    return add(new KubernetesClientBuilder().withConfig(config).build());
  }

  KubernetesClient add(KubernetesClient client) {
    given.add(client);
    return client;
  }

  @Override
  public void close() {
    given.forEach(KubernetesClient::close);
    given.clear();
  }
}
