package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.e2e.cluster.Kubectl;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.fleet.ImageServer;
import io.kairos.extensions.e2e.fleet.SimulatedPods;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.ImageFormat;
import io.kairos.extensions.e2e.host.SampleImage;
import io.kairos.extensions.e2e.host.SampleImages;
import java.io.IOException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Rollouts over three hosts with a real systemd, by a real API server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RolloutScenarios {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private World world;
  private Kubectl kubectl;
  private List<FleetNode> nodes;

  abstract Hosts hosts();

  @BeforeAll
  void startWorld() throws IOException, InterruptedException {
    assumeTrue(
        hosts() instanceof Hosts.Booted,
        "health checks and reboots need a host with a systemd: none can be booted");
    assumeTrue(
        SampleImages.formats().contains(ImageFormat.SQUASHFS),
        "mksquashfs is not installed: no images with checks can be made");
    world = World.on(hosts());
    assumeTrue(world.kubectl().isPresent(), "a stand-in for the API server evicts no pods");
    kubectl = world.kubectl().orElseThrow();
    nodes =
        IntStream.rangeClosed(1, 3)
            .mapToObj(i -> world.boot(HostOptions.named("node-" + i)))
            .toList();
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
    nodes.forEach(node -> World.assertUnmerged(node, "hello"));
  }

  private SampleImage image(String version, String check) {
    SampleImage image =
        world
            .fleet()
            .images()
            .image("hello", version)
            .executable("usr/bin/hello", "#!/bin/sh\necho hello " + version + "\n")
            .executable("usr/bin/hello-check", "#!/bin/sh\n" + check + "\n")
            .build();
    world.fleet().server().serve(image);
    return image;
  }

  private void extension(SampleImage image) {
    world.extension(
        image,
        """
          healthChecks: [{name: content, command: [/usr/bin/hello-check], timeoutSeconds: 20}]
        """);
  }

  private void policy(String activation, String rollout) {
    kubectl
        .apply(
            """
            apiVersion: extensions.kairos.io/v1alpha1
            kind: NodeExtensionPolicy
            metadata: {name: hello}
            spec:
              nodeSelector: {}
              extensions: [{name: hello}]
              activation: %s
              rollout: %s
            """
                .formatted(activation, rollout))
        .orThrow();
  }

  private void waitFor(String condition, String what) {
    Kubectl.Result waited =
        kubectl.run(
            "wait",
            "--for=condition=" + condition,
            what,
            "--timeout=" + PATIENCE.toSeconds() + "s");
    assertThat(waited.succeeded())
        .as("%s %s: %s", what, condition, kubectl.run("get", what, "-o", "yaml").stdout())
        .isTrue();
  }

  private List<String> story() {
    return world
        .fleet()
        .client()
        .events()
        .v1()
        .events()
        .inNamespace("default")
        .list()
        .getItems()
        .stream()
        .filter(event -> event.getRegarding().getKind().equals("NodeExtensionPolicy"))
        .filter(event -> event.getRegarding().getName().equals("hello"))
        .sorted(Comparator.comparingLong(e -> Long.parseLong(e.getMetadata().getResourceVersion())))
        .map(Event::getReason)
        .toList();
  }

  @Test
  void aVersionThatFailsItsCheckGoesBackOnTheCanaryAloneAndAMendedOneGoesOn() {
    SampleImage good = image("1.0.0", "exit 0");
    extension(good);
    policy(
        "Live",
        "{maxUnavailable: 1, soakSeconds: 0, waves: [{name: canary, nodes: 1, soakSeconds: 2}]}");
    waitFor("Ready", "nep/hello");
    nodes.forEach(node -> World.assertRuns(node, good));
    List<String> merges = nodes.stream().map(World::mergeId).toList();

    SampleImage bad = image("1.1.0", "echo no route to the moon; exit 7");
    extension(bad);
    waitFor("Stalled", "nep/hello");

    FleetNode canary = nodes.get(0);
    assertThat(world.awaitPhase(canary, "hello", Phase.ROLLED_BACK).message())
        .contains("no route to the moon");
    assertThat(world.awaitPolicy("hello", "False").getReason())
        .isEqualTo(Reasons.FAILURE_BUDGET_EXCEEDED);
    assertThat(kubectl.run("wait", "--for=condition=Ready", "nep/hello", "--timeout=1s"))
        .as("halted is not Ready")
        .matches(waited -> !waited.succeeded());
    nodes.forEach(node -> World.assertRuns(node, good));
    for (FleetNode other : nodes.subList(1, 3)) {
      assertThat(other.state().orElseThrow().getSpec().assignments())
          .as(other.name())
          .allMatch(assignment -> assignment.target().version().equals("1.0.0"));
      assertThat(World.mergeId(other))
          .as("%s was merged once", other.name())
          .isEqualTo(merges.get(nodes.indexOf(other)));
    }

    SampleImage mended = image("1.2.0", "exit 0");
    extension(mended);
    waitFor("Ready", "sysext/hello");
    waitFor("Ready", "nep/hello");
    nodes.forEach(node -> World.assertRuns(node, mended));
    await("the story is told to its end: an event follows the status that it is about")
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(story())
                    .containsExactly(
                        "RolloutStarted",
                        "WaveCompleted",
                        "RolloutCompleted",
                        "RolloutStarted",
                        "RolloutHalted",
                        "RolloutStarted",
                        "WaveCompleted",
                        "RolloutCompleted"));
  }

  @Test
  void beforeItsWindowOpensTheImagesAreThereAndNothingIsLinked() throws IOException {
    SampleImage image = image("2.0.0", "exit 0");
    extension(image);
    int far = LocalDate.now(ZoneOffset.UTC).plusMonths(6).getMonthValue();
    policy(
        "Live",
        "{maxUnavailable: 1, soakSeconds: 0, windows: [{schedule: '0 0 1 %d *', durationMinutes: 1}]}"
            .formatted(far));

    for (FleetNode node : nodes) {
      await(node.name() + " has the image")
          .atMost(PATIENCE)
          .until(
              () -> node.extension("hello"),
              found ->
                  found.filter(e -> e.reason().equals(Reasons.AWAITING_ADMISSION)).isPresent());
      assertThat(node.state().orElseThrow().getSpec().assignments()).isEmpty();
      assertThat(HostFiles.of(node))
          .hasSize(1)
          .allSatisfy((path, file) -> assertThat(path).endsWith("/images/" + image.sha256()));
      World.assertUnmerged(node, "hello");
    }
    assertThat(world.awaitPolicy("hello", "False").getReason()).isEqualTo(Reasons.OUTSIDE_WINDOW);
    await("they are counted")
        .atMost(PATIENCE)
        .until(() -> counted("staged").equals("3") && counted("active").equals("0"));

    world
        .fleet()
        .server()
        .answer(image.path().getFileName().toString(), new ImageServer.Answer.Status(503));
    kubectl
        .run("patch", "nep", "hello", "--type=merge", "-p", "spec: {rollout: {windows: null}}")
        .orThrow();
    waitFor("Ready", "nep/hello");
    nodes.forEach(node -> World.assertRuns(node, image));
    assertThat(nodes)
        .allSatisfy(node -> assertThat(node.state().orElseThrow().getSpec().upcoming()).isEmpty());
  }

  /** What the extension's status counts of nodes; nothing is written as 0. */
  private String counted(String what) {
    String count =
        kubectl
            .run("get", "sysext", "hello", "-o", "jsonpath={.status.nodes." + what + "}")
            .stdout();
    return count.isEmpty() ? "0" : count;
  }

  private Node apiNode(FleetNode node) {
    return world.fleet().client().nodes().withName(node.name()).get();
  }

  private boolean isCordoned(FleetNode node) {
    return Boolean.TRUE.equals(apiNode(node).getSpec().getUnschedulable());
  }

  private static String bootId(FleetNode node) {
    return node.state().map(NodeExtensionState::getStatus).orElseThrow().host().bootId();
  }

  /** Its host reboots by itself; the agent comes up with it, as its pod would. */
  private void awaitReboot(FleetNode node, int boots) {
    node.host().awaitBoot(boots + 1, PATIENCE);
    node.killAgent();
    node.startAgent();
  }

  @Test
  void nodesAreDrainedRebootedAndGivenBackAndAPersonsCordonIsNotOurs() {
    try (SimulatedPods pods = SimulatedPods.start(world.fleet().cluster().client())) {
      FleetNode free = nodes.get(0);
      FleetNode guarded = nodes.get(1);
      FleetNode persons = nodes.get(2);
      nodes.forEach(node -> pods.run("web-" + node.name(), node.name(), Map.of("app", "web")));
      pods.run("db", guarded.name(), Map.of("app", "db"));
      pods.protect("db", Map.of("app", "db"), 0);
      kubectl.run("cordon", persons.name()).orThrow();
      List<Integer> boots = nodes.stream().map(node -> node.host().boots()).toList();
      List<String> bootIds = nodes.stream().map(RolloutScenarios::bootId).toList();
      SampleImage image = image("1.0.0", "exit 0");
      extension(image);
      policy("Reboot", "{maxUnavailable: 2, soakSeconds: 0, drain: {timeoutSeconds: 600}}");

      awaitReboot(free, boots.get(0));
      world.awaitActive(free, image);
      assertThat(bootId(free)).isNotEqualTo(bootIds.get(0));
      World.assertRuns(free, image);
      await("given back").atMost(PATIENCE).until(() -> !isCordoned(free));
      assertThat(pods.on(free.name())).isEmpty();

      await("held up by the budget")
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(world.awaitPolicy("hello", "False").getMessage())
                      .contains(guarded.name() + " (is being drained, 1 pod left: default/db: "));
      assertThat(isCordoned(guarded)).isTrue();
      assertThat(pods.on(guarded.name())).containsExactly("db");
      assertThat(guarded.host().boots()).isEqualTo(boots.get(1));
      pods.allow("db", 1);
      awaitReboot(guarded, boots.get(1));
      world.awaitActive(guarded, image);
      await("given back").atMost(PATIENCE).until(() -> !isCordoned(guarded));

      assertThat(isCordoned(persons)).as("a person's cordon").isTrue();
      assertThat(persons.host().boots()).isEqualTo(boots.get(2));
      assertThat(pods.on(persons.name())).hasSize(1);
      kubectl.run("uncordon", persons.name()).orThrow();
      awaitReboot(persons, boots.get(2));

      waitFor("Ready", "nep/hello");
      nodes.forEach(node -> World.assertRuns(node, image));
      for (FleetNode node : nodes) {
        await("given back").atMost(PATIENCE).until(() -> !isCordoned(node));
        assertThat(node.host().boots())
            .as("one reboot")
            .isEqualTo(boots.get(nodes.indexOf(node)) + 1);
        assertThat(apiNode(node).getMetadata().getAnnotations().keySet())
            .as("nothing of ours is left on it")
            .noneMatch(key -> key.startsWith(Api.GROUP));
      }
    }
  }
}
