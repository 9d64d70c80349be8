package io.kairos.extensions.e2e.fleet;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Many nodes in one process: Node objects without machines, each with an agent that only says it
 * does what its state tells it. One informer serves all of them; what they report is put together
 * and written by the real agent's code.
 *
 * <p>Each step of a node takes a random time, from a seed of its own, so that a run is as varied as
 * a fleet, and two runs with one seed differ by the machine's timing alone.
 */
public final class SimulatedNodes implements AutoCloseable {
  private static final int THREADS = 2;

  private final KubernetesClient client;
  private final long seed;
  private volatile Pace pace;
  private final Clock clock;
  private final ScheduledExecutorService clockwork = Executors.newScheduledThreadPool(THREADS);
  private final Map<String, SimulatedAgent> agents = new ConcurrentHashMap<>();
  private final SharedIndexInformer<NodeExtensionState> states;

  /**
   * How long a step takes.
   *
   * @param shortest at least
   * @param longest at most
   * @param report between two reports, at least
   */
  public record Pace(Duration shortest, Duration longest, Duration report) {
    /** One that reports each of its steps. */
    public Pace(Duration shortest, Duration longest) {
      this(shortest, longest, Duration.ofMillis(1));
    }

    /** A time between the two. */
    Duration next(Random random) {
      return Duration.ofMillis(random.nextLong(shortest.toMillis(), longest.toMillis() + 1));
    }
  }

  private SimulatedNodes(KubernetesClient client, long seed, Pace pace, Clock clock) {
    this.client = client;
    this.clock = clock;
    this.seed = seed;
    this.pace = pace;
    this.states =
        client
            .resources(NodeExtensionState.class)
            .inform(
                new ResourceEventHandler<NodeExtensionState>() {
                  @Override
                  public void onAdd(NodeExtensionState state) {
                    tell(state.getMetadata().getName(), Optional.of(state));
                  }

                  @Override
                  public void onUpdate(NodeExtensionState before, NodeExtensionState state) {
                    tell(state.getMetadata().getName(), Optional.of(state));
                  }

                  @Override
                  public void onDelete(NodeExtensionState state, boolean unknown) {
                    tell(state.getMetadata().getName(), Optional.empty());
                  }
                });
  }

  /** No nodes yet, in a cluster that has our CRDs. */
  public static SimulatedNodes start(KubernetesClient client, long seed, Pace pace) {
    return start(client, seed, pace, Clock.systemUTC());
  }

  /** The same, whose kubelets have the same clock as the operator. */
  public static SimulatedNodes start(KubernetesClient client, long seed, Pace pace, Clock clock) {
    return new SimulatedNodes(client, seed, pace, clock);
  }

  private void tell(String node, Optional<NodeExtensionState> state) {
    Optional.ofNullable(agents.get(node)).ifPresent(agent -> agent.desire(state));
  }

  /** Registers a ready Node with these labels, and starts its agent. */
  public void join(String name, Map<String, String> labels) {
    SimulatedAgent agent =
        new SimulatedAgent(
            client,
            name,
            new Random(seed ^ name.hashCode()),
            () -> pace,
            (turn, delay) -> {
              var unused = clockwork.schedule(turn, delay.toMillis(), TimeUnit.MILLISECONDS);
            },
            ready -> ready(name, ready));
    agents.put(name, agent);
    FleetNode.register(client, FleetNode.node(name, Fleet.architecture(), labels));
  }

  /**
   * Takes a node away, whatever it is at. Its state goes too: the garbage collector's part, which
   * no one plays in a cluster without controllers.
   */
  public void leave(String name) {
    Optional.ofNullable(agents.remove(name)).ifPresent(SimulatedAgent::close);
    client.nodes().withName(name).delete();
    client.resources(NodeExtensionState.class).withName(name).delete();
  }

  /** From now on the steps of all nodes take other times; their reports come as before. */
  public void pace(Pace next) {
    pace = next;
  }

  /** From now on this goes wrong on a node, and nothing else. */
  public void befall(String name, Mishap... mishaps) {
    agents.get(name).befall(List.of(mishaps));
  }

  /** Says of a Node whether it is Ready, as its kubelet or the node controller would. */
  public void ready(String name, boolean ready) {
    Node unused =
        Contended.edit(
            () ->
                client
                    .nodes()
                    .withName(name)
                    .editStatus(
                        node -> {
                          node.getStatus().getConditions().stream()
                              .filter(condition -> condition.getType().equals("Ready"))
                              .forEach(condition -> tell(condition, ready));
                          return node;
                        }));
  }

  private void tell(NodeCondition condition, boolean ready) {
    condition.setStatus(ready ? "True" : "Unknown");
    condition.setReason(ready ? "KubeletReady" : "NodeStatusUnknown");
    condition.setLastTransitionTime(clock.instant().truncatedTo(ChronoUnit.SECONDS).toString());
  }

  /** Moves a node's labels. */
  public void label(String name, Map<String, String> labels) {
    Node unused =
        Contended.edit(
            () ->
                client
                    .nodes()
                    .withName(name)
                    .edit(
                        node -> {
                          node.getMetadata().getLabels().putAll(labels);
                          return node;
                        }));
  }

  /** Boots a node: what is linked is merged. */
  public void reboot(String name) {
    agents.get(name).reboot();
  }

  /** From now on these agents do nothing: whatever they are at stays so. */
  public void freeze(Predicate<String> which) {
    agents.forEach(
        (name, agent) -> {
          if (which.test(name)) {
            agent.freeze(true);
          }
        });
  }

  /** All agents carry on. */
  public void thaw() {
    agents.values().forEach(agent -> agent.freeze(false));
  }

  /** How many there are. */
  public int size() {
    return agents.size();
  }

  @Override
  public void close() {
    states.close();
    clockwork.shutdownNow();
    agents.values().forEach(SimulatedAgent::close);
  }
}
