package io.kairos.extensions.e2e.fleet;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.kairos.extensions.agent.AgentConfig;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.store.HostPaths;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.e2e.host.TestHost;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A node of the cluster: a Node object, a host, and the agent that looks after it. */
public final class FleetNode implements AutoCloseable {
  private final TestHost host;
  private final Installation installation;
  private final KubernetesClient client;
  private final Path siteCa;
  private final Path log;
  private final Duration statusPause;
  private Optional<RunningAgent> agent = Optional.empty();

  FleetNode(
      TestHost host,
      Installation installation,
      KubernetesClient client,
      Path siteCa,
      Path log,
      Duration statusPause) {
    this.host = host;
    this.installation = installation;
    this.client = client;
    this.siteCa = siteCa;
    this.log = log;
    this.statusPause = statusPause;
  }

  /** The host's and the node's name. */
  public String name() {
    return host.name();
  }

  /** The host. */
  public TestHost host() {
    return host;
  }

  /** Where the agent's words go. */
  public Path log() {
    return log;
  }

  /** The host's system extensions as this process sees them. */
  public StoreLayout layout() {
    return layout(ExtensionClass.SYSEXT);
  }

  /** The host's extensions of a class as this process sees them. */
  public StoreLayout layout(ExtensionClass of) {
    return StoreLayout.of(host.kairos(), new HostPaths(host.root()), of);
  }

  /** A Node as a kubelet registers it, ready. */
  public static Node node(String name, String architecture, Map<String, String> labels) {
    return new NodeBuilder()
        .withNewMetadata()
        .withName(name)
        .withLabels(labels)
        .addToLabels("kubernetes.io/hostname", name)
        .addToLabels("kubernetes.io/arch", architecture)
        .endMetadata()
        .withNewStatus()
        .withNewNodeInfo()
        .withArchitecture(architecture)
        .endNodeInfo()
        .addNewCondition()
        .withType("Ready")
        .withStatus("True")
        .withReason("KubeletReady")
        .withMessage("plays its part")
        .withLastHeartbeatTime("2026-01-01T00:00:00Z")
        .withLastTransitionTime("2026-01-01T00:00:00Z")
        .endCondition()
        .endStatus()
        .build();
  }

  /** Registers a ready Node. */
  public static void register(KubernetesClient client, Node node) {
    client.resource(node).create();
    client.resource(node).updateStatus();
  }

  /** Starts the agent, if it does not run. */
  public void startAgent() {
    if (agent.filter(RunningAgent::isAlive).isPresent()) {
      return;
    }
    try {
      agent =
          Optional.of(
              host.merges()
                  ? installation.startAgent(
                      host,
                      Map.of(
                          "SYSEXT_CA_FILE",
                          siteCa.toString(),
                          "SYSEXT_FILE_FOLDERS",
                          "/var/lib/kairos/images",
                          "SYSEXT_ALLOW_COMMANDS",
                          "true",
                          "SYSEXT_STATUS_PAUSE_MILLIS",
                          String.valueOf(statusPause.toMillis()),
                          "SYSEXT_POLL_SECONDS",
                          "5"),
                      log)
                  : RunningAgent.inProcess(
                      AgentConfig.of(host.name(), host.root()).toBuilder()
                          .siteCa(Optional.of(siteCa))
                          .fileFolders(List.of(Path.of("/var/lib/kairos/images")))
                          .commandsAllowed(true)
                          .statusPause(statusPause)
                          .poll(Duration.ofSeconds(5))
                          .build(),
                      new KubernetesClientBuilder()
                          .withConfig(installation.agent(host.name()))
                          .build()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Kills the agent, as SIGKILL does. */
  public void killAgent() {
    agent.ifPresent(RunningAgent::close);
    agent = Optional.empty();
  }

  /** Reboots the host in good order; its agent ends with it and comes back with it. */
  public void reboot() {
    killAgent();
    host.reboot();
    startAgent();
  }

  /** Cuts the host off, agent included, and boots it again. */
  public void cutPowerAndBoot() {
    host.cutPower();
    killAgent();
    host.powerOn();
    startAgent();
  }

  /** The node's state, if there is one. */
  public Optional<NodeExtensionState> state() {
    return Optional.ofNullable(client.resources(NodeExtensionState.class).withName(name()).get());
  }

  /** What the node's state says of a system extension. */
  public Optional<ExtensionStatus> extension(String name) {
    return extension(ExtensionType.SYSEXT, name);
  }

  /** What the node's state says of an extension. */
  public Optional<ExtensionStatus> extension(ExtensionType type, String name) {
    return state().stream()
        .flatMap(state -> state.getStatus().extensions().stream())
        .filter(extension -> extension.key().equals(new ExtensionKey(type, name)))
        .findFirst();
  }

  @Override
  public void close() {
    try {
      if (host.isOn()) {
        host.cutPower();
      }
    } finally {
      killAgent();
      host.close();
    }
  }
}
