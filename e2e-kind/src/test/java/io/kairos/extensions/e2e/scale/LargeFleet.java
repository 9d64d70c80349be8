package io.kairos.extensions.e2e.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.e2e.cluster.Crds;
import io.kairos.extensions.e2e.cluster.Effort;
import io.kairos.extensions.e2e.cluster.Kubectl;
import io.kairos.extensions.e2e.cluster.RunReport;
import io.kairos.extensions.e2e.cluster.TestCluster;
import io.kairos.extensions.e2e.cluster.TestClusters;
import io.kairos.extensions.e2e.fleet.SimulatedNodes;
import io.kairos.extensions.operator.OperatorConfig;
import io.kairos.extensions.operator.SysextOperator;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/**
 * A real API server, simulated nodes on it, and what scenarios on many of them do and ask. What is
 * opened here is closed with it, the last first.
 */
final class LargeFleet implements AutoCloseable {
  private final List<AutoCloseable> open = new ArrayList<>();
  private final String name;
  private final Duration limit;
  private final Clock clock;
  private final TestCluster cluster;
  private final Kubectl kubectl;
  private final KubernetesClient client;
  private final SimulatedNodes nodes;
  private final long started = System.nanoTime();
  private int leases;

  private LargeFleet(
      String name, Duration limit, Clock clock, SimulatedNodes.Pace pace, TestCluster cluster) {
    this.name = name;
    this.limit = limit;
    this.clock = clock;
    this.cluster = cluster;
    cluster.applyCrds(Crds.all());
    this.kubectl = Kubectl.of(cluster).orElseThrow();
    this.client = cluster.client();
    this.nodes = opened(SimulatedNodes.start(cluster.client(), 42, pace, clock));
  }

  /**
   * An API server without nodes. Aborts the test where there is none that is real.
   *
   * @param name what the run report calls it
   * @param limit how long anything may take
   * @param clock of operators and kubelets
   * @param pace of agents
   */
  static LargeFleet start(String name, Duration limit, Clock clock, SimulatedNodes.Pace pace) {
    TestClusters.Chosen chosen = TestClusters.best(Effort.CACHED_ONLY);
    TestCluster cluster = chosen.recordIn(RunReport.ofThisBuild()).cluster();
    if (!cluster.real()) {
      cluster.close();
      String reason = "a stand-in proves nothing here: " + String.join("; ", chosen.notes());
      RunReport.ofThisBuild().record("aborted", name + ": " + reason);
      abort(reason);
    }
    return new LargeFleet(name, limit, clock, pace, cluster);
  }

  /** What the run report calls it. */
  String name() {
    return name;
  }

  <T extends AutoCloseable> T opened(T closeable) {
    open.add(closeable);
    return closeable;
  }

  /** A client of its own. */
  KubernetesClient newClient() {
    return cluster.client();
  }

  KubernetesClient client() {
    return client;
  }

  Kubectl kubectl() {
    return kubectl;
  }

  SimulatedNodes nodes() {
    return nodes;
  }

  /** Each has a lease of its own: the one before is gone, and its lease would have to run out. */
  SysextOperator startOperator(KubernetesClient itsClient) {
    return startOperator(itsClient, "sysext-operator-" + ++leases);
  }

  /** One of several that want the same lease. */
  SysextOperator startOperator(KubernetesClient itsClient, String lease) {
    return opened(
        SysextOperator.start(itsClient, new OperatorConfig(true, "default", lease, -1, ""), clock));
  }

  /** A SystemExtension; each version of it is another image. */
  static String extension(String name, String imageName, String version) {
    return """
        apiVersion: extensions.kairos.io/v1alpha1
        kind: SystemExtension
        metadata: {name: %s}
        spec:
          version: '%s'
          imageName: %s
          images: [{url: 'https://extensions.example.org/%s-%s.raw', sha256: %064x}]
        """
        .formatted(
            name, version, imageName, name, version, (name + version).hashCode() & 0xffffffffL);
  }

  void apply(String... resources) {
    kubectl.apply(String.join("---\n", resources)).orThrow();
  }

  void patch(String policy, String patch) {
    kubectl.run("patch", "nep", policy, "--type=merge", "-p", patch).orThrow();
  }

  /** As a person waits for it: {@code kubectl wait}. */
  void waitFor(String condition, String what) {
    Kubectl.Result waited =
        kubectl.run(
            "wait", "--for=condition=" + condition, what, "--timeout=" + limit.toSeconds() + "s");
    assertThat(waited.succeeded()).as("%s of %s: %s", condition, what, policies()).isTrue();
  }

  /** Whether {@code kubectl wait} says so at once. */
  boolean isNow(String condition, String what) {
    return kubectl.run("wait", "--for=condition=" + condition, what, "--timeout=1s").succeeded();
  }

  NodeExtensionPolicy policy(String policy) {
    return client.resources(NodeExtensionPolicy.class).withName(policy).get();
  }

  NodeExtensionPolicyStatus status(String policy) {
    return policy(policy).getStatus();
  }

  /** Its condition Ready. */
  Condition ready(String policy) {
    return Conditions.find(status(policy).conditions(), Conditions.READY).orElseThrow();
  }

  List<NodeExtensionState> states() {
    return client.resources(NodeExtensionState.class).list().getItems();
  }

  NodeExtensionState state(String node) {
    return client.resources(NodeExtensionState.class).withName(node).get();
  }

  /** What how many nodes say, put in words. */
  Map<String, Integer> onNodes(Function<NodeExtensionState, String> words) {
    return states().stream()
        .collect(Collectors.toMap(words, state -> 1, Integer::sum, TreeMap::new));
  }

  /** The reasons of the events of a policy, in order. */
  List<String> story(String policy) {
    return client.events().v1().events().inNamespace("default").list().getItems().stream()
        .filter(event -> event.getRegarding().getKind().equals("NodeExtensionPolicy"))
        .filter(event -> event.getRegarding().getName().equals(policy))
        .sorted(
            Comparator.comparingLong(
                event -> Long.parseLong(event.getMetadata().getResourceVersion())))
        .map(Event::getReason)
        .toList();
  }

  /**
   * Waits until the story of a policy ends like this: an event is written right after the status
   * whose turn it tells.
   */
  void awaitStory(String policy, String... end) {
    List<String> expected = List.of(end);
    await(
        "the story of " + policy + " ends with " + expected,
        () -> {
          List<String> story = story(policy);
          int from = story.size() - expected.size();
          return from >= 0 && story.subList(from, story.size()).equals(expected);
        });
  }

  /** Waits for a condition; where it does not come, the policies are printed as they are then. */
  void await(String what, Callable<Boolean> condition) {
    Awaitility.await(what)
        .atMost(limit)
        .pollInterval(Duration.ofMillis(50))
        .conditionEvaluationListener(
            evaluated -> {
              if (evaluated.getRemainingTimeInMS() == 0) {
                policies().forEach(System.out::println);
              }
            })
        .until(condition);
  }

  private List<String> policies() {
    return client.resources(NodeExtensionPolicy.class).list().getItems().stream()
        .map(policy -> policy.getMetadata().getName() + ": " + policy.getStatus())
        .toList();
  }

  /** Prints what happened, and when. */
  void told(String what) {
    System.out.printf("%5.1f s  %s%n", (System.nanoTime() - started) / 1e9, what);
  }

  @Override
  public void close() {
    try {
      for (int i = open.size() - 1; i >= 0; i--) {
        open.get(i).close();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    } finally {
      cluster.close();
    }
  }
}
