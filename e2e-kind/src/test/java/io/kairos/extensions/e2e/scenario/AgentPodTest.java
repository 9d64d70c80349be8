package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.e2e.chart.AgentPods;
import io.kairos.extensions.e2e.chart.InstalledChart;
import io.kairos.extensions.e2e.cluster.Effort;
import io.kairos.extensions.e2e.cluster.KubeApiBinaries;
import io.kairos.extensions.e2e.cluster.KubeApiTestCluster;
import io.kairos.extensions.e2e.cluster.RunReport;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.BaseRoot;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.SampleImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The agent with no more than its pod has, on a real host: that is enough for everything. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AgentPodTest {
  private World world;

  @BeforeAll
  void boot(@TempDir Path folder) throws IOException, InterruptedException {
    Hosts hosts = Hosts.of(BaseRoot.machine());
    KubeApiBinaries found = KubeApiBinaries.find(Effort.CACHED_ONLY, progress -> {});
    if (!(hosts instanceof Hosts.Booted)
        || !(found instanceof KubeApiBinaries.Available binaries)) {
      String reason = "it takes a host with a systemd and a real API server";
      RunReport.ofThisBuild().record("aborted", "the agent in its pod: " + reason);
      abort(reason);
      return;
    }
    KubeApiTestCluster cluster = KubeApiTestCluster.start(binaries);
    RunReport.ofThisBuild().record("cluster", cluster.describe());
    world = World.on(hosts, cluster, new AgentPods(InstalledChart.in(cluster, folder)));
  }

  @AfterAll
  void end() {
    if (world != null) {
      world.close();
    }
  }

  /** Hosts, and how the agent names the folder of their links. */
  static Stream<Arguments> kinds() {
    return Stream.of(
        Arguments.of(HostOptions.named("kairos-1"), "active/"),
        Arguments.of(HostOptions.systemd("systemd-1"), "/var/lib/extensions/"));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void noCapabilityAndOnlyTheChartsMountsAreEnoughForTheWholeStory(HostOptions kind, String links)
      throws IOException {
    FleetNode node = world.boot(kind.withOwnNetwork(false));
    try {
      tell(node, links);
    } finally {
      world.fleet().removeNode(node);
    }
  }

  private void tell(FleetNode node, String links) throws IOException {
    SampleImage old = world.image("hello", "1.0.0");
    SampleImage fresh = world.image("hello", "1.1.0");
    SampleImage tools = world.image("tools", "2.0.0");
    world.extension(old);
    world.policy("base", Activation.LIVE, "hello");
    world.awaitActive(node, old);
    World.assertRuns(node, old);
    assertHasNothing();

    world.extension(fresh);
    world.awaitActive(node, fresh);
    World.assertRuns(node, fresh);

    Files.delete(node.layout().profile(Profile.ACTIVE).resolve("hello.raw"));
    world.awaitDrift(node, 1, "hello: its link in " + links + " was deleted or changed");
    world.awaitActive(node, fresh);

    world.extension(tools);
    world.policy("later", Activation.NEXT_BOOT, "tools");
    world.awaitPhase(node, "tools", Phase.PENDING_REBOOT);
    String before = node.state().orElseThrow().getStatus().host().bootId();
    node.reboot();
    world.awaitActive(node, tools);
    world.awaitActive(node, fresh);
    World.assertRuns(node, tools);
    World.assertRuns(node, fresh);
    assertThat(node.state().orElseThrow().getStatus().host().bootId()).isNotEqualTo(before);

    world.clear();
    World.assertUnmerged(node, "hello");
    World.assertUnmerged(node, "tools");
    await("no file of ours") // one that a loop device has open goes later
        .atMost(World.PATIENCE)
        .untilAsserted(() -> assertThat(HostFiles.of(node)).isEmpty());
  }

  private static boolean isAgent(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"))
          .contains("agent.AgentMain");
    } catch (IOException gone) {
      return false;
    }
  }

  /** What the kernel says of the agent's process. */
  private void assertHasNothing() throws IOException {
    ProcessHandle agent =
        ProcessHandle.current()
            .descendants()
            .filter(process -> process.info().command().orElse("").endsWith("/java"))
            .filter(AgentPodTest::isAgent)
            .findFirst()
            .orElseThrow();
    List<String> status =
        Files.readAllLines(Path.of("/proc/" + agent.pid() + "/status")).stream()
            .map(line -> line.replaceAll("\\s+", " "))
            .toList();
    assertThat(status)
        .contains(
            "CapInh: 0000000000000000",
            "CapPrm: 0000000000000000",
            "CapEff: 0000000000000000",
            "CapBnd: 0000000000000000",
            "CapAmb: 0000000000000000",
            "NoNewPrivs: 1");
    assertThat(status).anyMatch(line -> line.startsWith("Uid: 0 0 0 0"));
    List<String> mounts = Files.readAllLines(Path.of("/proc/" + agent.pid() + "/mounts"));
    assertThat(mounts).anyMatch(line -> line.matches("overlay / overlay ro,.*"));
    assertThat(mounts.stream().filter(line -> line.matches("\\S+ \\S+ \\S+ rw\\b.*")))
        .extracting(line -> line.split(" ", 3)[1])
        .filteredOn(path -> !path.matches("/(proc|dev)(/.*)?"))
        .containsExactlyInAnyOrder(
            "/var/lib/kairos/extensions",
            "/run/extensions",
            "/var/lib/kairos/confexts",
            "/run/confexts",
            "/var/lib/sysext-operator",
            "/var/lib/extensions",
            "/var/lib/confexts");
    assertThat(mounts).noneMatch(line -> line.split(" ", 3)[1].startsWith("/usr"));
  }
}
