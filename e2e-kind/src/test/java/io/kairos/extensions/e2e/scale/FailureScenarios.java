package io.kairos.extensions.e2e.scale;

import static io.kairos.extensions.e2e.scale.WatchedFleet.DEADLINE_SECONDS;
import static io.kairos.extensions.e2e.scale.WatchedFleet.FLEET;
import static io.kairos.extensions.e2e.scale.WatchedFleet.NODES;
import static io.kairos.extensions.e2e.scale.WatchedFleet.TEN_PERCENT;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.e2e.fleet.Mishap;
import java.time.Duration;
import java.util.Set;
import java.util.stream.IntStream;

/** An image that is good, and ones that are not; nodes that die of them. */
final class FailureScenarios {
  private static final int FIVE_PERCENT = 15;

  private final WatchedFleet watched;
  private final LargeFleet fleet;

  FailureScenarios(WatchedFleet watched) {
    this.watched = watched;
    this.fleet = watched.fleet();
  }

  void healthy() {
    fleet.await("the nodes have states", () -> fleet.states().size() == NODES);
    long begin = watched.seen();
    String version = watched.next("app");
    IntStream.range(0, 10)
        .forEach(
            i -> watched.nodes().befall(WatchedFleet.node(7 * i), new Mishap.Flaps(version, 2)));
    fleet.apply(watched.extension("app"), WatchedFleet.policy(FLEET, "app", "fleet: 'yes'", "10%"));
    watched.rollout(FLEET, "{waves: [{name: canary, nodes: 1}, {name: tenth, nodes: '10%'}]}");

    watched.waitReady(FLEET);

    watched.row(
        "healthy, ten flap", "True/AllNodesUpToDate 300/300, 0 failed", FLEET, begin, 30, "-");
    fleet.awaitStory(FLEET, "RolloutCompleted");
    assertThat(fleet.story(FLEET))
        .containsSubsequence(
            "RolloutStarted", "WaveCompleted", "WaveCompleted", "RolloutCompleted");
  }

  void fivePercentFail() {
    long begin = watched.seen();
    watched.rollout(FLEET, "{failureBudget: '5%'}");
    String version = watched.next("app");
    IntStream.range(0, FIVE_PERCENT)
        .forEach(
            i -> watched.nodes().befall(WatchedFleet.node(20 * i + 3), new Mishap.Fails(version)));
    watched.release("app");

    fleet.waitFor("Stalled", "nep/" + FLEET);

    assertThat(fleet.isNow("Ready", "nep/fleet")).isFalse();
    watched.row(
        "5 % fail, 5 % allowed", "False/NodesFailed 285/300, 15 failed", FLEET, begin, 30, "-");
    fleet.awaitStory(FLEET, "RolloutStarted", "RolloutCompleted");

    watched.heal();
    watched.annotate("nep/" + FLEET, "extensions.kairos.io/retry=mended");
    watched.waitReady(FLEET);
  }

  void allFail() {
    long begin = watched.seen();
    watched.rollout(FLEET, "{failureBudget: 0}");
    String version = watched.next("app");
    IntStream.range(0, NODES)
        .forEach(i -> watched.nodes().befall(WatchedFleet.node(i), new Mishap.Fails(version)));
    watched.release("app");

    fleet.waitFor("Stalled", "nep/" + FLEET);
    fleet.await("those in flight have failed", () -> fleet.status(FLEET).unavailable() == 0);
    watched.passTwice();

    Set<String> touched = watched.view().touchedSince(begin, FLEET);
    assertThat(touched).hasSizeBetween(1, TEN_PERCENT);
    assertThat(fleet.status(FLEET).failed()).isEqualTo(touched.size());
    assertThat(fleet.status(FLEET).rollout().halted()).isEqualTo(fleet.status(FLEET).revision());
    assertThat(fleet.isNow("Ready", "nep/fleet")).as("halted is not Ready").isFalse();
    watched.row(
        "all fail",
        "False/FailureBudgetExceeded 0/300, %d failed".formatted(touched.size()),
        FLEET,
        begin,
        TEN_PERCENT,
        String.valueOf(watched.view().touchedAfterHalt(FLEET).size()));
    assertThat(watched.view().touchedAfterHalt(FLEET)).isEmpty();
    fleet.awaitStory(FLEET, "RolloutStarted", "RolloutHalted");

    watched.heal();
    watched.annotate("nep/" + FLEET, "extensions.kairos.io/retry=mended-again");
    fleet.await("it goes on", () -> fleet.status(FLEET).rollout().halted().isEmpty());
    watched.waitReady(FLEET);
    fleet.awaitStory(FLEET, "RolloutStarted", "RolloutCompleted");
  }

  void allFailBehindACanary() {
    long begin = watched.seen();
    watched.rollout(
        FLEET, "{failureBudget: 0, onFailure: Rollback, waves: [{name: canary, nodes: 1}]}");
    String version = watched.next("app");
    IntStream.range(0, NODES)
        .forEach(i -> watched.nodes().befall(WatchedFleet.node(i), new Mishap.Fails(version)));
    watched.release("app");

    fleet.await("it is rolled back", () -> watched.reason(FLEET).equals("RolledBackFrom"));
    watched.passTwice();

    assertThat(watched.view().touchedSince(begin, FLEET)).hasSize(1);
    watched.row(
        "all fail, canary, rollback",
        "False/RolledBackFrom 300/300, 0 failed",
        FLEET,
        begin,
        TEN_PERCENT,
        String.valueOf(watched.view().touchedSince(begin, FLEET).size() - 1));
    assertThat(watched.onNodes("app"))
        .containsOnlyKeys("app " + (watched.version("app") - 1) + " Active");
    fleet.awaitStory(FLEET, "RolloutStarted", "RolloutHalted", "RolledBack");
  }

  void oneDeadNodeAndOneThatStalls() {
    long begin = watched.seen();
    watched.rollout(FLEET, "{failureBudget: 2}");
    String version = watched.next("app");
    watched.nodes().befall(WatchedFleet.node(11), new Mishap.Dies(version));
    watched.nodes().befall(WatchedFleet.node(12), new Mishap.Stalls(version, Phase.ACTIVATING));
    watched.release("app");
    fleet.await("all others are through", () -> fleet.status(FLEET).ready() == NODES - 2);
    assertThat(fleet.status(FLEET).unavailable()).isEqualTo(2);

    watched.later(Duration.ofSeconds(DEADLINE_SECONDS + 1));
    fleet.waitFor("Stalled", "nep/" + FLEET);

    assertThat(
            fleet.status(FLEET).failedNodes().stream()
                .map(NodeExtensionPolicyStatus.FailedNode::reason))
        .containsExactly("Unreachable", "Unresponsive");
    watched.row(
        "one dies, one stalls",
        "False/NodesFailed 298/300, 2 failed",
        FLEET,
        begin,
        TEN_PERCENT,
        "-");

    watched.heal();
    watched.nodes().befall(WatchedFleet.node(12));
    watched.waitReady(FLEET);
  }
}
