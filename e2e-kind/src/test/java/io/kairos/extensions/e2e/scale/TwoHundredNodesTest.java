package io.kairos.extensions.e2e.scale;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import io.kairos.extensions.e2e.cluster.Kubectl;
import io.kairos.extensions.e2e.cluster.RunReport;
import io.kairos.extensions.e2e.fleet.Disturbances;
import io.kairos.extensions.e2e.fleet.SimulatedNodes;
import io.kairos.extensions.operator.SysextOperator;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A fleet of 200 simulated nodes on a real API server, with everything that happens to a fleet in
 * the middle of a rollout. Watched from outside: never more nodes in change than {@code
 * maxUnavailable}, and every status of every policy is consistent.
 */
class TwoHundredNodesTest {
  private static final String ALL = "everywhere";
  private static final String EDGE = "edge";
  private static final int NODES = 200;
  private static final int EDGE_NODES = 30;
  private static final int TEN_PERCENT = 20;
  private static final int EDGE_CAP = 5;
  private static final int NUMBER = 33;
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final SimulatedNodes.Pace PACE =
      new SimulatedNodes.Pace(Duration.ofMillis(5), Duration.ofMillis(60));

  private final Map<String, Map<String, String>> nodes = new TreeMap<>();

  private LargeFleet fleet;
  private Kubectl kubectl;
  private SimulatedNodes simulated;
  private Disturbances disturbances;
  private PolicyStatuses statuses;

  @BeforeEach
  void start() {
    fleet = LargeFleet.start(NODES + " nodes", LIMIT, Clock.systemUTC(), PACE);
    kubectl = fleet.kubectl();
    simulated = fleet.nodes();
    disturbances = fleet.opened(Disturbances.watch(fleet.newClient()));
    statuses = fleet.opened(new PolicyStatuses(fleet.newClient()));
  }

  @AfterEach
  void stop() {
    if (fleet != null) {
      fleet.close();
    }
  }

  @Test
  void maxUnavailableHoldsAndCountsAreRightWhateverHappens() throws Exception {
    IntStream.range(0, NODES).parallel().forEach(this::join);
    statuses.expectSelected(ALL, NODES, NODES);
    SysextOperator first = startOperator("sysext-operator");
    told("nodes and operator are there");

    // A rollout, and another version of one of the two extensions in its midst.
    simulated.freeze(name -> true);
    fleet.apply(
        LargeFleet.extension("hello", "hello", "1"),
        LargeFleet.extension("tools", "tools", "1"),
        everywhere());
    await("all slots are taken", () -> disturbances.now(ALL).size() == TEN_PERCENT);
    assertThat(statuses.status(ALL).ready()).isZero();
    simulated.thaw();
    await("the rollout is on its way", () -> statuses.status(ALL).updated() >= 60);
    String revision = statuses.status(ALL).revision();
    fleet.apply(LargeFleet.extension("hello", "hello", "2"));
    await("the second revision is", () -> !statuses.status(ALL).revision().equals(revision));
    await("the second revision is on its way", () -> statuses.status(ALL).updated() >= 40);
    told("the second revision is on its way");

    // Paused: those in flight arrive, nobody else starts, nodes that join wait.
    fleet.patch(ALL, "spec: {paused: true}");
    await("the operator paused", () -> statuses.reason(ALL).equals("Paused"));
    await("nobody is in flight", () -> statuses.status(ALL).unavailable() == 0);
    await("nobody is in change", () -> disturbances.now(ALL).isEmpty());
    int changes = disturbances.changes(ALL);
    assertThat(statuses.status(ALL).ready()).isLessThan(NODES - TEN_PERCENT);
    statuses.expectSelected(ALL, NODES, NODES + 5);
    IntStream.range(NODES, NODES + 5).forEach(this::join);
    await("the operator knows them", () -> statuses.status(ALL).desired() == NODES + 5);
    await("they have states", () -> fleet.states().size() == NODES + 5);
    statuses.expectSelected(ALL, NODES + 5, NODES + 5);
    assertThat(disturbances.changes(ALL)).isEqualTo(changes);
    assertThat(statuses.reason(ALL)).isEqualTo("Paused");
    fleet.patch(ALL, "spec: {paused: false}");
    told("paused and resumed");

    // One operator takes over from another.
    await("the rollout goes on", () -> statuses.status(ALL).updated() >= 80);
    SysextOperator second = startOperator("sysext-operator");
    assertThat(second.isLeading()).isFalse();
    first.close();
    await("what is in flight arrives without an operator", () -> disturbances.now(ALL).isEmpty());
    await("the second leads", second::isLeading);
    await("the rollout goes on", () -> statuses.status(ALL).updated() >= 110);
    told("a second operator took over");

    // A policy that wins on some of the nodes; and nodes that leave, some while in change.
    statuses.expectSelected(EDGE, EDGE_NODES, EDGE_NODES);
    simulated.freeze(name -> nodes.get(name).get("edge").equals("true"));
    fleet.apply(LargeFleet.extension("hello-edge", "hello", "edge-1"), edge());
    await("all its slots are taken", () -> disturbances.now(EDGE).size() == EDGE_CAP);
    simulated.thaw();
    await("the second policy is on its way", () -> statuses.status(EDGE).ready() >= 3);
    statuses.expectSelected(ALL, NODES, NODES + 5);
    leave(5);
    await("the operator knows", () -> statuses.status(ALL).desired() == NODES);
    statuses.expectSelected(ALL, NODES, NODES);
    told("a second policy came, five nodes left");

    // An operator is stopped in the midst of its writes, and another one is started anew. It takes
    // a lease of its own: nobody else runs, and the old one would only have to run out.
    second.close();
    startOperator("sysext-operator-anew");
    awaitReady(ALL, NODES);
    awaitReady(EDGE, EDGE_NODES);
    assertThat(disturbances.most(ALL)).isEqualTo(TEN_PERCENT);
    assertThat(disturbances.most(EDGE)).isEqualTo(EDGE_CAP);
    assertThat(onNodes())
        .isEqualTo(Map.of("[hello 2, tools 1]", NODES - EDGE_NODES, "[hello edge-1, tools 1]", 30));
    told("a third operator finished it");

    // A number instead of a percentage.
    disturbances.startOver();
    fleet.patch(ALL, "spec: {rollout: {maxUnavailable: " + NUMBER + "}}");
    // What is bookkeeping on the nodes of the other policy takes slots until their agents know it.
    simulated.freeze(name -> nodes.get(name).get("edge").equals("false"));
    fleet.apply(LargeFleet.extension("hello", "hello", "3"));
    await("all slots are taken", () -> disturbances.now(ALL).size() == NUMBER);
    simulated.thaw();
    await("the third version is everywhere", () -> onNodes().containsKey("[hello 3, tools 1]"));
    awaitReady(ALL, NODES);
    assertThat(disturbances.most(ALL)).isEqualTo(NUMBER);
    assertThat(disturbances.most(EDGE)).isZero();
    assertThat(onNodes())
        .isEqualTo(Map.of("[hello 3, tools 1]", NODES - EDGE_NODES, "[hello edge-1, tools 1]", 30));
    told("a third version went out by number");

    // The policies go: first what one overrode comes back, then everything is removed.
    disturbances.startOver();
    kubectl.run("delete", "nep", EDGE, "--timeout=" + LIMIT.toSeconds() + "s").orThrow();
    await(
        "the other policy has it back",
        () -> onNodes().keySet().equals(java.util.Set.of("[hello 3, tools 1]")));
    awaitReady(ALL, NODES);
    simulated.freeze(name -> true);
    kubectl.run("delete", "nep", ALL, "--wait=false").orThrow();
    await("all slots are taken", () -> disturbances.now(ALL).size() == NUMBER);
    simulated.thaw();
    kubectl
        .run("wait", "--for=delete", "nep/" + ALL, "--timeout=" + LIMIT.toSeconds() + "s")
        .orThrow();
    assertThat(fleet.states()).hasSize(NODES).allMatch(s -> s.getSpec().assignments().isEmpty());
    await("the agents know", () -> onNodes().equals(Map.of("[]", NODES)));
    assertThat(disturbances.most(ALL)).isEqualTo(NUMBER);
    assertThat(disturbances.most(EDGE)).isLessThanOrEqualTo(EDGE_CAP);
    await(
        "nobody holds the extensions",
        () -> extensions().stream().noneMatch(extension -> extension.hasFinalizer(Api.FINALIZER)));
    kubectl.run("delete", "sysext", "--all", "--timeout=" + LIMIT.toSeconds() + "s").orThrow();
    assertThat(kubectl.run("get", "sysext,nep", "-o", "name").orThrow()).isEmpty();
    told("everything is removed");

    assertThat(statuses.wrong()).isEmpty();
    RunReport.ofThisBuild()
        .record(
            NODES + " nodes",
            "never more than %d (10%%) and %d (number) in change, %d statuses of policies were right"
                .formatted(TEN_PERCENT, NUMBER, statuses.seen()));
  }

  private void join(int number) {
    String name = "node-%03d".formatted(number);
    Map<String, String> labels =
        Map.of(
            "edge",
            String.valueOf(number < EDGE_NODES),
            "topology.kubernetes.io/zone",
            "zone-" + number % 3);
    synchronized (nodes) {
      nodes.put(name, labels);
    }
    simulated.join(name, labels);
  }

  /** Those first that are in change. */
  private void leave(int count) {
    List<String> candidates = new ArrayList<>(disturbances.now(ALL));
    nodes.keySet().stream().filter(n -> !candidates.contains(n)).forEach(candidates::add);
    candidates.stream()
        .filter(name -> nodes.get(name).get("edge").equals("false"))
        .limit(count)
        .forEach(
            name -> {
              nodes.remove(name);
              simulated.leave(name);
            });
  }

  private SysextOperator startOperator(String lease) {
    return fleet.startOperator(fleet.newClient(), lease);
  }

  private static String everywhere() {
    return """
        apiVersion: extensions.kairos.io/v1alpha1
        kind: NodeExtensionPolicy
        metadata: {name: everywhere}
        spec:
          nodeSelector: {}
          extensions: [{name: hello}, {name: tools}]
          activation: Live
          rollout: {soakSeconds: 0}
        """;
  }

  private static String edge() {
    return """
        apiVersion: extensions.kairos.io/v1alpha1
        kind: NodeExtensionPolicy
        metadata: {name: edge}
        spec:
          nodeSelector: {matchLabels: {edge: 'true'}}
          extensions: [{name: hello-edge}]
          activation: Live
          priority: 10
          rollout: {maxUnavailable: %d, soakSeconds: 0}
        """
        .formatted(EDGE_CAP);
  }

  private void awaitReady(String policy, int count) {
    await(
        policy + " is through",
        () ->
            statuses.reason(policy).equals("AllNodesUpToDate")
                && statuses.status(policy).ready() == count);
    kubectl.run("wait", "--for=condition=Ready", "nep/" + policy, "--timeout=30s").orThrow();
    var status = statuses.status(policy);
    assertThat(List.of(status.desired(), status.updated(), status.ready())).containsOnly(count);
    assertThat(List.of(status.unavailable(), status.failed(), status.pendingReboot()))
        .containsOnly(0);
  }

  /** What how many nodes say that they have. */
  private Map<String, Integer> onNodes() {
    return fleet.onNodes(
        state ->
            state.getStatus().extensions().stream()
                .map(e -> e.name() + " " + (e.soaked() ? e.version() : e.phase().text()))
                .sorted()
                .toList()
                .toString());
  }

  private List<SystemExtension> extensions() {
    return fleet.client().resources(SystemExtension.class).list().getItems();
  }

  private void await(String what, Callable<Boolean> condition) {
    fleet.await(what, condition);
    assertThat(statuses.wrong()).isEmpty();
  }

  private void told(String what) {
    fleet.told(
        "%s; in change %s, most %d and %d, unavailable by status at most %d"
            .formatted(
                what,
                disturbances.now(ALL).size(),
                disturbances.most(ALL),
                disturbances.most(EDGE),
                statuses.mostUnavailable(ALL)));
  }
}
