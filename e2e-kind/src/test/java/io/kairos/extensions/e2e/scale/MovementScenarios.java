package io.kairos.extensions.e2e.scale;

import static io.kairos.extensions.e2e.scale.WatchedFleet.EDGE;
import static io.kairos.extensions.e2e.scale.WatchedFleet.EDGE_CAP;
import static io.kairos.extensions.e2e.scale.WatchedFleet.FLEET;
import static io.kairos.extensions.e2e.scale.WatchedFleet.NODES;
import static io.kairos.extensions.e2e.scale.WatchedFleet.TEN_PERCENT;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.kairos.extensions.e2e.fleet.SimulatedNodes;
import io.kairos.extensions.operator.SysextOperator;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.stream.IntStream;

/** What moves in the middle of a rollout: time, leaders, labels, policies. */
final class MovementScenarios {
  private static final int MOVED = 20;

  /** Slow enough that a rollout lasts for a while. */
  private static final SimulatedNodes.Pace SLOW =
      new SimulatedNodes.Pace(Duration.ofMillis(50), Duration.ofMillis(300));

  private final WatchedFleet watched;
  private final LargeFleet fleet;

  MovementScenarios(WatchedFleet watched) {
    this.watched = watched;
    this.fleet = watched.fleet();
  }

  void slowAgentsTakeAllSlotsAndNoMore() {
    long begin = watched.seen();
    watched.rollout(FLEET, "{}");
    watched.nodes().pace(SLOW);
    watched.nodes().freeze(node -> true); // or the first is through before the last is told
    watched.next("app");
    watched.release("app");
    fleet.await("all slots are taken", () -> watched.view().since(begin).most() == TEN_PERCENT);
    watched.nodes().thaw();
    watched.waitReady(FLEET);

    watched.row(
        "healthy, slow agents",
        "True/AllNodesUpToDate 300/300, 0 failed",
        FLEET,
        begin,
        TEN_PERCENT,
        "-");
    assertThat(watched.view().since(begin).most()).isEqualTo(TEN_PERCENT);
  }

  void theWindowClosesMidWave() {
    Duration untilHalfPastTwo =
        Duration.between(
            watched.clock().instant(),
            watched
                .clock()
                .instant()
                .atZone(ZoneOffset.UTC)
                .toLocalDate()
                .plusDays(1)
                .atTime(2, 29, 15)
                .toInstant(ZoneOffset.UTC));
    watched.later(untilHalfPastTwo);
    watched.waitReady(FLEET);
    long begin = watched.seen();
    watched.rollout(
        FLEET, "{windows: [{schedule: '0 2 * * *', durationMinutes: 30, timeZone: UTC}]}");
    watched.nodes().pace(SLOW);
    watched.next("app");
    watched.release("app");
    fleet.await("the rollout is on its way", () -> fleet.status(FLEET).updated() >= 40);

    watched.later(Duration.ofSeconds(46)); // less than the deadline of those in flight
    fleet.await("it waits for its window", () -> watched.reason(FLEET).equals("OutsideWindow"));
    long closed = watched.seen();
    int ready = fleet.status(FLEET).ready();
    assertThat(ready).isBetween(40, NODES - 1);
    watched.passTwice();

    assertThat(watched.view().touchedSince(closed, FLEET)).isEmpty();
    watched.row(
        "window closes mid-wave",
        "False/OutsideWindow %d/300, 0 failed".formatted(ready),
        FLEET,
        begin,
        TEN_PERCENT,
        String.valueOf(watched.view().touchedSince(closed, FLEET).size()));
    fleet.awaitStory(FLEET, "RolloutStarted", "RolloutPaused");
    assertThat(fleet.isNow("Ready", "nep/fleet")).isFalse();
  }

  void theLeaderIsKilledMidWave() {
    long begin = watched.seen();
    watched.nodes().pace(SLOW);
    watched.operator().close();
    KubernetesClient mortal = fleet.newClient();
    SysextOperator first = fleet.startOperator(mortal);
    int updated = fleet.status(FLEET).updated();
    watched.later(Duration.ofHours(23).plusMinutes(31)); // the window of the next night
    fleet.await("the rollout is on its way", () -> fleet.status(FLEET).updated() >= updated + 40);

    mortal.close(); // between any two writes
    watched.operator(fleet.startOperator(fleet.newClient()));
    first.close();
    watched.waitReady(FLEET);

    watched.row(
        "leader killed mid-wave",
        "True/AllNodesUpToDate 300/300, 0 failed",
        FLEET,
        begin,
        TEN_PERCENT,
        "-");
    fleet.awaitStory(FLEET, "RolloutPaused", "RolloutCompleted");
  }

  void labelsMove() {
    watched.next("tool");
    fleet.apply(
        watched.extension("tool"),
        WatchedFleet.policy(EDGE, "tool", "pool: edge", String.valueOf(EDGE_CAP)));
    watched.waitReady(EDGE);
    long begin = watched.seen();

    IntStream.range(0, MOVED)
        .forEach(
            i ->
                watched.nodes().label(WatchedFleet.node(i), Map.of("fleet", "no", "pool", "edge")));
    fleet.await("the operator knows", () -> fleet.status(EDGE).desired() == MOVED);
    watched.waitReady(FLEET);
    watched.waitReady(EDGE);

    fleet.await(
        "what no longer applies is gone",
        () ->
            watched
                .onNodes("")
                .equals(
                    Map.of(
                        "app " + watched.version("app") + " Active",
                        NODES - MOVED,
                        "tool 1 Active",
                        MOVED)));
    watched.row(
        "labels move: fleet",
        "True/AllNodesUpToDate 280/280, 0 failed",
        FLEET,
        begin,
        TEN_PERCENT + EDGE_CAP,
        "-");
    watched.row(
        "labels move: edge",
        "True/AllNodesUpToDate 20/20, 0 failed",
        EDGE,
        begin,
        TEN_PERCENT + EDGE_CAP,
        "-");
  }

  void twoPoliciesOnOneNode() {
    IntStream.range(0, MOVED)
        .forEach(i -> watched.nodes().label(WatchedFleet.node(i), Map.of("fleet", "yes")));
    fleet.await("the operator knows", () -> fleet.status(FLEET).desired() == NODES);
    watched.waitReady(FLEET);
    long begin = watched.seen();
    watched.rollout(EDGE, "{maxUnavailable: 5}");
    watched.next("app");
    watched.next("tool");
    fleet.apply(watched.extension("app"), watched.extension("tool"));
    fleet.waitFor("Ready", "sysext/app");
    fleet.waitFor("Ready", "sysext/tool");
    watched.waitReady(FLEET);
    watched.waitReady(EDGE);

    assertThat(watched.onNodes(""))
        .containsOnlyKeys(
            "app " + watched.version("app") + " Active",
            "app %d Active, tool %d Active"
                .formatted(watched.version("app"), watched.version("tool")));
    assertThat(watched.view().since(begin).policiesAtOnce()).isEqualTo(1);
    watched.row(
        "two policies on one node",
        "True/AllNodesUpToDate 300/300, 0 failed",
        FLEET,
        begin,
        TEN_PERCENT + EDGE_CAP,
        "-");
  }
}
