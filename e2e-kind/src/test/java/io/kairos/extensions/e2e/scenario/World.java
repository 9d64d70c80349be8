package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import io.kairos.extensions.e2e.cluster.Effort;
import io.kairos.extensions.e2e.cluster.Kubectl;
import io.kairos.extensions.e2e.cluster.RunReport;
import io.kairos.extensions.e2e.cluster.TestCluster;
import io.kairos.extensions.e2e.cluster.TestClusters;
import io.kairos.extensions.e2e.fleet.Contended;
import io.kairos.extensions.e2e.fleet.Fleet;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.fleet.Installation;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.ImageFormat;
import io.kairos.extensions.e2e.host.SampleImage;
import io.kairos.extensions.e2e.host.SampleImages;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A fleet with the words that the scenarios are told in. */
public final class World implements AutoCloseable {
  /** How long anything may take. */
  public static final Duration PATIENCE = Duration.ofSeconds(40);

  private final Fleet fleet;
  private final Hosts hosts;
  private final Optional<Kubectl> kubectl;

  private World(Fleet fleet, Hosts hosts) {
    this.fleet = fleet;
    this.hosts = hosts;
    this.kubectl = Kubectl.of(fleet.cluster());
  }

  /** On the best cluster there is; both are noted in the report of the build. */
  static World on(Hosts hosts) throws IOException, InterruptedException {
    TestCluster cluster =
        TestClusters.best(Effort.CACHED_ONLY).recordIn(RunReport.ofThisBuild()).cluster();
    return on(hosts, cluster);
  }

  /** The same, for tests of what only a booted host with images of more than one file can show. */
  static World onBooted(Hosts hosts) throws IOException, InterruptedException {
    assumeTrue(
        hosts instanceof Hosts.Booted, () -> "no systemd can be booted: " + hosts.describe());
    assumeTrue(
        SampleImages.formats().contains(ImageFormat.SQUASHFS),
        "mksquashfs is not installed: no images with services or configuration can be made");
    return on(hosts);
  }

  static World on(Hosts hosts, TestCluster cluster) throws IOException, InterruptedException {
    RunReport.ofThisBuild().record("hosts", hosts.describe());
    return new World(Fleet.start(cluster), hosts);
  }

  /** On a cluster where the programs are run in a way of the caller's. */
  public static World on(Hosts hosts, TestCluster cluster, Installation installation)
      throws IOException, InterruptedException {
    RunReport.ofThisBuild().record("hosts", hosts.describe());
    return new World(Fleet.start(cluster, installation), hosts);
  }

  Fleet fleet() {
    return fleet;
  }

  /** Real kubectl, where the cluster has one. */
  Optional<Kubectl> kubectl() {
    return kubectl;
  }

  /** As a person would, by kubectl; a stand-in without one is given the same by the client. */
  private void apply(String yaml) {
    if (kubectl.isPresent()) {
      kubectl.get().apply(yaml).orThrow();
      return;
    }
    var resources = new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8));
    fleet.client().load(resources).items().forEach(this::createOrUpdate);
  }

  /** The operator may write between the read and the write. */
  private void createOrUpdate(HasMetadata resource) {
    await("applied")
        .atMost(PATIENCE)
        .ignoreExceptionsMatching(
            e -> e instanceof KubernetesClientException refused && refused.getCode() == 409)
        .until(() -> fleet.client().resource(resource).createOr(found -> found.update()) != null);
  }

  FleetNode boot(String name) {
    return boot(HostOptions.named(name));
  }

  /** Boots a host, with its agent. */
  public FleetNode boot(HostOptions options) {
    return fleet.addNode(hosts, options);
  }

  /** Makes a plain image and serves it. */
  public SampleImage image(String name, String version) {
    SampleImage image = fleet.images().plain(name, version);
    fleet.server().serve(image);
    return image;
  }

  /** Says what an extension is: this image. */
  public void extension(SampleImage image) {
    extension(image.name(), image.version(), fleet.server().https(image), image.sha256());
  }

  /** With more of a spec, as YAML. */
  void extension(SampleImage image, String more) {
    extension(image.name(), image.version(), fleet.server().https(image), image.sha256(), more);
  }

  /** The same with {@code spec.requires}. */
  void extensionRequiring(SampleImage image, String requires) {
    extension(image, "  requires: " + requires + "\n");
  }

  void extension(String name, String version, String url, String sha256) {
    extension(name, version, url, sha256, "");
  }

  /** The same with more of a spec, as YAML. */
  void extension(String name, String version, String url, String sha256, String more) {
    apply(
        """
        apiVersion: extensions.kairos.io/v1alpha1
        kind: SystemExtension
        metadata: {name: %s}
        spec:
          version: "%s"
          images: [{url: "%s", sha256: "%s"}]
        """
                .formatted(name, version, url, sha256)
            + more);
  }

  /** Gives extensions to all nodes. */
  public void policy(String name, Activation activation, String... extensions) {
    policy(name, activation, "[active, passive]", 0, extensions);
  }

  void policy(
      String name, Activation activation, String profiles, int soakSeconds, String... extensions) {
    policy(name, activation, profiles, soakSeconds, 600, extensions);
  }

  /** One for which what may pass by itself, such as a server that is away, soon is a failure. */
  void impatientPolicy(String name, Activation activation, String... extensions) {
    policy(name, activation, "[active, passive]", 0, 2, extensions);
  }

  private void policy(
      String name,
      Activation activation,
      String profiles,
      int soakSeconds,
      int deadlineSeconds,
      String... extensions) {
    StringBuilder list = new StringBuilder();
    for (String extension : extensions) {
      list.append("{name: ").append(extension).append("}, ");
    }
    apply(
        """
        apiVersion: extensions.kairos.io/v1alpha1
        kind: NodeExtensionPolicy
        metadata: {name: %s}
        spec:
          nodeSelector: {}
          extensions: [%s]
          profiles: %s
          activation: %s
          rollout:
            {maxUnavailable: 100%%, soakSeconds: %d, progressDeadlineSeconds: %d}
        """
            .formatted(name, list, profiles, activation.text(), soakSeconds, deadlineSeconds));
  }

  /** Waits until an extension is in this phase on the node. */
  public ExtensionStatus awaitPhase(FleetNode node, String extension, Phase phase) {
    return await(node.name() + ": " + extension + " " + phase)
        .atMost(PATIENCE)
        .until(
            () -> node.extension(extension),
            found -> found.map(ExtensionStatus::phase).filter(phase::equals).isPresent())
        .orElseThrow();
  }

  /** Kills the node's agent, starts another, and waits until that one has reported. */
  void restartAgent(FleetNode node) {
    restart(
        node,
        () -> {
          node.killAgent();
          node.startAgent();
        });
  }

  /** Reboots the node, and waits until the agent has reported from the new boot. */
  void reboot(FleetNode node) {
    restart(node, node::reboot);
  }

  private void restart(FleetNode node, Runnable how) {
    String mark = "nothing reported yet";
    node.killAgent();
    NodeExtensionState unused =
        Contended.edit(
            () ->
                fleet
                    .client()
                    .resources(NodeExtensionState.class)
                    .withName(node.name())
                    .editStatus(
                        state -> {
                          state.setStatus(state.getStatus().toBuilder().summary(mark).build());
                          return state;
                        }));
    how.run();
    await(node.name() + " reported")
        .atMost(PATIENCE)
        .until(() -> !node.state().orElseThrow().getStatus().summary().equals(mark));
  }

  /** Waits until this very image is in effect on the node. */
  public ExtensionStatus awaitActive(FleetNode node, SampleImage image) {
    return await(node.name() + ": " + image.name() + " " + image.version() + " active")
        .atMost(PATIENCE)
        .until(
            () -> node.extension(image.name()),
            found ->
                found
                    .filter(e -> e.phase() == Phase.ACTIVE && e.sha256().equals(image.sha256()))
                    .isPresent())
        .orElseThrow();
  }

  /** Waits for the node's count of drift, and for the event that tells of it. */
  void awaitDrift(FleetNode node, long count, String message) {
    await(node.name() + ": drift " + count)
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              NodeExtensionState state = node.state().orElseThrow();
              assertThat(state.getStatus().drift().count()).isEqualTo(count);
              assertThat(state.getStatus().drift().message()).contains(message);
              assertThat(
                      fleet
                          .client()
                          .events()
                          .v1()
                          .events()
                          .inNamespace("default")
                          .list()
                          .getItems())
                  .filteredOn(event -> "DriftDetected".equals(event.getReason()))
                  .anySatisfy(
                      event -> {
                        assertThat(event.getRegarding().getUid())
                            .isEqualTo(state.getMetadata().getUid());
                        assertThat(event.getNote()).contains(message);
                      });
            });
  }

  /** The Ready condition of a policy, once it has this status for its present generation. */
  Condition awaitPolicy(String name, String ready) {
    return await("policy " + name + " Ready=" + ready)
        .atMost(PATIENCE)
        .until(
            () -> ready(name), found -> found.filter(c -> c.getStatus().equals(ready)).isPresent())
        .orElseThrow();
  }

  private Optional<Condition> ready(String name) {
    NodeExtensionPolicy policy =
        fleet.client().resources(NodeExtensionPolicy.class).withName(name).get();
    return policy.getStatus().observedGeneration() < policy.getMetadata().getGeneration()
        ? Optional.empty()
        : Conditions.find(policy.getStatus().conditions(), Conditions.READY);
  }

  void deletePolicy(String name) {
    fleet.client().resources(NodeExtensionPolicy.class).withName(name).delete();
    await("policy " + name + " gone")
        .atMost(PATIENCE)
        .until(
            () -> fleet.client().resources(NodeExtensionPolicy.class).withName(name).get() == null);
  }

  /** Deletes every policy and extension and waits until no node has anything assigned. */
  public void clear() {
    fleet.client().resources(NodeExtensionPolicy.class).delete();
    fleet.client().resources(SystemExtension.class).delete();
    await("everything deleted")
        .atMost(PATIENCE)
        .until(
            () ->
                fleet.client().resources(NodeExtensionPolicy.class).list().getItems().isEmpty()
                    && fleet.client().resources(SystemExtension.class).list().getItems().isEmpty()
                    && fleet.client().resources(NodeExtensionState.class).list().getItems().stream()
                        .allMatch(state -> state.getSpec().assignments().isEmpty()));
  }

  /** What the host itself says is merged. */
  static String merged(FleetNode node) {
    return node.host()
        .exec("systemctl", "show", "usr.mount", "--property=Options,What,ActiveState")
        .stdout();
  }

  /** Changes with every merge, and with nothing else. */
  static String mergeId(FleetNode node) {
    return node.host()
        .exec(
            "sh",
            "-c",
            "grep ' - overlay sysext ' /proc/1/mountinfo; stat -c %z /usr/.systemd-sysext")
        .stdout();
  }

  /** The program in the image runs on the host. */
  public static void assertRuns(FleetNode node, SampleImage image) {
    if (node.host().merges()) {
      assertThat(node.host().exec(image.name()).stdout().strip())
          .isEqualTo(image.name() + " " + image.version());
    }
  }

  /** So it does, but for the moment of a refresh that goes on though its agent was killed. */
  public static void awaitRuns(FleetNode node, SampleImage image) {
    await(image.name() + " runs").atMost(PATIENCE).untilAsserted(() -> assertRuns(node, image));
  }

  /** Nothing of the extension is left on the host's paths; PID 1 may see it a little later. */
  public static void assertUnmerged(FleetNode node, String name) {
    if (node.host().merges()) {
      await(name + " is unmerged")
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                assertThat(merged(node)).doesNotContain("/extensions/" + name + "/");
                assertThat(node.host().exec("sh", "-c", "command -v " + name).exitCode())
                    .isNotZero();
              });
    }
  }

  /** Every link of an image that is live, by the table of the store's layout. */
  static Set<String> linksOf(String name) {
    return Set.copyOf(
        List.of(
            "/var/lib/kairos/extensions/" + name + ".raw",
            "/var/lib/kairos/extensions/active/" + name + ".raw",
            "/var/lib/kairos/extensions/passive/" + name + ".raw",
            "/var/lib/kairos/extensions/.sysext-operator/good/" + name,
            "/run/extensions/" + name + ".raw"));
  }

  @Override
  public void close() {
    fleet.close();
  }
}
