package io.kairos.extensions.e2e.bench;

import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.e2e.cluster.Effort;
import io.kairos.extensions.e2e.cluster.Kubectl;
import io.kairos.extensions.e2e.cluster.TestCluster;
import io.kairos.extensions.e2e.cluster.TestClusters;
import io.kairos.extensions.e2e.fleet.Fleet;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.BaseRoot;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.SampleImage;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How long it takes from {@code kubectl apply} of a SystemExtension and a Live policy without soak
 * until the one host's state says Active, and where the time goes, as watches of the API server see
 * it. Each run installs, is measured, and removes.
 */
public final class ApplyToActiveBenchmark {
  private static final long LARGE_BYTES = 64L << 20;
  private static final String POLICY = "bench";

  private final Fleet fleet;
  private final FleetNode node;
  private final Kubectl kubectl;
  private final PrintStream out;

  private ApplyToActiveBenchmark(Fleet fleet, FleetNode node, Kubectl kubectl, PrintStream out) {
    this.fleet = fleet;
    this.node = node;
    this.kubectl = kubectl;
    this.out = out;
  }

  /**
   * Prints the table.
   *
   * @param args how many runs (default 10), and {@code trixie} to boot that instead of this
   *     machine's system
   * @throws IllegalStateException without a real API server: a stand-in's times mean nothing
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    int runs = args.length > 0 ? Integer.parseInt(args[0]) : 10;
    boolean trixie = args.length > 1 && args[1].equals("trixie");
    Hosts hosts = Hosts.of(trixie ? BaseRoot.trixie() : BaseRoot.machine());
    PrintStream out = System.out;
    TestClusters.Chosen chosen = TestClusters.best(Effort.CACHED_ONLY);
    try (Fleet fleet = Fleet.start(chosen.cluster())) {
      Kubectl kubectl = kubectl(fleet.cluster(), chosen.notes());
      FleetNode node =
          fleet.addNode(hosts, HostOptions.named("node-1"), Map.of(), Duration.ofMillis(1));
      out.println("on " + fleet.cluster().describe() + "; " + hosts.describe());
      out.println(
          "milliseconds, median (least - most) of "
              + runs
              + " runs after a first one that does not count");
      StringBuilder header = new StringBuilder(String.format(Locale.ROOT, "%-7s", ""));
      for (Stages.Stage stage : Stages.Stage.values()) {
        header.append(column(stage.name().toLowerCase(Locale.ROOT)));
      }
      out.println(header.append(column("all")));
      ApplyToActiveBenchmark benchmark = new ApplyToActiveBenchmark(fleet, node, kubectl, out);
      benchmark.measure("4 KiB", fleet.images().image("small", "1.0.0").build(), runs);
      benchmark.measure(
          "64 MiB", fleet.images().image("large", "1.0.0").filler(LARGE_BYTES).build(), runs);
    }
  }

  private static Kubectl kubectl(TestCluster cluster, List<String> notes) {
    return Kubectl.of(cluster)
        .orElseThrow(() -> new IllegalStateException(String.join("; ", notes)));
  }

  private void measure(String size, SampleImage image, int runs) throws InterruptedException {
    fleet.server().serve(image);
    List<Map<Stages.Stage, Double>> measured = new ArrayList<>();
    for (int run = 0; run <= runs; run++) {
      Map<Stages.Stage, Double> one = once(image);
      if (run > 0) {
        measured.add(one);
      }
    }
    StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "%-7s", size));
    for (Stages.Stage stage : Stages.Stage.values()) {
      row.append(cell(measured.stream().map(m -> m.get(stage)).toList()));
    }
    row.append(
        cell(
            measured.stream()
                .map(m -> m.values().stream().mapToDouble(Double::doubleValue).sum())
                .toList()));
    out.println(row);
  }

  private static String cell(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int upper = sorted.size() / 2;
    double median = (sorted.get(upper) + sorted.get((sorted.size() - 1) / 2)) / 2;
    return column(
        String.format(
            Locale.ROOT,
            "%.0f (%.0f - %.0f)",
            median,
            sorted.get(0),
            sorted.get(sorted.size() - 1)));
  }

  private static String column(String text) {
    return String.format(Locale.ROOT, "%20s", text);
  }

  private Map<Stages.Stage, Double> once(SampleImage image) throws InterruptedException {
    Stages stages = new Stages(POLICY, image.name(), image.sha256());
    String resources =
        """
        apiVersion: extensions.kairos.io/v1alpha1
        kind: SystemExtension
        metadata: {name: %s}
        spec: {version: '%s', images: [{url: '%s', sha256: %s}]}
        ---
        apiVersion: extensions.kairos.io/v1alpha1
        kind: NodeExtensionPolicy
        metadata: {name: %s}
        spec: {nodeSelector: {}, extensions: [{name: %s}], activation: Live, rollout: {soakSeconds: 0}}
        """
            .formatted(
                image.name(),
                image.version(),
                fleet.server().https(image),
                image.sha256(),
                POLICY,
                image.name());
    var policies = fleet.client().resources(NodeExtensionPolicy.class).inform(stages.ofPolicies());
    var states =
        fleet
            .client()
            .resources(NodeExtensionState.class)
            .withName(node.name())
            .inform(stages.ofStates());
    try {
      long begin = System.nanoTime();
      kubectl.apply(resources).orThrow();
      if (!stages.awaitActive()) {
        throw new IllegalStateException(
            "not Active within a minute: " + node.extension(image.name()));
      }
      Map<Stages.Stage, Double> result = stages.millis(begin);
      kubectl.run("delete", "nep", POLICY, "--timeout=60s").orThrow();
      kubectl.run("delete", "sysext", image.name(), "--timeout=60s").orThrow();
      return result;
    } finally {
      policies.close();
      states.close();
    }
  }
}
