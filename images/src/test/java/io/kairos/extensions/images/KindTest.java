package io.kairos.extensions.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.e2e.cluster.RunReport;
import io.kairos.extensions.e2e.host.SampleImage;
import io.kairos.extensions.e2e.host.SampleImages;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * On kind, by the {@code kind} and {@code docker} of the machine. A node of kind's runs a real
 * systemd, though without a D-Bus; once there is one, extensions are merged there as on any host.
 */
class KindTest extends ContainerClusterScenarios {
  /**
   * System property: a node image other than kind's own, for instance one already on the machine.
   */
  private static final String IMAGE = "kind.image";

  private static final String IMAGES_ON_NODE = "/var/lib/images";

  /** A node's own packages have it, as long as the node reaches them. */
  private static final String PROVIDE_BUS =
      """
      set -e
      if ! [ -e /lib/systemd/system/dbus.socket ]; then
        apt-get -q update
        DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends dbus
      fi
      systemctl start dbus.socket dbus.service
      """;

  /** A container has the devices of when it was made, and the kernel numbers new ones at will. */
  private static final String PROVIDE_LOOP_DEVICES =
      """
      for number in $(seq 0 63); do
        [ -e /dev/loop$number ] || mknod -m 600 /dev/loop$number b 7 $number
      done
      """;

  /** What is there of extensions, but for the notes of what was seen. */
  private static final String LEFT =
      """
      find /var/lib/extensions /run/extensions ! -type d ! -name '.*'
      find /var/lib/sysext-operator ! -type d -path '*/images/*'
      find /var/lib/sysext-operator -type l
      findmnt --noheadings --types overlay --output TARGET /usr || true
      """;

  @Override
  Optional<String> missing() throws InterruptedException {
    if (Shell.ask(List.of("kind", "version")).isEmpty()) {
      return Optional.of("no kind on the PATH (go install sigs.k8s.io/kind@latest)");
    }
    return Shell.ask(List.of("docker", "version")).isPresent()
        ? Optional.empty()
        : Optional.of("docker, which kind calls, reaches no engine");
  }

  @Override
  ContainerCluster cluster() throws IOException, InterruptedException {
    return new Kind(
        "sysext-" + ProcessHandle.current().pid(),
        Shell.run(List.of("kind", "version")),
        Optional.ofNullable(System.getProperty(IMAGE)).filter(image -> !image.isBlank()));
  }

  @Test
  @Order(4)
  void anExtensionArrivesOnTheNodeIsReplacedAndLeavesNothing(@TempDir Path folder)
      throws IOException, InterruptedException {
    chart.install(
        kubeconfig,
        "{image: {pullPolicy: Never}, agent: {fileFolders: [%s]}}".formatted(IMAGES_ON_NODE));
    awaitReadyOperators(2);
    provideBus();
    onNode(PROVIDE_LOOP_DEVICES);
    onNode("mkdir -p " + IMAGES_ON_NODE);
    SampleImages images = new SampleImages(folder);

    SampleImage old = images.plain("hello", "1.0.0");
    give(old);
    awaitActive(old);
    assertThat(running().onNode("hello")).isEqualTo("hello 1.0.0");

    SampleImage fresh = images.plain("hello", "1.1.0");
    give(fresh);
    awaitActive(fresh);
    assertThat(running().onNode("hello")).isEqualTo("hello 1.1.0");

    api().resources(NodeExtensionPolicy.class).withName("base").delete();
    await("the policy goes")
        .atMost(PATIENCE)
        .until(() -> api().resources(NodeExtensionPolicy.class).list().getItems().isEmpty());
    assertThat(onNode("command -v hello || echo gone")).isEqualTo("gone");
    await("nothing of it is left")
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(onNode(LEFT)).isEmpty());
    chart.uninstall(kubeconfig);
  }

  private void provideBus() throws InterruptedException {
    try {
      onNode(PROVIDE_BUS);
    } catch (IOException noPackages) {
      String reason = "kind's node has no D-Bus, and does not get one: " + noPackages.getMessage();
      RunReport.ofThisBuild().record("aborted", "KindTest, an extension on the node: " + reason);
      abort(reason);
    }
  }

  private void give(SampleImage image) throws IOException, InterruptedException {
    String file = IMAGES_ON_NODE + "/" + image.path().getFileName();
    running().copy(image.path(), file);
    api()
        .load(
            new ByteArrayInputStream(
                """
                apiVersion: extensions.kairos.io/v1alpha1
                kind: SystemExtension
                metadata: {name: %s}
                spec:
                  version: %s
                  images: [{url: "file://%s", sha256: "%s"}]
                ---
                apiVersion: extensions.kairos.io/v1alpha1
                kind: NodeExtensionPolicy
                metadata: {name: base}
                spec: {nodeSelector: {}, extensions: [{name: %1$s}], activation: Live, rollout: {soakSeconds: 1}}
                """
                    .formatted(image.name(), image.version(), file, image.sha256())
                    .getBytes(StandardCharsets.UTF_8)))
        .serverSideApply();
  }

  private void awaitActive(SampleImage image) {
    await(image.name() + " " + image.version() + " is active")
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(states())
                    .singleElement()
                    .satisfies(
                        state ->
                            assertThat(state.getStatus().extensions())
                                .as("%s", state.getStatus())
                                .anySatisfy(entry -> assertActive(entry, image))));
  }

  private static void assertActive(ExtensionStatus entry, SampleImage image) {
    assertThat(entry.phase()).isEqualTo(Phase.ACTIVE);
    assertThat(entry.sha256()).isEqualTo(image.sha256());
    assertThat(entry.merged()).isTrue();
  }

  private String onNode(String script) throws IOException, InterruptedException {
    return running().onNode("sh", "-c", script);
  }

  /**
   * A cluster.
   *
   * @param name of its own, so that clusters of other builds are left alone
   * @param version of kind, which decides on that of Kubernetes unless an image does
   * @param image of the node, where it is not kind's own
   */
  private record Kind(String name, String version, Optional<String> image)
      implements ContainerCluster {
    @Override
    public String describe() {
      return version + image.map(own -> " with the node image " + own).orElse("");
    }

    @Override
    public void start() throws IOException, InterruptedException {
      // kind would write into the kubeconfig of whoever runs the build.
      Path elsewhere = Files.createTempFile("kind-", ".kubeconfig");
      try {
        List<String> create = new ArrayList<>(List.of("create", "cluster", "--wait", "3m"));
        create.addAll(List.of("--kubeconfig", elsewhere.toString()));
        image.ifPresent(own -> create.addAll(List.of("--image", own)));
        kind(create);
      } finally {
        Files.delete(elsewhere);
      }
    }

    @Override
    public String kubeconfig() throws IOException, InterruptedException {
      return kind(List.of("get", "kubeconfig"));
    }

    @Override
    public void load(Path archive) throws IOException, InterruptedException {
      kind(List.of("load", "image-archive", archive.toString()));
    }

    @Override
    public void copy(Path file, String onNode) throws IOException, InterruptedException {
      Shell.run(List.of("docker", "cp", file.toString(), node() + ":" + onNode));
    }

    @Override
    public String onNode(String... command) throws IOException, InterruptedException {
      List<String> all = new ArrayList<>(List.of("docker", "exec", node()));
      all.addAll(List.of(command));
      return Shell.run(all);
    }

    @Override
    public void remove() throws IOException, InterruptedException {
      kind(List.of("delete", "cluster"));
    }

    private String node() {
      return name + "-control-plane";
    }

    private String kind(List<String> command) throws IOException, InterruptedException {
      List<String> all = new ArrayList<>(List.of("kind"));
      all.addAll(command);
      all.addAll(List.of("--name", name));
      return Shell.run(all);
    }
  }
}
