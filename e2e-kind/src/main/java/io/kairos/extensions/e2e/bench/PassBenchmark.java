package io.kairos.extensions.e2e.bench;

import com.sun.management.ThreadMXBean;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Architecture;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionImage;
import io.kairos.extensions.api.v1alpha1.ExtensionReference;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicySpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Rollout;
import io.kairos.extensions.api.v1alpha1.SystemExtensionSpec;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus;
import io.kairos.extensions.operator.plan.Circumstances;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Cordon;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Planner;
import io.kairos.extensions.operator.rollout.Write;
import io.kairos.extensions.operator.status.FleetPass;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * How long a pass over a large fleet takes, and how much it allocates: with nothing assigned yet,
 * with everything in effect, and with a new version of one extension. Twenty policies give each
 * node an extension each. A pass runs for every change, so it has to stay well below a second.
 */
public final class PassBenchmark {
  private static final int POLICIES = 20;
  private static final int WARM_UP = 3;
  private static final String TIME = "2026-01-01T00:00:00Z";

  private PassBenchmark() {}

  /**
   * Prints the table.
   *
   * @param args how many passes are measured a row (default 10)
   */
  public static void main(String[] args) {
    int runs = args.length > 0 ? Integer.parseInt(args[0]) : 10;
    PrintStream out = System.out;
    out.printf(
        "%d policies, an extension each, on every node; medians of %d passes%n", POLICIES, runs);
    out.printf("%6s  %-20s %8s %8s %8s %7s%n", "nodes", "fleet", "ms", "worst", "MB", "writes");
    for (int nodes : new int[] {1_000, 5_000}) {
      FleetSnapshot bare = fleet(nodes, 1);
      FleetSnapshot through = inEffect(bare);
      measure(out, runs, nodes, "nothing assigned", bare);
      measure(out, runs, nodes, "all in effect", through);
      measure(out, runs, nodes, "one new version", withStates(fleet(nodes, 2), through));
    }
  }

  private static void measure(
      PrintStream out, int runs, int nodes, String what, FleetSnapshot fleet) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    double[] millis = new double[runs];
    double[] megabytes = new double[runs];
    int writes = 0;
    for (int run = -WARM_UP; run < runs; run++) {
      long bytes = threads.getCurrentThreadAllocatedBytes();
      long begin = System.nanoTime();
      writes = pass(fleet).size();
      long end = System.nanoTime();
      if (run >= 0) {
        millis[run] = (end - begin) / 1e6;
        megabytes[run] = (threads.getCurrentThreadAllocatedBytes() - bytes) / 1e6;
      }
    }
    Arrays.sort(millis);
    Arrays.sort(megabytes);
    out.printf(
        "%6d  %-20s %8.1f %8.1f %8.1f %7d%n",
        nodes, what, millis[runs / 2], millis[runs - 1], megabytes[runs / 2], writes);
  }

  private static List<Write> pass(FleetSnapshot fleet) {
    return FleetPass.of(fleet, Circumstances.at(Instant.parse(TIME))).writes();
  }

  /** Nodes with empty states, and the policies; the first extension is of this version. */
  private static FleetSnapshot fleet(int count, int version) {
    List<Node> nodes = IntStream.range(0, count).mapToObj(PassBenchmark::node).toList();
    List<Policy> policies = new ArrayList<>();
    List<Extension> extensions = new ArrayList<>();
    for (int i = 0; i < POLICIES; i++) {
      policies.add(policy("policy-" + i, "extension-" + i));
      extensions.add(extension("extension-" + i, i == 0 ? version : 1));
    }
    return FleetSnapshot.of(
        policies,
        extensions,
        nodes,
        nodes.stream().map(node -> state(node, List.of(), List.of())).toList());
  }

  private static Node node(int number) {
    String name = "node-%05d".formatted(number);
    return Node.builder()
        .name(name)
        .uid("uid-" + name)
        .labels(
            Map.of(
                "kubernetes.io/hostname",
                name,
                "topology.kubernetes.io/zone",
                "zone-" + number % 3))
        .architecture("amd64")
        .ready(true)
        .cordon(Cordon.NONE)
        .unreadySince(Instant.MAX)
        .created(TIME)
        .build();
  }

  private static Policy policy(String name, String extension) {
    return Policy.builder()
        .name(name)
        .uid("uid-" + name)
        .generation(1)
        .hasFinalizer(true)
        .annotations(Map.of())
        .spec(
            NodeExtensionPolicySpec.builder()
                .extensions(List.of(ExtensionReference.byName(extension)))
                .activation(Activation.LIVE)
                .rollout(new Rollout(new IntOrString("1%"), 0))
                .build())
        .status(NodeExtensionPolicyStatus.EMPTY)
        .build();
  }

  private static Extension extension(String name, int version) {
    String url = "https://extensions.example.org/" + name + "-" + version + ".raw";
    return new Extension(
        name,
        1,
        false,
        true,
        Map.of(),
        name,
        SystemExtensionSpec.builder()
            .version(version + ".0.0")
            .images(
                List.of(
                    new ExtensionImage(
                        Architecture.ANY, url, "%064x".formatted(name.hashCode() + version))))
            .build(),
        SystemExtensionStatus.EMPTY);
  }

  private static State state(
      Node node, List<Assignment> assignments, List<ExtensionStatus> entries) {
    return State.builder()
        .node(node.name())
        .uid("uid-state-" + node.name())
        .ownerUid(node.uid())
        .generation(1)
        .resourceVersion("1")
        .admissions(Set.of())
        .spec(new NodeExtensionStateSpec(assignments))
        .status(
            NodeExtensionStateStatus.EMPTY.toBuilder()
                .observedGeneration(1)
                .extensions(entries)
                .build())
        .build();
  }

  /** The same fleet with all that is planned in effect, and the statuses that say so. */
  private static FleetSnapshot inEffect(FleetSnapshot fleet) {
    Plan plan = Planner.plan(fleet);
    List<State> states =
        fleet.nodes().values().stream()
            .map(
                node -> {
                  List<Assignment> wanted =
                      List.copyOf(plan.nodes().get(node.name()).wanted().values());
                  return state(node, wanted, wanted.stream().map(PassBenchmark::active).toList());
                })
            .toList();
    FleetSnapshot through =
        FleetSnapshot.of(
            fleet.policies().values(), fleet.extensions().values(), fleet.nodes().values(), states);
    for (int round = 0; round < 3; round++) {
      through = written(through, pass(through));
    }
    return through;
  }

  private static FleetSnapshot written(FleetSnapshot fleet, List<Write> writes) {
    Map<String, Policy> policies = new TreeMap<>(fleet.policies());
    for (Write write : writes) {
      if (write instanceof Write.PolicyStatus status) {
        policies.computeIfPresent(
            status.policy(), (name, p) -> p.toBuilder().status(status.status()).build());
      }
    }
    return FleetSnapshot.of(
        policies.values(),
        fleet.extensions().values(),
        fleet.nodes().values(),
        fleet.states().values());
  }

  private static FleetSnapshot withStates(FleetSnapshot fleet, FleetSnapshot of) {
    return FleetSnapshot.of(
        of.policies().values(),
        fleet.extensions().values(),
        fleet.nodes().values(),
        of.states().values());
  }

  private static ExtensionStatus active(Assignment assignment) {
    return ExtensionStatus.builder()
        .type(assignment.type())
        .name(assignment.name())
        .phase(Phase.ACTIVE)
        .version(assignment.target().version())
        .sha256(assignment.target().image().sha256())
        .profiles(assignment.target().profiles())
        .merged(true)
        .revision(assignment.target().revision())
        .soaked(true)
        .build();
  }
}
