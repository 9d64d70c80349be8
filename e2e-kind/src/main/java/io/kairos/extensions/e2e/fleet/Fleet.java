package io.kairos.extensions.e2e.fleet;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.kairos.extensions.agent.image.MachineArchitecture;
import io.kairos.extensions.e2e.cluster.Crds;
import io.kairos.extensions.e2e.cluster.TestCluster;
import io.kairos.extensions.e2e.host.Folders;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.SampleImages;
import io.kairos.extensions.operator.SysextOperator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A cluster with the operator, an image server, and nodes that run agents. Closing it leaves
 * nothing behind.
 */
public final class Fleet implements AutoCloseable {
  private static final Duration STATUS_PAUSE = Duration.ofMillis(100);

  private final TestCluster cluster;
  private final Installation installation;
  private final KubernetesClient client;
  private final Path folder;
  private final ImageServer server;
  private final SampleImages images;
  private final List<FleetNode> nodes = Collections.synchronizedList(new ArrayList<>());
  private Optional<RunningOperator> operator = Optional.empty();

  private record RunningOperator(SysextOperator operator, KubernetesClient client) {}

  private Fleet(TestCluster cluster, Installation installation, Path folder, ImageServer server) {
    this.cluster = cluster;
    this.installation = installation;
    this.client = cluster.client();
    this.folder = folder;
    this.server = server;
    this.images = new SampleImages(folder);
  }

  /**
   * Puts the CRDs into a cluster and starts an operator in it.
   *
   * @param cluster closes with the fleet
   * @throws IOException when a server cannot be started
   */
  public static Fleet start(TestCluster cluster) throws IOException, InterruptedException {
    cluster.applyCrds(crds());
    return start(cluster, Installation.byAdministrator(cluster));
  }

  /**
   * Starts an operator in a cluster that has the CRDs.
   *
   * @param cluster closes with the fleet
   * @param installation how operator and agents are run
   * @throws IOException when a server cannot be started
   */
  public static Fleet start(TestCluster cluster, Installation installation)
      throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("sysext-fleet-");
    Fleet fleet = new Fleet(cluster, installation, folder, ImageServer.start(folder));
    fleet.startOperator();
    return fleet;
  }

  /** The CRDs as they are committed. */
  public static List<CustomResourceDefinition> crds() {
    return Crds.all();
  }

  /** Starts the operator, if it does not run. */
  public void startOperator() {
    if (operator.isEmpty()) {
      KubernetesClient own =
          new KubernetesClientBuilder().withConfig(installation.operator()).build();
      operator =
          Optional.of(
              new RunningOperator(
                  SysextOperator.start(own, installation.operatorConfig(), Clock.systemUTC()),
                  own));
    }
  }

  /** Stops the operator. */
  public void stopOperator() {
    operator.ifPresent(
        running -> {
          running.operator().close();
          running.client().close();
        });
    operator = Optional.empty();
  }

  /** Boots a host, registers its Node, starts its agent. */
  public FleetNode addNode(Hosts hosts, HostOptions options) {
    return addNode(hosts, options, Map.of());
  }

  /** Boots a host, registers its Node with labels, starts its agent. */
  public FleetNode addNode(Hosts hosts, HostOptions options, Map<String, String> labels) {
    return addNode(hosts, options, labels, STATUS_PAUSE);
  }

  /** The same, with an agent that rests this long between two reports. */
  public FleetNode addNode(
      Hosts hosts, HostOptions options, Map<String, String> labels, Duration statusPause) {
    FleetNode node =
        new FleetNode(
            hosts.make(options),
            installation,
            client,
            server.ca(),
            folder.resolve(options.name() + ".log"),
            statusPause);
    nodes.add(node);
    FleetNode.register(client, FleetNode.node(node.name(), architecture(), labels));
    node.startAgent();
    return node;
  }

  /** Takes a node away: the object, the host, and the agent. */
  public void removeNode(FleetNode node) {
    client.nodes().withName(node.name()).delete();
    nodes.remove(node);
    node.close();
  }

  /** This machine's architecture, as Kubernetes names it. */
  public static String architecture() {
    String java = System.getProperty("os.arch");
    return MachineArchitecture.ofMachine(java.equals("amd64") ? "x86_64" : java)
        .map(MachineArchitecture::kubernetesName)
        .orElse(java);
  }

  /** The cluster. */
  public TestCluster cluster() {
    return cluster;
  }

  /** An administrator's client. */
  public KubernetesClient client() {
    return client;
  }

  /** The image server. */
  public ImageServer server() {
    return server;
  }

  /** Makes images. */
  public SampleImages images() {
    return images;
  }

  /** A folder for this fleet's files. */
  public Path folder() {
    return folder;
  }

  /** The nodes that were added. */
  public List<FleetNode> nodes() {
    return List.copyOf(nodes);
  }

  @Override
  public void close() {
    nodes().forEach(FleetNode::close);
    stopOperator();
    server.close();
    cluster.close();
    try {
      Folders.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
