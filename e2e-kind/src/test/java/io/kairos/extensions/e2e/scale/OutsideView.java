package io.kairos.extensions.e2e.scale;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * What somebody sees who watches the API and asks nobody: how many nodes were unavailable at once,
 * and whom a policy still touched after it had halted.
 *
 * <p>A node is unavailable while it is not Ready, or cordoned, or its state shows a target that its
 * host has to change for and its agent has neither reached, nor linked for the next boot, nor
 * failed, nor does it wait for the node to be drained. Watches of several kinds lag, each in its
 * own way; but all objects of one etcd share one count of versions, so what was when is told from
 * the resourceVersions, afterwards.
 */
final class OutsideView implements AutoCloseable {
  private final List<SharedIndexInformer<?>> informers = new ArrayList<>();
  private final List<Sight> sights = new ArrayList<>();
  private final Map<String, Map<ExtensionKey, String>> settled = new HashMap<>();
  private final Map<String, Map<ExtensionKey, String>> shown = new HashMap<>();
  private final Map<String, Halt> halts = new HashMap<>();
  private long stateVersion;

  /** What was seen, and at which version. */
  private sealed interface Sight {
    long version();

    String node();
  }

  private record OfNode(long version, String node, boolean down) implements Sight {}

  private record OfState(long version, String node, Set<String> inChangeBy, Set<String> touchedBy)
      implements Sight {}

  /**
   * A policy's halt.
   *
   * @param version when it was written
   * @param revision which revision
   * @param admitting nodes that had been admitted before, and may be written still
   */
  private record Halt(long version, String revision, Set<String> admitting) {}

  /**
   * What came of some time.
   *
   * @param most how many nodes were unavailable at once, at the most
   * @param policiesAtOnce how many policies changed one node at once, at the most
   */
  record Count(int most, int policiesAtOnce) {}

  private OutsideView(KubernetesClient client) {
    watch(client, Node.class, this::see, node -> new OfNode(version(node), name(node), false));
    watch(
        client,
        NodeExtensionState.class,
        this::see,
        state -> {
          settled.remove(name(state));
          shown.remove(name(state));
          return new OfState(version(state), name(state), Set.of(), Set.of());
        });
    watch(client, NodeExtensionPolicy.class, this::see, policy -> null);
  }

  /** Watches from now on. */
  static OutsideView of(KubernetesClient client) {
    return new OutsideView(client);
  }

  private interface Seeing<T> {
    void see(T object);
  }

  private <T extends HasMetadata> void watch(
      KubernetesClient client, Class<T> kind, Seeing<T> seeing, Function<T, Sight> gone) {
    informers.add(
        client
            .resources(kind)
            .inform(
                new ResourceEventHandler<T>() {
                  @Override
                  public void onAdd(T object) {
                    synchronized (OutsideView.this) {
                      seeing.see(object);
                    }
                  }

                  @Override
                  public void onUpdate(T before, T object) {
                    onAdd(object);
                  }

                  @Override
                  public void onDelete(T object, boolean unknown) {
                    synchronized (OutsideView.this) {
                      Sight sight = gone.apply(object);
                      if (sight != null) {
                        sights.add(sight);
                      }
                    }
                  }
                }));
  }

  private static long version(HasMetadata object) {
    return Long.parseLong(object.getMetadata().getResourceVersion());
  }

  private static String name(HasMetadata object) {
    return object.getMetadata().getName();
  }

  private void see(Node node) {
    boolean ready =
        node.getStatus().getConditions().stream()
            .anyMatch(c -> c.getType().equals("Ready") && c.getStatus().equals("True"));
    boolean cordoned =
        node.getSpec() != null && Boolean.TRUE.equals(node.getSpec().getUnschedulable());
    sights.add(new OfNode(version(node), name(node), !ready || cordoned));
  }

  private void see(NodeExtensionState state) {
    stateVersion = Math.max(stateVersion, version(state));
    Map<ExtensionKey, String> done = settled.computeIfAbsent(name(state), n -> new HashMap<>());
    Map<ExtensionKey, String> before = shown.getOrDefault(name(state), Map.of());
    Map<ExtensionKey, String> now = new HashMap<>();
    Set<String> inChange = new TreeSet<>();
    Set<String> touched = new TreeSet<>();
    for (Assignment assignment : state.getSpec().assignments()) {
      String wanted = onHost(assignment);
      now.put(assignment.key(), wanted);
      if (!wanted.equals(before.get(assignment.key()))) {
        touched.add(assignment.policy());
      }
      if (isThrough(state, assignment)) {
        done.put(assignment.key(), wanted);
      }
      if (!wanted.equals(done.get(assignment.key()))) {
        inChange.add(assignment.policy());
      }
    }
    done.keySet().retainAll(now.keySet());
    shown.put(name(state), now);
    sights.add(new OfState(version(state), name(state), inChange, touched));
  }

  /** What of a target a host has to change for, or tries once more. */
  private static String onHost(Assignment assignment) {
    return assignment.target().image().sha256()
        + assignment.target().profiles()
        + assignment.target().activation()
        + assignment.attempt()
        + assignment.remove();
  }

  private static boolean isThrough(NodeExtensionState state, Assignment assignment) {
    return state.getStatus().observedGeneration() >= state.getMetadata().getGeneration()
        && state.getStatus().extensions().stream()
            .filter(e -> e.key().equals(assignment.key()))
            .filter(e -> assignment.remove() || e.revision().equals(assignment.target().revision()))
            .anyMatch(
                e ->
                    e.reason().equals(Reasons.AWAITING_DRAIN)
                        || switch (e.phase()) {
                          case REMOVED -> assignment.remove();
                          case ACTIVE, PENDING_REBOOT, FAILED, INCOMPATIBLE, ROLLED_BACK ->
                              !assignment.remove();
                          default -> false;
                        });
  }

  private void see(NodeExtensionPolicy policy) {
    var rollout = policy.getStatus().rollout();
    Halt before = halts.get(name(policy));
    if (rollout.halted().isEmpty()) {
      halts.remove(name(policy));
    } else if (before == null || !before.revision().equals(rollout.halted())) {
      halts.put(
          name(policy),
          new Halt(version(policy), rollout.halted(), new HashSet<>(rollout.admitting())));
    }
  }

  /** The version of the last state seen. */
  synchronized long version() {
    return stateVersion;
  }

  /** Counts from a version on. */
  synchronized Count since(long version) {
    Set<String> down = new HashSet<>();
    Map<String, Set<String>> inChange = new HashMap<>();
    Set<String> unavailable = new HashSet<>();
    int most = 0;
    int policies = 0;
    for (Sight sight : sights.stream().sorted(Comparator.comparingLong(Sight::version)).toList()) {
      String node = sight.node();
      if (sight instanceof OfNode seen) {
        boolean unused = seen.down() ? down.add(node) : down.remove(node);
      } else if (sight instanceof OfState state) {
        inChange.put(node, state.inChangeBy());
      }
      Set<String> by = inChange.getOrDefault(node, Set.of());
      boolean changed =
          (down.contains(node) || !by.isEmpty()) ? unavailable.add(node) : unavailable.remove(node);
      if (sight.version() > version) {
        policies = Math.max(policies, by.size());
        most = changed ? Math.max(most, unavailable.size()) : most;
      }
    }
    return new Count(most, policies);
  }

  /** The nodes that a policy has told something to change for, from a version on. */
  synchronized Set<String> touchedSince(long version, String policy) {
    Set<String> nodes = new TreeSet<>();
    for (Sight sight : sights) {
      if (sight instanceof OfState state
          && state.version() > version
          && state.touchedBy().contains(policy)) {
        nodes.add(state.node());
      }
    }
    return nodes;
  }

  /**
   * The nodes that a halted policy has told something after it halted, without those that it had
   * admitted by then.
   *
   * @throws IllegalStateException if it has not halted
   */
  synchronized Set<String> touchedAfterHalt(String policy) {
    Halt halt = halts.get(policy);
    if (halt == null) {
      throw new IllegalStateException(policy + " is not halted");
    }
    Set<String> nodes = new TreeSet<>(touchedSince(halt.version(), policy));
    nodes.removeAll(halt.admitting());
    return nodes;
  }

  @Override
  public void close() {
    informers.forEach(SharedIndexInformer::close);
  }
}
