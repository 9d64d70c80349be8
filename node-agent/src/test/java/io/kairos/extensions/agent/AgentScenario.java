package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.kairos.extensions.agent.plan.Storage;
import io.kairos.extensions.agent.store.HostFolder;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The whole agent on real files, with an API server and a systemd that are played. */
abstract class AgentScenario {
  static final String NODE = "node-1";

  private static final Storage.Limits NOTHING_SPARE = new Storage.Limits(0, OptionalLong.empty());

  final MockApi api = new MockApi();
  final KubernetesClient client = api.client();

  @TempDir Path root;
  HostFolder folder;
  FakeHost host;
  ToolImages tool;
  Agent agent;
  Storage.Limits images = NOTHING_SPARE;
  Optional<InetSocketAddress> probes = Optional.empty();

  @BeforeEach
  void prepare() throws IOException {
    folder = host(root);
    host = new FakeHost(folder.layout());
    tool = new ToolImages(folder, host);
  }

  /** The host's files: by default those of Kairos. */
  HostFolder host(Path where) throws IOException {
    return HostFolder.in(where);
  }

  /** The host's files as the agent sees them. */
  Path seen(Path files) {
    return files;
  }

  void start() throws IOException {
    start(Optional.empty());
  }

  void start(Optional<Path> trustedCertificates) throws IOException {
    agent =
        Agent.start(
            AgentConfig.of(NODE, root).toBuilder()
                .hostRoot(seen(root))
                .fileFolders(List.of(ToolImages.FOLDER))
                .statusPause(Duration.ofMillis(50))
                .poll(Duration.ofMillis(250))
                .trustedCertificates(trustedCertificates)
                .images(images)
                .probes(probes)
                .build(),
            api.client(),
            host,
            Clock.systemUTC());
  }

  @AfterEach
  void close() {
    if (agent != null) {
      agent.close();
    }
    api.close();
  }

  void want(Assignment... assignments) {
    want(new NodeExtensionStateSpec(Arrays.asList(assignments)));
  }

  void want(NodeExtensionStateSpec spec) {
    NodeExtensionState state = new NodeExtensionState();
    state.setMetadata(new ObjectMetaBuilder().withName(NODE).build());
    state.setSpec(spec);
    NodeExtensionState known = client.resources(NodeExtensionState.class).withName(NODE).get();
    if (known == null) {
      client.resource(state).create();
    } else {
      await() // until the status does not come between reading and writing
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(20))
          .ignoreException(KubernetesClientException.class)
          .until(() -> edit(state.getSpec()));
    }
  }

  private boolean edit(NodeExtensionStateSpec spec) {
    client
        .resources(NodeExtensionState.class)
        .withName(NODE)
        .edit(
            before -> {
              before.setSpec(spec);
              return before;
            });
    return true;
  }

  NodeExtensionStateStatus status() {
    return client.resources(NodeExtensionState.class).withName(NODE).get().getStatus();
  }

  Optional<ExtensionStatus> entry() {
    return status().extensions().stream().filter(e -> e.name().equals("tool")).findFirst();
  }

  void awaitPhase(Phase phase, int version) {
    await()
        .untilAsserted(
            () ->
                assertThat(entry())
                    .hasValueSatisfying(
                        entry -> {
                          assertThat(entry.phase()).as("%s", entry).isEqualTo(phase);
                          assertThat(entry.version()).isEqualTo(String.valueOf(version));
                        }));
  }
}
