package io.kairos.extensions.e2e.scenario;

import static io.kairos.extensions.e2e.scenario.World.assertRuns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.SampleImage;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Configuration extensions on a real systemd, beside system extensions of the same name. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ConfextScenarios {
  private static final String CONFEXT = "  type: Confext\n";

  World world;
  FleetNode node;

  abstract Hosts hosts();

  @BeforeAll
  void startWorld() throws IOException, InterruptedException {
    world = World.onBooted(hosts());
    node = world.boot(HostOptions.named("node-1"));
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
    assertThat(etcMounts()).isEmpty();
    node.host().exec("sh", "-c", "touch /etc/written && rm /etc/written").orThrow();
  }

  /** Of the name {@code hello} on the host, as the system extension is. */
  SampleImage confext(String version) {
    SampleImage image =
        world
            .fleet()
            .images()
            .image("hello", version)
            .fileName("confext-hello-" + version + ".raw")
            .confext()
            .build();
    world.fleet().server().serve(image);
    return image;
  }

  void extension(SampleImage image, String more) {
    world.extension(
        "hello-config",
        image.version(),
        world.fleet().server().https(image),
        image.sha256(),
        CONFEXT + "  imageName: hello\n" + more);
  }

  ExtensionStatus awaitPhase(Phase phase, SampleImage image) {
    return await("confext hello " + image.version() + " " + phase)
        .atMost(World.PATIENCE)
        .until(
            () -> node.extension(ExtensionType.CONFEXT, "hello"),
            found ->
                found
                    .filter(e -> e.phase() == phase && e.version().equals(image.version()))
                    .isPresent())
        .orElseThrow();
  }

  String etcMounts() {
    return node.host().exec("sh", "-c", "grep ' - overlay confext ' /proc/1/mountinfo").stdout();
  }

  String configured() {
    return node.host().exec("cat", "/etc/hello.version").stdout().strip();
  }

  /** Where systemd has the class. */
  abstract static class Supported extends ConfextScenarios {
    @Test
    void bothClassesLiveUnderOneNameAndNeitherDisturbsTheOther() {
      SampleImage program = world.image("hello", "1.0.0");
      SampleImage old = confext("1.0.0");
      world.extension(program);
      extension(old, "");
      world.policy("base", Activation.LIVE, "hello", "hello-config");
      world.awaitActive(node, program);
      awaitPhase(Phase.ACTIVE, old);
      assertRuns(node, program);
      assertThat(configured()).isEqualTo("1.0.0");
      assertThat(HostFiles.of(node))
          .containsEntry("/run/confexts/hello.raw", "-> /var/lib/kairos/confexts/active/hello.raw")
          .containsEntry(
              "/run/extensions/hello.raw", "-> /var/lib/kairos/extensions/active/hello.raw");
      assertThat(node.host().exec("touch", "/etc/written").exitCode()).isNotZero();

      String sysexts = World.mergeId(node);
      SampleImage fresh = confext("1.1.0");
      extension(fresh, "");
      awaitPhase(Phase.ACTIVE, fresh);
      assertThat(configured()).isEqualTo("1.1.0");
      assertThat(World.mergeId(node)).as("system extensions stay as they are").isEqualTo(sysexts);

      node.reboot();
      awaitPhase(Phase.ACTIVE, fresh);
      world.awaitActive(node, program);
      assertThat(configured()).isEqualTo("1.1.0");
      assertRuns(node, program);

      world.policy("base", Activation.LIVE, "hello");
      await("the confext alone is gone")
          .atMost(World.PATIENCE)
          .untilAsserted(() -> assertThat(etcMounts()).isEmpty());
      assertRuns(node, program);
    }

    @Test
    void aVersionThatFailsItsCheckGivesWayToTheOneBefore() {
      SampleImage old = confext("1.0.0");
      SampleImage ill = confext("2.0.0");
      extension(old, "");
      world.policy("base", Activation.LIVE, "hello-config");
      awaitPhase(Phase.ACTIVE, old);

      extension(
          ill, "  healthChecks: [{name: there, file: /etc/never-there, timeoutSeconds: 5}]\n");

      ExtensionStatus back = awaitPhase(Phase.ROLLED_BACK, ill);
      assertThat(back.reason()).isEqualTo(Reasons.HEALTH_CHECK_FAILED);
      assertThat(back.sha256()).isEqualTo(old.sha256());
      assertThat(configured()).isEqualTo("1.0.0");
    }

    @Test
    void theNextBootMergesAndALinkThatSomebodyDeletesComesBack() throws IOException {
      SampleImage image = confext("1.0.0");
      extension(image, "");
      world.policy("base", Activation.NEXT_BOOT, "hello-config");
      awaitPhase(Phase.PENDING_REBOOT, image);
      assertThat(etcMounts()).isEmpty();

      node.reboot();
      awaitPhase(Phase.ACTIVE, image);
      assertThat(configured()).isEqualTo("1.0.0");

      Map<String, String> before = HostFiles.of(node);
      Files.delete(node.layout(ExtensionClass.CONFEXT).store().resolve("active/hello.raw"));
      world.awaitDrift(node, 1, "hello: its link in active/ was deleted or changed");
      awaitPhase(Phase.ACTIVE, image);
      assertThat(HostFiles.of(node)).isEqualTo(before);
    }

    @Test
    void oneThatWouldMakeTheHostAnotherSystemIsRefused() {
      SampleImage image =
          world
              .fleet()
              .images()
              .image("hello", "3.0.0")
              .fileName("confext-hello-3.0.0.raw")
              .confext()
              .file("etc/os-release", "ID=another\n")
              .build();
      world.fleet().server().serve(image);
      extension(image, "");
      world.policy("base", Activation.LIVE, "hello-config");
      assertThat(awaitPhase(Phase.INCOMPATIBLE, image).reason())
          .isEqualTo(Reasons.CARRIES_OS_RELEASE);
      assertThat(etcMounts()).isEmpty();
    }
  }
}
