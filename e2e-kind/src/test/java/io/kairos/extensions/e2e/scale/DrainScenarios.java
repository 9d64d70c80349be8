package io.kairos.extensions.e2e.scale;

import static io.kairos.extensions.e2e.scale.WatchedFleet.FLEET;
import static io.kairos.extensions.e2e.scale.WatchedFleet.NODES;
import static io.kairos.extensions.e2e.scale.WatchedFleet.TEN_PERCENT;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.e2e.fleet.SimulatedPods;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Nodes that are drained, all 300 of them, some with pods on them, and one with a pod that a
 * PodDisruptionBudget never lets go.
 */
final class DrainScenarios {
  private static final int HELD = 20;
  private static final int DRAIN_SECONDS = 100;
  private static final int WITH_PODS = 40;

  private final WatchedFleet watched;
  private final LargeFleet fleet;

  DrainScenarios(WatchedFleet watched) {
    this.watched = watched;
    this.fleet = watched.fleet();
  }

  private static String drain(String onTimeout) {
    return "drain: {when: Always, timeoutSeconds: %d, onTimeout: %s}"
        .formatted(DRAIN_SECONDS, onTimeout);
  }

  void aBudgetNeverLetsAPodGo() {
    try (SimulatedPods pods = SimulatedPods.start(fleet.newClient())) {
      String held = WatchedFleet.node(HELD);
      pods.run("held", held, Map.of("app", "held"));
      pods.protect("held", Map.of("app", "held"), 0);
      IntStream.range(0, WITH_PODS)
          .forEach(i -> pods.run("web-" + i, WatchedFleet.node(7 * i), Map.of("app", "web")));
      long begin = watched.seen();
      watched.rollout(FLEET, "{%s}".formatted(drain("Skip")));
      watched.next("app");
      watched.release("app");
      fleet.await("the drain is held up", () -> isCordoned(held));
      assertThat(pods.on(held)).containsExactly("held");
      fleet.await(
          "the policy says what holds it up",
          () -> fleet.ready(FLEET).getMessage().contains("default/held"));
      fleet.await("all others are through", () -> fleet.status(FLEET).ready() == NODES - 1);

      watched.later(Duration.ofSeconds(DRAIN_SECONDS + 1));
      fleet.await("the node is skipped", () -> watched.reason(FLEET).equals("NodesSkipped"));
      fleet.await("it is given back", () -> cordoned().isEmpty());
      watched.row(
          "PDB never lets go, Skip",
          "False/NodesSkipped 299/300, 0 failed",
          FLEET,
          begin,
          TEN_PERCENT,
          "-");
      assertThat(pods.on(held)).containsExactly("held");
      assertThat(IntStream.range(0, WITH_PODS).mapToObj(i -> WatchedFleet.node(7 * i)))
          .allMatch(node -> pods.on(node).isEmpty());

      begin = watched.seen();
      fleet.patch(FLEET, "spec: {rollout: {failureBudget: 1, %s}}".formatted(drain("Fail")));
      watched.annotate("nep/" + FLEET, Api.RETRY_ANNOTATION + "=the-held-one");
      fleet.await("it is drained once more", () -> isCordoned(held));
      watched.later(Duration.ofSeconds(DRAIN_SECONDS + 1));
      fleet.waitFor("Stalled", "nep/" + FLEET);
      fleet.await("it is given back", () -> cordoned().isEmpty());
      watched.row(
          "PDB never lets go, Fail",
          "False/NodesFailed 299/300, 1 failed",
          FLEET,
          begin,
          TEN_PERCENT,
          "-");
      assertThat(watched.view().touchedSince(begin, FLEET)).containsExactly(held);

      pods.allow("held", 1);
      watched.annotate("nep/" + FLEET, Api.RETRY_ANNOTATION + "=it-may-go");
      watched.waitReady(FLEET);
      fleet.await("all are given back", () -> cordoned().isEmpty());
      assertThat(pods.on(held)).isEmpty();
    }
  }

  void aNodeIsDeletedMidDrain() {
    try (SimulatedPods pods = SimulatedPods.start(fleet.newClient())) {
      long begin = watched.seen();
      watched.rollout(FLEET, "{maxUnavailable: 1, %s}".formatted(drain("Skip")));
      watched.passTwice(); // what else is new of the rules has been said to all agents
      fleet.await("all have heard", () -> fleet.status(FLEET).unavailable() == 0);
      watched.nodes().freeze(node -> true);
      watched.next("app");
      watched.release("app");
      fleet.await("one node is told", () -> told().size() == 1);
      String victim = told().get(0);
      pods.run("held-too", victim, Map.of("app", "held-too"));
      pods.protect("held-too", Map.of("app", "held-too"), 0);
      watched.nodes().thaw();
      fleet.await("it is being drained", () -> isCordoned(victim));
      watched.passTwice();
      assertThat(told()).as("it has the only slot").containsExactly(victim);

      watched.nodes().leave(victim);
      pods.remove("held-too");

      fleet.await("its slot is free", () -> told().size() > 1);
      fleet.patch(FLEET, "spec: {rollout: {maxUnavailable: '10%'}}");
      watched.waitReady(FLEET);
      fleet.await("all are given back", () -> cordoned().isEmpty());
      watched.row(
          "node deleted mid-drain",
          "True/AllNodesUpToDate 299/299, 0 failed",
          FLEET,
          begin,
          TEN_PERCENT,
          "-");
      assertThat(fleet.states())
          .extracting(state -> state.getMetadata().getName())
          .hasSize(NODES - 1)
          .doesNotContain(victim);
      assertThat(fleet.status(FLEET).rollout().admitting()).doesNotContain(victim);
      assertThat(fleet.status(FLEET).unavailable()).isZero();

      watched.join(Integer.parseInt(victim.substring("node-".length())));
      fleet.await("it is back", () -> fleet.status(FLEET).desired() == NODES);
      watched.waitReady(FLEET);
      fleet.await("all are given back", () -> cordoned().isEmpty());
    }
  }

  /** The nodes that have been told the version that is being given. */
  private List<String> told() {
    String version = String.valueOf(watched.version("app"));
    return fleet.states().stream()
        .filter(
            state ->
                state.getSpec().assignments().stream()
                    .anyMatch(assignment -> assignment.target().version().equals(version)))
        .map(state -> state.getMetadata().getName())
        .sorted()
        .toList();
  }

  private boolean isCordoned(String node) {
    return cordoned().contains(node);
  }

  /** The nodes that nothing is scheduled onto, or that say that we did so. */
  private List<String> cordoned() {
    return fleet.client().nodes().list().getItems().stream()
        .filter(
            node ->
                isUnschedulable(node)
                    || node.getMetadata().getAnnotations().containsKey(Api.CORDONED_ANNOTATION))
        .map(node -> node.getMetadata().getName())
        .toList();
  }

  private static boolean isUnschedulable(Node node) {
    return node.getSpec() != null && Boolean.TRUE.equals(node.getSpec().getUnschedulable());
  }
}
