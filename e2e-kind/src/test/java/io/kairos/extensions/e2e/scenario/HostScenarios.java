package io.kairos.extensions.e2e.scenario;

import static io.kairos.extensions.e2e.scenario.World.assertRuns;
import static io.kairos.extensions.e2e.scenario.World.assertUnmerged;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.e2e.cluster.KubeApiTestCluster;
import io.kairos.extensions.e2e.cluster.Kubectl;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.CommandResult;
import io.kairos.extensions.e2e.host.ImageFormat;
import io.kairos.extensions.e2e.host.SampleImage;
import io.kairos.extensions.e2e.host.SampleImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** From {@code kubectl apply} to hosts and back, told once for every kind of host. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class HostScenarios {
  private World world;
  private FleetNode first;
  private List<FleetNode> all;

  abstract Hosts hosts();

  World start() throws IOException, InterruptedException {
    return World.on(hosts());
  }

  @BeforeAll
  void startWorld() throws IOException, InterruptedException {
    world = start();
    all = List.of(world.boot("node-1"), world.boot("node-2"), world.boot("node-3"));
    first = all.get(0);
  }

  @AfterAll
  void endWorld() {
    if (world != null) {
      world.close();
    }
  }

  @AfterEach
  void nothingIsLeftOnAnyHost() throws IOException {
    world.clear();
    for (FleetNode node : all) {
      Files.deleteIfExists(node.layout().store().resolve("theirs.raw"));
      Files.deleteIfExists(node.layout().store().resolve("hello.raw"));
      Files.deleteIfExists(node.layout().store().resolve("active/theirs.raw"));
      await(node.name() + " has no file of ours") // one that a loop device has open goes later
          .atMost(World.PATIENCE)
          .untilAsserted(() -> assertThat(HostFiles.of(node)).isEmpty());
      assertUnmerged(node, "hello");
    }
  }

  @Test
  void anAppliedPolicyMergesOnEveryHostAndItsDeletionLeavesNothingElse() throws IOException {
    Path theirs = first.layout().store().resolve("theirs.raw");
    Files.writeString(theirs, "somebody else's");
    Files.createSymbolicLink(
        first.layout().store().resolve("active/theirs.raw"),
        Path.of("/var/lib/kairos/extensions/theirs.raw"));
    Map<String, String> before = HostFiles.of(first);
    SampleImage hello = world.image("hello", "1.0.0");

    world.extension(hello);
    world.policy("base", Activation.LIVE, "hello");

    for (FleetNode node : all) {
      ExtensionStatus status = world.awaitActive(node, hello);
      assertThat(status.merged()).isTrue();
      assertThat(status.reason()).isEqualTo(Reasons.MERGED);
      assertThat(HostFiles.of(node).keySet()).containsAll(World.linksOf("hello"));
      assertRuns(node, hello);
    }
    assertThat(world.awaitPolicy("base", Conditions.TRUE).getReason())
        .isEqualTo(Reasons.ALL_NODES_UP_TO_DATE);
    assertThat(first.state().orElseThrow().getStatus().unmanaged())
        .singleElement()
        .satisfies(file -> assertThat(file.file()).isEqualTo("theirs.raw"));
    world.kubectl().ifPresent(HostScenarios::awaitTable);

    world.deletePolicy("base");

    for (FleetNode node : all) {
      assertUnmerged(node, "hello");
    }
    assertThat(HostFiles.of(first)).isEqualTo(before);
    assertThat(Files.readString(theirs)).isEqualTo("somebody else's");
  }

  @Test
  void nextBootIsLinkedNowAndMergedByAReboot() {
    SampleImage hello = world.image("hello", "1.0.0");
    world.extension(hello);
    world.policy("base", Activation.NEXT_BOOT, "hello");

    for (FleetNode node : all) {
      ExtensionStatus status = world.awaitPhase(node, "hello", Phase.PENDING_REBOOT);
      assertThat(status.merged()).isFalse();
      assertUnmerged(node, "hello");
    }
    assertThat(world.awaitPolicy("base", Conditions.TRUE).getReason())
        .isEqualTo(Reasons.AWAITING_REBOOT);
    assertThat(
            Conditions.find(
                first.state().orElseThrow().getStatus().conditions(), Conditions.REBOOT_REQUIRED))
        .hasValueSatisfying(c -> assertThat(c.getStatus()).isEqualTo(Conditions.TRUE));

    first.reboot();

    world.awaitActive(first, hello);
    assertRuns(first, hello);
    assertThat(all.get(1).extension("hello").orElseThrow().phase()).isEqualTo(Phase.PENDING_REBOOT);
  }

  @Test
  void aNewVersionForTheNextBootLeavesTheMergedOneAloneWhileOthersAreRefreshed() {
    SampleImage old = world.image("hello", "1.0.0");
    SampleImage fresh = world.image("hello", "1.1.0");
    SampleImage tools = world.image("tools", "2.0.0");
    world.extension(old);
    world.policy("base", Activation.LIVE, "hello");
    world.awaitActive(first, old);
    world.awaitPolicy("base", Conditions.TRUE);

    world.policy("base", Activation.NEXT_BOOT, "hello");
    world.awaitPolicy("base", Conditions.TRUE);
    world.extension(fresh);
    world.awaitPhase(first, "hello", Phase.PENDING_REBOOT);
    world.extension(tools);
    world.policy("more", Activation.LIVE, "tools");
    world.awaitActive(first, tools);

    assertRuns(first, old);
    assertRuns(first, tools);
    first.reboot();
    world.awaitActive(first, fresh);
    assertRuns(first, fresh);
    assertRuns(first, tools);
  }

  @Test
  void aNewVersionOfALiveExtensionIsMergedByOneRefresh() {
    SampleImage old = world.image("hello", "1.0.0");
    SampleImage fresh = world.image("hello", "1.1.0");
    world.extension(old);
    world.policy("base", Activation.LIVE, "hello");
    all.forEach(node -> world.awaitActive(node, old));
    assertRuns(first, old);
    long refreshes = refreshes(first);

    world.extension(fresh);

    all.forEach(node -> world.awaitActive(node, fresh));
    assertRuns(first, fresh);
    String images = "/var/lib/kairos/extensions/.sysext-operator/images/";
    assertThat(HostFiles.of(first).keySet().stream().filter(path -> path.contains("/images/")))
        .as("the version before stays in the store, for a way back without a download")
        .containsExactlyInAnyOrder(images + fresh.sha256(), images + old.sha256());
    if (first.host().merges()) {
      assertThat(refreshes(first)).isEqualTo(refreshes + 1);
    }
  }

  private static long refreshes(FleetNode node) {
    return node.host()
        .exec(
            "sh",
            "-c",
            "journalctl --sync; journalctl --unit=systemd-sysext --output=cat --no-pager")
        .stdout()
        .lines()
        .filter(line -> line.startsWith("Reloaded ") || line.startsWith("Finished "))
        .count();
  }

  /** An extension's status is written after those of its policies. */
  private static void awaitTable(Kubectl kubectl) {
    await("kubectl shows it")
        .atMost(World.PATIENCE)
        .untilAsserted(
            () ->
                assertThat(kubectl.run("get", "sysext,nep,nes").orThrow())
                    .containsPattern("systemextension.*/hello +Sysext +1.0.0 +3 +3 +0 +True")
                    .containsPattern("nodeextensionpolicy.*/base +3 +3 +3 +0 +0 +false")
                    .containsPattern(
                        "nodeextensionstate.*/node-1 +active +1 +1 +0 +False +hello 1.0.0 Active"));
  }

  @Test
  void everyFormatOfImageIsMerged() throws IOException {
    assumeTrue(
        SampleImages.formats().containsAll(List.of(ImageFormat.values())),
        "images can be made here only as " + SampleImages.formats());
    for (ImageFormat format : ImageFormat.values()) {
      String name = format.name().toLowerCase(java.util.Locale.ROOT);
      SampleImage image = world.fleet().images().image(name, "1.0.0").format(format).build();
      world.fleet().server().serve(image);
      world.extension(image);
    }
    world.policy("formats", Activation.LIVE, "squashfs", "erofs", "gpt");

    for (String name : List.of("squashfs", "erofs", "gpt")) {
      world.awaitPhase(first, name, Phase.ACTIVE);
    }
    if (first.host().merges()) { // no refresh for another of them is under way any more
      for (String name : List.of("squashfs", "erofs", "gpt")) {
        assertThat(first.host().exec(name).stdout().strip()).isEqualTo(name + " 1.0.0");
      }
    }
  }

  @Test
  void imagesComeFromHttpAndFromAllowedFoldersOfTheHost() throws IOException {
    SampleImage hello = world.image("hello", "1.0.0");
    SampleImage tools = world.image("tools", "2.0.0");
    Path folder = Files.createDirectories(first.layout().here(Path.of("/var/lib/kairos/images")));
    Files.copy(tools.path(), folder.resolve("tools.raw"));
    world.extension(
        "hello",
        "1.0.0",
        world.fleet().server().http(hello.path().getFileName().toString()),
        hello.sha256());
    world.extension("tools", "2.0.0", "file:///var/lib/kairos/images/tools.raw", tools.sha256());
    world.policy("base", Activation.LIVE, "hello", "tools");

    world.awaitActive(first, hello);
    world.awaitActive(first, tools);
    assertRuns(first, tools);
    assertThat(world.awaitPhase(all.get(1), "tools", Phase.FAILED).reason())
        .isEqualTo(Reasons.SOURCE_UNREACHABLE);
  }

  @Test
  void passiveFollowsOnceTheVersionHasProvenItself() {
    SampleImage hello = world.image("hello", "1.0.0");
    world.extension(hello);
    world.policy("base", Activation.LIVE, "[active, passive]", 600, "hello");

    ExtensionStatus soaking = world.awaitPhase(first, "hello", Phase.VERIFYING);

    assertThat(soaking.reason()).isEqualTo(Reasons.SOAKING);
    assertThat(HostFiles.of(first))
        .doesNotContainKey("/var/lib/kairos/extensions/passive/hello.raw")
        .doesNotContainKey("/var/lib/kairos/extensions/.sysext-operator/good/hello");
    world.policy("base", Activation.LIVE, "[active, passive]", 0, "hello");
    world.awaitActive(first, hello);
    assertThat(HostFiles.of(first).keySet()).containsAll(World.linksOf("hello"));
  }

  @Test
  void commonIsLinkedAlone() {
    SampleImage hello = world.image("hello", "1.0.0");
    world.extension(hello);
    world.policy("base", Activation.LIVE, "[active]", 0, "hello");
    world.awaitActive(first, hello);

    world.policy("base", Activation.LIVE, "[common]", 0, "hello");

    world.awaitPolicy("base", Conditions.TRUE);
    assertThat(HostFiles.of(first))
        .containsEntry(
            "/run/extensions/hello.raw", "-> /var/lib/kairos/extensions/common/hello.raw")
        .doesNotContainKey("/var/lib/kairos/extensions/active/hello.raw");
    first.reboot();
    world.awaitActive(first, hello);
    assertRuns(first, hello);
  }

  @Test
  void aFileOfSomebodyElseUnderTheNameIsAConflictAndStays() throws IOException {
    Path theirs = first.layout().store().resolve("hello.raw");
    Files.writeString(theirs, "somebody else's");
    world.extension(world.image("hello", "1.0.0"));
    world.policy("base", Activation.LIVE, "hello");

    ExtensionStatus status = world.awaitPhase(first, "hello", Phase.FAILED);

    assertThat(status.reason()).isEqualTo(Reasons.FOREIGN_FILE);
    assertThat(status.message()).contains("/var/lib/kairos/extensions/hello.raw");
    assertThat(Files.readString(theirs)).isEqualTo("somebody else's");
    assertUnmerged(first, "hello");
  }

  @Test
  void whatAnExtensionRequiresIsCheckedOnTheHostAndInTheFleet() {
    SampleImage hello = world.image("hello", "1.0.0");
    SampleImage tools = world.image("tools", "2.0.0");
    world.extensionRequiring(hello, "{kernel: '>=9999'}");
    world.policy("base", Activation.LIVE, "hello");

    ExtensionStatus refused = world.awaitPhase(first, "hello", Phase.INCOMPATIBLE);
    assertThat(refused.reason()).isEqualTo(Reasons.REQUIREMENT_NOT_MET);
    assertThat(refused.message()).contains(">=9999", System.getProperty("os.version"));
    assertUnmerged(first, "hello");

    world.extensionRequiring(hello, "{kernel: '>=1', extensions: [tools]}");
    await()
        .atMost(World.PATIENCE)
        .untilAsserted(
            () -> {
              var ready = world.awaitPolicy("base", Conditions.FALSE);
              assertThat(ready.getReason()).isEqualTo(Reasons.REQUIRED_EXTENSION_MISSING);
              assertThat(ready.getMessage()).contains("hello is not given without tools");
            });

    world.extension(tools);
    world.policy("more", Activation.LIVE, "tools");
    world.awaitActive(first, hello);
    world.awaitActive(first, tools);
    assertRuns(first, hello);
  }

  @Test
  void aFileInEtcThatTheHostWouldMergeInsteadIsAConflict() {
    assumeTrue(first.host().merges(), "nothing is merged on a plain directory");
    first
        .host()
        .exec("sh", "-c", "mkdir -p /etc/extensions && touch /etc/extensions/hello.raw")
        .orThrow();
    try {
      SampleImage hello = world.image("hello", "1.0.0");
      world.extension(hello);
      world.policy("base", Activation.LIVE, "hello");

      ExtensionStatus status = world.awaitPhase(first, "hello", Phase.FAILED);
      assertThat(status.reason()).isEqualTo(Reasons.FOREIGN_FILE);
      assertThat(status.message()).contains("/etc/extensions/hello.raw");

      first.host().exec("rm", "/etc/extensions/hello.raw").orThrow();
      world.awaitActive(first, hello);
      assertRuns(first, hello);
    } finally {
      first.host().exec("rm", "-rf", "/etc/extensions").orThrow();
    }
  }

  @Test
  void whatIsMountedBelowAHierarchyIsNeverHidden() {
    assumeTrue(first.host().merges(), "nothing is mounted on a plain directory");
    first
        .host()
        .exec(
            "sh",
            "-c",
            "mkdir -p /usr/nested /tmp/mounted && touch /tmp/mounted/here"
                + " && mount --bind /tmp/mounted /usr/nested")
        .orThrow();
    try {
      SampleImage hello = world.image("hello", "1.0.0");
      world.extension(hello);
      world.policy("base", Activation.LIVE, "hello");
      world.awaitActive(all.get(1), hello);
      String systemd = first.state().orElseThrow().getStatus().host().systemd();

      if (Integer.parseInt(systemd.split("[^0-9]", 2)[0]) < 257) {
        ExtensionStatus refused = world.awaitPhase(first, "hello", Phase.FAILED);
        assertThat(refused.reason()).isEqualTo(Reasons.HIDES_MOUNTS);
        assertThat(refused.message()).contains("/usr/nested");
        assertUnmerged(first, "hello");
        first.host().exec("test", "-e", "/usr/nested/here").orThrow();
        first.host().exec("umount", "/usr/nested").orThrow();
        world.awaitActive(first, hello);
      } else {
        world.awaitActive(first, hello);
        first.host().exec("test", "-e", "/usr/nested/here").orThrow();
      }
      assertRuns(first, hello);
    } finally {
      CommandResult gone = first.host().exec("umount", "/usr/nested");
      assertThat(gone.stderr())
          .satisfiesAnyOf(s -> assertThat(s).isEmpty(), s -> assertThat(s).contains("not mounted"));
    }
  }

  @Test
  void driftIsRepairedCountedAndToldByAnEvent() throws IOException {
    SampleImage hello = world.image("hello", "1.0.0");
    world.extension(hello);
    world.policy("base", Activation.LIVE, "hello");
    world.awaitActive(first, hello);
    world.awaitPolicy("base", Conditions.TRUE);
    Map<String, String> before = HostFiles.of(first);
    assertThat(first.state().orElseThrow().getStatus().drift().count()).isZero();

    Files.delete(first.layout().store().resolve("active/hello.raw"));

    world.awaitDrift(first, 1, "hello: its link in active/ was deleted or changed");
    world.awaitActive(first, hello);
    assertThat(HostFiles.of(first)).isEqualTo(before);
    if (first.host().merges()) {
      first.host().exec("systemctl", "stop", "systemd-sysext").orThrow();
      world.awaitDrift(first, 2, "hello: it was unmerged");
      world.awaitActive(first, hello);
      assertRuns(first, hello);
    }
  }

  @Test
  void aStateThatIsDeletedChangesNothingOnTheHost() {
    SampleImage hello = world.image("hello", "1.0.0");
    world.extension(hello);
    world.policy("base", Activation.LIVE, "hello");
    world.awaitActive(first, hello);
    Map<String, String> before = HostFiles.of(first);
    String uid = first.state().orElseThrow().getMetadata().getUid();

    world.fleet().client().resources(NodeExtensionState.class).withName(first.name()).delete();

    world.awaitActive(first, hello);
    assertThat(first.state().orElseThrow().getMetadata().getUid()).isNotEqualTo(uid);
    assertThat(HostFiles.of(first)).isEqualTo(before);
    assertRuns(first, hello);
  }

  @Test
  void theDeletionOfAnExtensionTakesItOffTheHostsFirst() {
    SampleImage hello = world.image("hello", "1.0.0");
    SampleImage tools = world.image("tools", "2.0.0");
    world.extension(hello);
    world.extension(tools);
    world.policy("base", Activation.LIVE, "hello", "tools");
    all.forEach(node -> world.awaitActive(node, hello));
    all.forEach(node -> world.awaitActive(node, tools));

    world
        .fleet()
        .client()
        .resources(io.kairos.extensions.api.v1alpha1.SystemExtension.class)
        .withName("hello")
        .delete();
    org.awaitility.Awaitility.await()
        .atMost(World.PATIENCE)
        .until(
            () ->
                world
                        .fleet()
                        .client()
                        .resources(io.kairos.extensions.api.v1alpha1.SystemExtension.class)
                        .withName("hello")
                        .get()
                    == null);

    for (FleetNode node : all) {
      assertUnmerged(node, "hello");
      assertRuns(node, tools);
      assertThat(HostFiles.of(node).keySet()).noneMatch(path -> path.contains("hello"));
    }
  }

  @Test
  void nothingHappensToTheHostsWhileTheApiServerIsGoneAndWorkGoesOnWhenItIsBack() {
    assumeTrue(
        world.fleet().cluster() instanceof KubeApiTestCluster,
        "a stand-in in memory cannot be stopped and come back with its data");
    KubeApiTestCluster cluster = (KubeApiTestCluster) world.fleet().cluster();
    SampleImage old = world.image("hello", "1.0.0");
    SampleImage fresh = world.image("hello", "1.1.0");
    world.extension(old);
    world.policy("base", Activation.LIVE, "hello");
    all.forEach(node -> world.awaitActive(node, old));
    Map<String, String> before = HostFiles.of(first);

    cluster.stopApiServer();
    first.killAgent();
    first.startAgent();
    all.get(1).reboot();

    assertRuns(first, old);
    assertRuns(all.get(1), old);
    assertThat(HostFiles.of(first)).isEqualTo(before);
    cluster.startApiServer();
    world.extension(fresh);
    for (FleetNode node : all) {
      world.awaitActive(node, fresh);
      assertRuns(node, fresh);
    }
  }
}
