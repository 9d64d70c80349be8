package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.DriftStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.SampleImage;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Services and health checks on a real systemd: what works stays, what does not goes back. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class HealthScenarios {
  private static final String RUNS = "exec sleep infinity";
  private static final String HEALTHY = "#!/bin/sh\nexit 0\n";

  /** Its checks: the service stays up, and a program of the image itself is content. */
  private static final String HEALTH =
      """
        services: [{name: hello.service, onChange: Restart}]
        healthChecks:
        - {name: runs, unit: hello.service, timeoutSeconds: 20}
        - {name: content, command: [/usr/bin/hello-check, "$HOME ${HOME} %n"], timeoutSeconds: 5}
      """;

  /** It stays up for some seconds, with not many to spare. */
  private static final String PATIENT =
      """
        services: [{name: hello.service, onChange: Restart}]
        healthChecks:
        - {name: runs, unit: hello.service, timeoutSeconds: 8}
      """;

  private World world;
  private FleetNode node;

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
    assertThat(HostFiles.of(node)).isEmpty();
    assertThat(state()).isEqualTo("inactive");
    World.assertUnmerged(node, "hello");
  }

  private SampleImage image(String version, String daemon, String check) {
    SampleImage image =
        world
            .fleet()
            .images()
            .image("hello", version)
            .executable(
                "usr/bin/hello-daemon",
                "#!/bin/sh\necho \"daemon " + version + "\"\n" + daemon + "\n")
            .executable("usr/bin/hello-check", check)
            .file(
                "usr/lib/systemd/system/hello.service",
                """
                [Service]
                ExecStart=/usr/bin/hello-daemon
                Restart=on-failure
                RestartSec=100ms
                """)
            .build();
    world.fleet().server().serve(image);
    return image;
  }

  private String show(String property) {
    return node.host().exec("systemctl", "show", "-P", property, "hello.service").stdout().strip();
  }

  private String state() {
    return show("ActiveState");
  }

  /** What the daemon that runs now said when it started. */
  private void assertDaemon(SampleImage image) {
    assertThat(state()).isEqualTo("active");
    await()
        .untilAsserted(
            () ->
                assertThat(
                        node.host()
                            .exec(
                                "journalctl",
                                "--output=cat",
                                "--no-pager",
                                "_SYSTEMD_INVOCATION_ID=" + show("InvocationID"))
                            .stdout())
                    .contains("daemon " + image.version()));
  }

  @Test
  void aServiceIsRestartedWithEachVersionAndStoppedWithTheLast() {
    SampleImage old = image("1.0.0", RUNS, HEALTHY);
    SampleImage fresh = image("1.1.0", RUNS, HEALTHY);
    world.extension(old, HEALTH);
    world.policy("hello", Activation.LIVE, "hello");
    world.awaitActive(node, old);
    assertDaemon(old);

    world.extension(fresh, HEALTH);
    world.awaitActive(node, fresh);
    assertDaemon(fresh);

    world.deletePolicy("hello");
    assertThat(state()).isEqualTo("inactive");
    assertThat(show("LoadState")).isEqualTo("not-found");
  }

  @Test
  void aServiceRunsAgainAfterARebootAndIsNotRestartedWithTheAgent() {
    SampleImage image = image("1.0.0", RUNS, HEALTHY);
    world.extension(image, HEALTH);
    world.policy("hello", Activation.LIVE, "hello");
    world.awaitActive(node, image);
    String invocation = show("InvocationID");

    world.restartAgent(node);
    world.awaitPhase(node, "hello", Phase.ACTIVE);
    assertThat(show("InvocationID")).isEqualTo(invocation);

    world.reboot(node);
    world.awaitPhase(node, "hello", Phase.ACTIVE);
    assertDaemon(image);
  }

  @Test
  void aVersionWhoseHealthCheckFailsGivesWayToTheOneBeforeServicesIncluded() {
    SampleImage good = image("1.0.0", RUNS, HEALTHY);
    world.extension(good, HEALTH);
    world.policy("hello", Activation.LIVE, "hello");
    world.awaitActive(node, good);

    world.extension(
        image("1.1.0", RUNS, "#!/bin/sh\necho \"no route to the moon, args: $*\"\nexit 7\n"),
        HEALTH);
    ExtensionStatus status = world.awaitPhase(node, "hello", Phase.ROLLED_BACK);

    assertThat(status.reason()).isEqualTo(Reasons.HEALTH_CHECK_FAILED);
    assertThat(status.message())
        .as("the check's own output; its arguments came as they were written")
        .contains("health check content", "exit code 7", "no route to the moon")
        .contains("args: $HOME ${HOME} %n");
    assertThat(status.sha256()).isEqualTo(good.sha256());
    World.assertRuns(node, good);
    assertDaemon(good);
    assertThat(world.awaitPolicy("hello", "False").getMessage()).contains("no route to the moon");

    String invocation = show("InvocationID");
    world.restartAgent(node);
    world.awaitPhase(node, "hello", Phase.ROLLED_BACK);
    assertThat(show("InvocationID")).as("not tried again").isEqualTo(invocation);

    SampleImage mended = image("1.2.0", RUNS, HEALTHY);
    world.extension(mended, HEALTH);
    world.awaitActive(node, mended);
    assertDaemon(mended);
  }

  @Test
  void aVersionWhoseServiceCrashesGivesWayThoughTheStartLimitIsHit() {
    SampleImage good = image("1.0.0", RUNS, HEALTHY);
    world.extension(good, HEALTH);
    world.policy("hello", Activation.LIVE, "hello");
    world.awaitActive(node, good);

    world.extension(image("1.1.0", "echo out of memory; exit 1", HEALTHY), HEALTH);
    ExtensionStatus status = world.awaitPhase(node, "hello", Phase.ROLLED_BACK);

    assertThat(status.reason()).isIn(Reasons.HEALTH_CHECK_FAILED, Reasons.SERVICE_FAILED);
    assertThat(status.message()).contains("hello.service is", "out of memory");
    World.assertRuns(node, good);
    assertDaemon(good);
  }

  /**
   * The service is stopped, and the check fails, while something else delays the end of the host
   * for longer than the check has time.
   */
  @Test
  void aVersionThatIsProvingItselfAsItsHostGoesDownIsInEffectAfterTheBoot() {
    SampleImage good = image("1.0.0", RUNS, HEALTHY);
    world.extension(good, PATIENT);
    world.policy("hello", Activation.LIVE, "hello");
    world.awaitActive(node, good);
    node.host()
        .exec(
            "systemd-run",
            "--unit=lingers",
            "--property=After=dbus.service dbus.socket",
            "--property=ExecStop=/bin/sleep 15",
            "/bin/sleep",
            "infinity")
        .orThrow();
    SampleImage fresh = image("1.1.0", RUNS, HEALTHY);
    world.extension(fresh, PATIENT);
    world.awaitPhase(node, "hello", Phase.VERIFYING);
    int boots = node.host().boots();

    node.host().exec("systemctl", "reboot", "--no-block").orThrow();
    node.host().awaitBoot(boots + 1, Duration.ofMinutes(2));
    node.killAgent(); // as it would have ended with its host, but not before the host did
    node.startAgent();

    world.awaitActive(node, fresh);
    assertDaemon(fresh);
    assertThat(node.extension("hello").orElseThrow().lastFailure()).isEmpty();
    assertThat(node.state().orElseThrow().getStatus().drift())
        .as("what the host took apart itself")
        .isEqualTo(DriftStatus.NONE);
  }

  /**
   * As one that an extension has a drop-in for, at its removal and where its first version fails.
   */
  @Test
  void aServiceThatTheHostHasItselfRunsAgainOnceItsExtensionIsGone() throws IOException {
    Files.writeString(
        node.host().root().resolve("etc/systemd/system/theirs.service"),
        "[Service]\nExecStart=/bin/sleep infinity\n");
    node.host().exec("systemctl", "daemon-reload").orThrow();
    node.host().exec("systemctl", "start", "theirs.service").orThrow();
    SampleImage fresh = image("1.0.0", RUNS, HEALTHY);
    world.extension(fresh, "  services: [{name: theirs.service}]\n");
    world.policy("hello", Activation.LIVE, "hello");
    world.awaitActive(node, fresh);

    world.clear();
    awaitTheirs();

    world.extension(
        image("1.1.0", RUNS, "exit 1"),
        """
          services: [{name: theirs.service}]
          healthChecks: [{name: content, command: [/bin/false], timeoutSeconds: 5}]
        """);
    world.policy("hello", Activation.LIVE, "hello");
    world.awaitPhase(node, "hello", Phase.ROLLED_BACK);
    awaitTheirs();
    node.host().exec("systemctl", "stop", "theirs.service").orThrow();
    Files.delete(node.host().root().resolve("etc/systemd/system/theirs.service"));
  }

  private void awaitTheirs() {
    World.assertUnmerged(node, "hello");
    await("the host's service runs")
        .atMost(World.PATIENCE)
        .until(
            () ->
                node.host()
                    .exec("systemctl", "is-active", "theirs.service")
                    .stdout()
                    .strip()
                    .equals("active"));
  }

  @Test
  void aFirstVersionThatDoesNotWorkLeavesNothing() {
    world.extension(image("1.0.0", "exit 1", HEALTHY), HEALTH);
    world.policy("hello", Activation.LIVE, "hello");
    world.awaitPhase(node, "hello", Phase.ROLLED_BACK);

    World.assertUnmerged(node, "hello");
    assertThat(HostFiles.of(node).keySet())
        .as("but the image, which may be wanted again")
        .allMatch(path -> path.contains("/images/"));
    assertThat(state()).isNotEqualTo("active");
  }
}
