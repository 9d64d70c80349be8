package io.kairos.extensions.e2e.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Fabric8's mock server, which keeps objects in memory and answers as an API server roughly would:
 * no schema, no defaults, no CEL, no server-side apply, no RBAC, no discovery for kubectl. {@link
 * StricterDispatcher} adds what the operator's safety rests on.
 */
public final class MockCluster implements TestCluster {

  private final Path home;
  private final KubernetesMockServer server;
  private final Clients clients = new Clients();
  private final AtomicBoolean closed = new AtomicBoolean();

  private MockCluster(Path home, KubernetesMockServer server) {
    this.home = home;
    this.server = server;
  }

  /** Starts one on the loopback interface. */
  public static MockCluster start() {
    ObjectMapper mapper = new ObjectMapper();
    new KubernetesSerialization(mapper, true);
    KubernetesMockServer server =
        new KubernetesMockServer(
            new Context(mapper),
            new MockWebServer(),
            new HashMap<>(),
            new StricterDispatcher(),
            false);
    server.init(InetAddress.getLoopbackAddress(), 0);
    try {
      MockCluster cluster = new MockCluster(Files.createTempDirectory("sysext-mock-"), server);
      Files.createFile(
          cluster.kubeconfig(),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(
          cluster.kubeconfig(),
          """
          apiVersion: v1
          kind: Config
          clusters:
          - name: mock
            cluster: {server: "%s"}
          users:
          - name: mock
            user: {}
          contexts:
          - name: mock
            context: {cluster: mock, user: mock, namespace: default}
          current-context: mock
          """
              .formatted(cluster.url()));
      return cluster;
    } catch (IOException e) {
      server.destroy();
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public KubernetesClient client() {
    Config config = config();
    return clients.add(server.createClient(builder -> builder.withConfig(config)));
  }

  @Override
  public Config config() {
    return new ConfigBuilder(Config.empty())
        .withMasterUrl(url())
        .withNamespace("default")
        .withHttp2Disable(true)
        .build();
  }

  /** By address: a name might lead to an interface that it does not listen on. */
  private String url() {
    return "http://%s:%d/"
        .formatted(InetAddress.getLoopbackAddress().getHostAddress(), server.getPort());
  }

  @Override
  public Path kubeconfig() {
    return home.resolve("kubeconfig");
  }

  @Override
  public boolean real() {
    return false;
  }

  @Override
  public String describe() {
    return "Fabric8 mock server (in memory: no schema, no server-side apply)";
  }

  @Override
  public Optional<Path> kubectl() {
    return Optional.empty();
  }

  @Override
  public void applyCrds(List<CustomResourceDefinition> definitions) {
    try (KubernetesClient client = client()) {
      for (CustomResourceDefinition definition : definitions) {
        client.resource(definition).createOr(NonDeletingOperation::update);
      }
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      clients.close();
      server.destroy();
      Folders.delete(home);
    }
  }
}
