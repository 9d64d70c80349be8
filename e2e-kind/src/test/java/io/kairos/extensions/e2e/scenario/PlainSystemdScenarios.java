package io.kairos.extensions.e2e.scenario;

import static io.kairos.extensions.e2e.scenario.World.assertRuns;
import static io.kairos.extensions.e2e.scenario.World.assertUnmerged;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.fleet.ImageServer.Answer;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.SampleImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The story of an extension on hosts that are none of Kairos, told by a real systemd. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class PlainSystemdScenarios {
  private static final String STORE = "/var/lib/sysext-operator/extensions/";
  private static final String LINK = "/var/lib/extensions/hello.raw";
  private static final int KILLS = 5;
  private static final int WINDOW_MILLIS = 900;

  World world;
  FleetNode node;

  abstract Hosts hosts();

  @BeforeAll
  void startWorld() throws IOException, InterruptedException {
    world = World.onBooted(hosts());
    node = world.boot(HostOptions.systemd("node-1"));
  }

  @AfterAll
  void endWorld() {
    if (world != null) {
      world.close();
    }
  }

  @AfterEach
  void nothingIsLeft() {
    world.clear();
    await("no file of ours")
        .atMost(World.PATIENCE)
        .untilAsserted(() -> assertThat(HostFiles.of(node)).isEmpty());
    await("PID 1 has seen it") // which reads its mount table with a delay
        .atMost(World.PATIENCE)
        .untilAsserted(() -> assertUnmerged(node, "hello"));
  }

  /** Every file and link of a live extension. */
  private static Map<String, String> installed(SampleImage image) throws IOException {
    String file = STORE + "images/" + image.sha256();
    return Map.of(
        "/var/lib/extensions/" + image.name() + ".raw",
        "-> " + file,
        STORE + image.name() + ".raw",
        "-> " + file,
        STORE + "good/" + image.name(),
        "-> " + file,
        file,
        Files.size(image.path()) + " bytes");
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

  SampleImage live(String version) {
    SampleImage image = world.image("hello", version);
    world.extension(image);
    world.policy("base", Activation.LIVE, "hello");
    world.awaitActive(node, image);
    return image;
  }

  @Test
  void anExtensionIsMergedAtOnceAndTheNextVersionByOneRefresh() throws IOException {
    SampleImage old = live("1.0.0");
    assertRuns(node, old);
    HostStatus host = node.state().orElseThrow().getStatus().host();
    assertThat(host.layout()).isEqualTo(HostStatus.SYSTEMD);
    assertThat(host.bootProfile()).isEqualTo("active");
    assertThat(HostFiles.of(node)).isEqualTo(installed(old));
    long before = refreshes(node);

    SampleImage fresh = live("1.1.0");
    assertRuns(node, fresh);
    assertThat(refreshes(node)).isEqualTo(before + 1);
    assertThat(HostFiles.of(node))
        .as("beside the image of the version before")
        .containsAllEntriesOf(installed(fresh))
        .hasSize(5);

    node.reboot();
    world.awaitActive(node, fresh);
    assertRuns(node, fresh);
  }

  @Test
  void whatWaitsForTheNextBootIsNotSlippedInByTheRefreshOfAnother() throws IOException {
    SampleImage hello = world.image("hello", "1.0.0");
    SampleImage tools = world.image("tools", "2.0.0");
    world.extension(hello);
    world.policy("base", Activation.NEXT_BOOT, "hello");
    world.awaitPhase(node, "hello", Phase.PENDING_REBOOT);

    world.extension(tools);
    world.policy("more", Activation.LIVE, "tools");
    world.awaitActive(node, tools);
    assertRuns(node, tools);
    assertUnmerged(node, "hello");

    node.reboot();
    world.awaitActive(node, hello);
    assertRuns(node, hello);
    assertRuns(node, tools);

    SampleImage fresh = world.image("hello", "1.1.0");
    world.extension(fresh);
    world.awaitPhase(node, "hello", Phase.PENDING_REBOOT);
    SampleImage more = world.image("tools", "2.1.0");
    world.extension(more);
    world.awaitActive(node, more);
    assertRuns(node, hello);

    node.reboot();
    world.awaitActive(node, fresh);
    assertRuns(node, fresh);
    assertThat(HostFiles.of(node)).containsAllEntriesOf(installed(fresh));
  }

  @Test
  void aVersionWhoseHealthCheckFailsGivesWayToTheOneBefore() throws IOException {
    SampleImage good = live("1.0.0");
    SampleImage ill = world.image("hello", "2.0.0");
    world.extension(
        ill, "  healthChecks: [{name: there, file: /usr/never-there, timeoutSeconds: 5}]\n");

    ExtensionStatus back = world.awaitPhase(node, "hello", Phase.ROLLED_BACK);

    assertThat(back.reason()).isEqualTo(Reasons.HEALTH_CHECK_FAILED);
    assertThat(back.sha256()).isEqualTo(good.sha256());
    assertRuns(node, good);
    assertThat(HostFiles.of(node)).containsAllEntriesOf(installed(good));
    node.reboot();
    world.awaitPhase(node, "hello", Phase.ROLLED_BACK);
    assertRuns(node, good);
  }

  @Test
  void aLinkThatSomebodyDeletesAndAMergeThatSomebodyEndsComeBack() throws IOException {
    SampleImage hello = live("1.0.0");
    long drifts = node.state().orElseThrow().getStatus().drift().count();

    Files.delete(node.layout().here(Path.of(LINK)));
    world.awaitDrift(
        node, drifts + 1, "hello: its link in /var/lib/extensions/ was deleted or changed");
    world.awaitActive(node, hello);
    await()
        .atMost(World.PATIENCE)
        .untilAsserted(() -> assertThat(HostFiles.of(node)).isEqualTo(installed(hello)));

    node.host().exec("systemd-sysext", "unmerge").orThrow();
    world.awaitDrift(node, drifts + 2, "hello: it was unmerged");
    world.awaitActive(node, hello);
    assertRuns(node, hello);
  }

  @Test
  void filesAndFoldersOfSomebodyElseUnderTheNameAreConflictsAndStay() throws IOException {
    Path folder = node.layout().here(Path.of("/var/lib/extensions/hello"));
    Path release = folder.resolve("usr/lib/extension-release.d/extension-release.hello");
    Files.createDirectories(release.getParent());
    Files.writeString(release, "ID=_any\n");
    try {
      world.extension(world.image("hello", "1.0.0"));
      world.policy("base", Activation.LIVE, "hello");
      assertThat(world.awaitPhase(node, "hello", Phase.FAILED))
          .satisfies(
              status -> {
                assertThat(status.reason()).isEqualTo(Reasons.FOREIGN_FILE);
                assertThat(status.message()).contains("the folder /var/lib/extensions/hello ");
              });
      assertThat(node.state().orElseThrow().getStatus().unmanaged())
          .singleElement()
          .satisfies(file -> assertThat(file.file()).isEqualTo("/var/lib/extensions/hello"));
    } finally {
      Files.move(folder, folder.resolveSibling(".moved-away.txt"));
      node.host().exec("rm", "-r", "/var/lib/extensions/.moved-away.txt").orThrow();
    }
    world.awaitPhase(node, "hello", Phase.ACTIVE);

    world.deletePolicy("base");
    Path theirs = Files.writeString(node.layout().here(Path.of(LINK)), "somebody else's");
    world.policy("base", Activation.LIVE, "hello");
    assertThat(world.awaitPhase(node, "hello", Phase.FAILED).message()).contains(LINK);
    assertThat(Files.readString(theirs)).isEqualTo("somebody else's");
    Files.delete(theirs);
    world.awaitPhase(node, "hello", Phase.ACTIVE);
  }

  @Test
  void theWantedImageThatSomebodyInstalledByHandIsAdopted() throws IOException {
    SampleImage hello = world.image("hello", "1.0.0");
    Files.copy(hello.path(), node.layout().here(Path.of(LINK)));
    node.host().exec("systemd-sysext", "refresh").orThrow();
    assertRuns(node, hello);

    world.extension(hello);
    world.policy("base", Activation.LIVE, "hello");
    world.awaitActive(node, hello);
    assertThat(HostFiles.of(node)).isEqualTo(installed(hello));
    assertRuns(node, hello);
  }

  @Test
  void profilesThatTheHostDoesNotHaveAreRefusedInWords() {
    world.extension(world.image("hello", "1.0.0"));
    world.policy("base", Activation.LIVE, "[passive]", 0, "hello");
    ExtensionStatus refused = world.awaitPhase(node, "hello", Phase.INCOMPATIBLE);
    assertThat(refused.reason()).isEqualTo(Reasons.PROFILE_NOT_ON_HOST);
    assertThat(refused.message()).contains("passive", "one profile");

    world.policy("base", Activation.LIVE, "[common]", 0, "hello");
    world.awaitPhase(node, "hello", Phase.ACTIVE);
  }

  @Test
  void aHostWhoseUnitIsNotEnabledIsToldApartAndMergesOnceItsAgentIsUp() {
    SampleImage hello = live("1.0.0");
    assertThat(unmergedAtBoot()).isEmpty();
    node.host().exec("systemctl", "disable", "systemd-sysext").orThrow();
    await()
        .atMost(World.PATIENCE)
        .untilAsserted(
            () ->
                assertThat(unmergedAtBoot())
                    .contains("systemd-sysext.service is disabled", "systemctl enable"));
    node.host().exec("systemctl", "enable", "systemd-sysext").orThrow();
    await().atMost(World.PATIENCE).untilAsserted(() -> assertThat(unmergedAtBoot()).isEmpty());

    node.killAgent();
    node.host().exec("systemctl", "stop", "systemd-sysext").orThrow(); // as a boot without it
    assertUnmerged(node, "hello");
    node.startAgent();
    await().atMost(World.PATIENCE).untilAsserted(() -> assertRuns(node, hello));
  }

  private String unmergedAtBoot() {
    return Conditions.find(
            node.state().orElseThrow().getStatus().conditions(), Conditions.UNMERGED_AT_BOOT)
        .map(condition -> condition.getMessage())
        .orElse("");
  }

  @Test
  void anAgentKilledAtAnyMomentOfAnUpgradeCarriesOn() throws IOException, InterruptedException {
    long seed = Long.getLong("cutoff.seed", System.nanoTime());
    System.out.println(getClass().getSimpleName() + ": seed " + seed);
    Random random = new Random(seed);
    live("0.9.0");
    for (int round = 1; round <= KILLS; round++) {
      SampleImage image =
          world.fleet().images().image("hello", "1." + round + ".0").filler(2 << 20).build();
      String file = image.path().getFileName().toString();
      world.fleet().server().answer(file, new Answer.Slow(image.path(), 8 << 20));
      world.extension(image);
      int moment = random.nextInt(WINDOW_MILLIS);
      TimeUnit.MILLISECONDS.sleep(moment); // what is random here; nothing is waited for
      node.killAgent();
      await("it stays merged, but for the moment of a refresh") // which PID 1 carries on
          .atMost(World.PATIENCE)
          .until(() -> node.host().exec("hello").exitCode() == 0);
      node.startAgent();
      world.awaitActive(node, image);
      assertRuns(node, image);
      await("round %d, after %d ms".formatted(round, moment)) // garbage goes after the report
          .atMost(World.PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(HostFiles.of(node))
                      .containsAllEntriesOf(installed(image))
                      .hasSizeLessThanOrEqualTo(5));
    }
  }

  /** Where systemd has the class. */
  abstract static class WithConfexts extends PlainSystemdScenarios {
    private SampleImage confext(String version) {
      SampleImage image =
          world
              .fleet()
              .images()
              .image("hello", version)
              .fileName("confext-hello-" + version + ".raw")
              .confext()
              .build();
      world.fleet().server().serve(image);
      world.extension(
          "hello-config",
          version,
          world.fleet().server().https(image),
          image.sha256(),
          "  type: Confext\n  imageName: hello\n");
      return image;
    }

    private void awaitConfext(Phase phase, SampleImage image) {
      await("confext hello " + image.version() + " " + phase)
          .atMost(World.PATIENCE)
          .until(
              () -> node.extension(ExtensionType.CONFEXT, "hello"),
              found ->
                  found
                      .filter(e -> e.phase() == phase && e.version().equals(image.version()))
                      .isPresent());
    }

    private String configured() {
      return node.host().exec("cat", "/etc/hello.version").stdout().strip();
    }

    @Test
    void configurationExtensionsHaveFoldersOfTheirOwn() throws IOException {
      SampleImage program = live("1.0.0");
      SampleImage old = confext("1.0.0");
      world.policy("config", Activation.LIVE, "hello-config");
      awaitConfext(Phase.ACTIVE, old);
      assertThat(configured()).isEqualTo("1.0.0");
      assertRuns(node, program);
      assertThat(HostFiles.of(node))
          .containsEntry(
              "/var/lib/confexts/hello.raw",
              "-> /var/lib/sysext-operator/confexts/images/" + old.sha256());

      world.policy("config", Activation.NEXT_BOOT, "hello-config");
      world.awaitPolicy("config", Conditions.TRUE);
      SampleImage fresh = confext("1.1.0");
      awaitConfext(Phase.PENDING_REBOOT, fresh);
      assertThat(configured()).isEqualTo("1.0.0");
      node.reboot();
      awaitConfext(Phase.ACTIVE, fresh);
      assertThat(configured()).isEqualTo("1.1.0");

      Files.delete(
          node.layout(ExtensionClass.CONFEXT).here(Path.of("/var/lib/confexts/hello.raw")));
      await()
          .atMost(World.PATIENCE)
          .until(() -> HostFiles.of(node).containsKey("/var/lib/confexts/hello.raw"));
    }
  }
}
