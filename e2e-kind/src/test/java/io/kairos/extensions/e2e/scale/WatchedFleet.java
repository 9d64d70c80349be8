package io.kairos.extensions.e2e.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Node;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.e2e.cluster.RunReport;
import io.kairos.extensions.e2e.fleet.Contended;
import io.kairos.extensions.e2e.fleet.Mishap;
import io.kairos.extensions.e2e.fleet.SimulatedNodes;
import io.kairos.extensions.operator.SysextOperator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * 300 simulated nodes, an operator, somebody who watches from outside, and the table with a row for
 * each scenario. All scenarios share it, one after the other, each from a fleet that is well.
 */
final class WatchedFleet implements AutoCloseable {
  static final String FLEET = "fleet";
  static final String EDGE = "edge";
  static final int NODES = 300;
  static final int TEN_PERCENT = 30;
  static final int EDGE_CAP = 5;
  static final int DEADLINE_SECONDS = 120;

  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final SimulatedNodes.Pace PACE =
      new SimulatedNodes.Pace(Duration.ofMillis(2), Duration.ofMillis(30), Duration.ofMillis(200));
  private static final Duration END = Duration.ofSeconds(30);

  private static final String FORMAT = "%-28s %-44s %-44s %8s %4s %8s%n";

  private final MovableClock clock = new MovableClock();
  private final List<String> table = new ArrayList<>();
  private final Map<String, Integer> versions = new TreeMap<>();
  private final LargeFleet fleet = LargeFleet.start(NODES + " nodes", LIMIT, clock, PACE);
  private final OutsideView view = fleet.opened(OutsideView.of(fleet.newClient()));
  private SysextOperator operator;
  private int barriers;

  /** The nodes are there, with nothing on them, and an operator. */
  WatchedFleet() {
    IntStream.range(0, NODES).parallel().forEach(this::join);
    table.add(
        FORMAT
            .formatted("scenario", "expected", "observed", "at once", "cap", "after")
            .stripTrailing());
    operator = fleet.startOperator(fleet.newClient());
    fleet.told("300 nodes are there");
  }

  static String node(int number) {
    return "node-%03d".formatted(number);
  }

  /** A node of the fleet joins. */
  void join(int number) {
    fleet.nodes().join(node(number), Map.of("fleet", "yes", "pool", "general"));
  }

  LargeFleet fleet() {
    return fleet;
  }

  SimulatedNodes nodes() {
    return fleet.nodes();
  }

  OutsideView view() {
    return view;
  }

  MovableClock clock() {
    return clock;
  }

  /** The operator that runs. */
  SysextOperator operator() {
    return operator;
  }

  /** From now on that is another one. */
  void operator(SysextOperator next) {
    operator = next;
  }

  /** Nothing goes wrong any more. */
  void heal() {
    IntStream.range(0, NODES).mapToObj(WatchedFleet::node).forEach(nodes()::befall);
    nodes().pace(PACE);
    nodes().thaw();
    fleet.client().nodes().list().getItems().stream()
        .filter(node -> !isReady(node))
        .forEach(node -> nodes().ready(node.getMetadata().getName(), true));
  }

  private static boolean isReady(Node node) {
    return node.getStatus().getConditions().stream()
        .anyMatch(c -> c.getType().equals("Ready") && c.getStatus().equals("True"));
  }

  /** Something goes wrong on some nodes. */
  void befall(IntStream which, Mishap mishap) {
    which.mapToObj(WatchedFleet::node).forEach(node -> nodes().befall(node, mishap));
  }

  /** A policy of one extension; its cap is a tenth of its nodes, or this many. */
  static String policy(String name, String extension, String label, String cap) {
    return """
        apiVersion: extensions.kairos.io/v1alpha1
        kind: NodeExtensionPolicy
        metadata: {name: %s}
        spec:
          nodeSelector: {matchLabels: {%s}}
          extensions: [{name: %s}]
          activation: Live
          rollout:
            maxUnavailable: %s
            soakSeconds: 0
            progressDeadlineSeconds: %d
        """
        .formatted(name, label, extension, cap, DEADLINE_SECONDS);
  }

  /** Other rules for a policy; those of the scenario before are gone. */
  void rollout(String policy, String rules) {
    fleet.patch(
        policy,
        "spec: {rollout: {waves: null, failureBudget: null, onFailure: null, windows: null,"
            + " drain: null}}");
    fleet.patch(policy, "spec: {rollout: " + rules + "}");
  }

  /** The version of an extension that was given last. */
  int version(String extension) {
    return versions.get(extension);
  }

  /** The version that is given next. */
  String next(String extension) {
    return String.valueOf(versions.merge(extension, 1, Integer::sum));
  }

  /** An extension in the version that is to be given. */
  String extension(String extension) {
    return LargeFleet.extension(extension, extension, String.valueOf(version(extension)));
  }

  /** Gives the version of the fleet's extension that is to be given, and waits until that began. */
  void release(String extension) {
    fleet.apply(extension(extension));
    fleet.await(
        "the operator knows",
        () -> // and may know better already: one that fails at once is not the newest for long
        fleet.status(FLEET).history().stream()
                .anyMatch(one -> one.summary().equals(extension + " " + version(extension))));
  }

  void annotate(String what, String annotation) {
    fleet.kubectl().run("annotate", "--overwrite", what, annotation).orThrow();
  }

  void waitReady(String policy) {
    fleet.waitFor("Ready", "nep/" + policy);
  }

  String reason(String policy) {
    return fleet.ready(policy).getReason();
  }

  /** Time goes by, and something happens that makes the operator look. */
  void later(Duration duration) {
    clock.pass(duration);
    nodes().label(node(NODES - 1), Map.of("later", String.valueOf(++barriers)));
  }

  /** The operator has made a whole pass over what is there now, twice. */
  void passTwice() {
    for (int i = 0; i < 2; i++) {
      int limit = 10 + ++barriers % 20;
      fleet.patch(FLEET, "spec: {rollout: {revisionHistoryLimit: " + limit + "}}");
      fleet.await(
          "the operator has seen it",
          () -> {
            NodeExtensionPolicy policy = fleet.policy(FLEET);
            return policy.getStatus().observedGeneration() == policy.getMetadata().getGeneration();
          });
    }
    long unused = seen();
  }

  /** The version of what the watcher has seen for sure: all that happened before this call. */
  long seen() {
    String barrier = String.valueOf(++barriers);
    NodeExtensionState state =
        Contended.edit(
            () ->
                fleet
                    .client()
                    .resources(NodeExtensionState.class)
                    .withName(node(NODES - 1))
                    .edit(
                        s -> {
                          s.getMetadata().getAnnotations().put("e2e/barrier", barrier);
                          return s;
                        }));
    long written = Long.parseLong(state.getMetadata().getResourceVersion());
    fleet.await("the watcher has seen it", () -> view.version() >= written);
    return written;
  }

  /** What how many nodes say that they have; of one extension, or of all. */
  Map<String, Integer> onNodes(String extension) {
    return fleet.onNodes(
        state ->
            state.getStatus().extensions().stream()
                .filter(e -> extension.isEmpty() || e.name().equals(extension))
                .map(e -> e.name() + " " + e.version() + " " + e.phase().text())
                .sorted()
                .collect(Collectors.joining(", ")));
  }

  /** What came of a scenario; it has to be what was expected, if need be after one more pass. */
  void row(String scenario, String expected, String policy, long begin, int cap, String after) {
    await(scenario)
        .atMost(END)
        .untilAsserted(() -> assertThat(outcome(policy)).as(scenario).isEqualTo(expected));
    long unused = seen();
    int most = view.since(begin).most();
    String line = FORMAT.formatted(scenario, expected, expected, most, cap, after).stripTrailing();
    table.add(line);
    fleet.told(line);
    RunReport.ofThisBuild()
        .record(fleet.name(), scenario + ": " + expected + ", at most " + most + " at once");
    assertThat(most).as("%s: unavailable at once", scenario).isBetween(1, cap);
  }

  private String outcome(String policy) {
    NodeExtensionPolicyStatus status = fleet.status(policy);
    return "%s/%s %d/%d, %d failed"
        .formatted(
            fleet.ready(policy).getStatus(),
            reason(policy),
            status.ready(),
            status.desired(),
            status.failed());
  }

  /** Prints the table. */
  @Override
  public void close() {
    System.out.println(String.join(System.lineSeparator(), table));
    fleet.close();
  }
}
