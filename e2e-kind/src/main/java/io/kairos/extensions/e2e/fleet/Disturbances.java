package io.kairos.extensions.e2e.fleet;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Counts from outside how many nodes each policy disturbs at once, by a watch of its own and by a
 * rule of its own, which knows nothing of how the operator counts.
 *
 * <p>A node is disturbed by a policy from the moment its state shows a target of that policy that
 * the host has to change for, until its status, about that very spec, says Active, PendingReboot or
 * Removed. Targets that differ only in their bookkeeping (revision, version, soak, policy) are one
 * and the same to a host. One watch shows the states in the order in which they were written, so at
 * each event the count is what it really was.
 */
public final class Disturbances implements AutoCloseable {
  private final SharedIndexInformer<NodeExtensionState> states;
  private final Map<String, Map<ExtensionKey, OnHost>> settled = new HashMap<>();
  private final Map<String, Map<ExtensionKey, OnHost>> shown = new HashMap<>();
  private final Map<String, Set<String>> disturbed = new TreeMap<>();
  private final Map<String, Integer> most = new HashMap<>();
  private final Map<String, Integer> changes = new HashMap<>();

  /** What of a target a host has to change for. */
  private record OnHost(
      String sha256, Set<Profile> profiles, Activation activation, boolean remove) {
    static OnHost of(Assignment assignment) {
      return new OnHost(
          assignment.target().image().sha256(),
          Set.copyOf(assignment.target().profiles()),
          assignment.target().activation(),
          assignment.remove());
    }
  }

  private Disturbances(KubernetesClient client) {
    states =
        client
            .resources(NodeExtensionState.class)
            .inform(
                new ResourceEventHandler<NodeExtensionState>() {
                  @Override
                  public void onAdd(NodeExtensionState state) {
                    see(state);
                  }

                  @Override
                  public void onUpdate(NodeExtensionState before, NodeExtensionState state) {
                    see(state);
                  }

                  @Override
                  public void onDelete(NodeExtensionState state, boolean unknown) {
                    forget(state.getMetadata().getName());
                  }
                });
  }

  /** Watches from now on. */
  public static Disturbances watch(KubernetesClient client) {
    return new Disturbances(client);
  }

  private synchronized void see(NodeExtensionState state) {
    String node = state.getMetadata().getName();
    Map<ExtensionKey, OnHost> done = settled.computeIfAbsent(node, n -> new HashMap<>());
    Map<ExtensionKey, OnHost> before = shown.getOrDefault(node, Map.of());
    Map<ExtensionKey, OnHost> now = new HashMap<>();
    Set<String> by = new HashSet<>();
    for (Assignment assignment : state.getSpec().assignments()) {
      OnHost wanted = OnHost.of(assignment);
      now.put(assignment.key(), wanted);
      if (!wanted.equals(before.get(assignment.key()))) {
        changes.merge(assignment.policy(), 1, Integer::sum);
      }
      if (isThrough(state, assignment)) {
        done.put(assignment.key(), wanted);
      }
      if (!wanted.equals(done.get(assignment.key()))) {
        by.add(assignment.policy());
      }
    }
    done.keySet().retainAll(now.keySet());
    shown.put(node, now);
    by.forEach(policy -> disturbed.computeIfAbsent(policy, p -> new TreeSet<>()).add(node));
    disturbed.forEach(
        (policy, nodes) -> {
          if (!by.contains(policy)) {
            nodes.remove(node);
          }
          most.merge(policy, nodes.size(), Math::max);
        });
  }

  private static boolean isThrough(NodeExtensionState state, Assignment assignment) {
    if (state.getStatus().observedGeneration() < state.getMetadata().getGeneration()) {
      return false;
    }
    Optional<ExtensionStatus> entry =
        state.getStatus().extensions().stream()
            .filter(e -> e.key().equals(assignment.key()))
            .filter(e -> e.revision().equals(assignment.target().revision()))
            .findFirst();
    return entry
        .map(
            e ->
                switch (e.phase()) {
                  case REMOVED -> assignment.remove();
                  case ACTIVE, PENDING_REBOOT -> !assignment.remove();
                  default -> false;
                })
        .orElse(false);
  }

  private synchronized void forget(String node) {
    settled.remove(node);
    shown.remove(node);
    disturbed.values().forEach(nodes -> nodes.remove(node));
  }

  /** The nodes that a policy disturbs now. */
  public synchronized Set<String> now(String policy) {
    return Set.copyOf(disturbed.getOrDefault(policy, Set.of()));
  }

  /** The most nodes that a policy has disturbed at once, since the last {@link #startOver()}. */
  public synchronized int most(String policy) {
    return most.getOrDefault(policy, 0);
  }

  /** How many targets of a policy that a host has to change for were shown so far. */
  public synchronized int changes(String policy) {
    return changes.getOrDefault(policy, 0);
  }

  /** Counts the most anew, from what is now. */
  public synchronized void startOver() {
    most.clear();
    disturbed.forEach((policy, nodes) -> most.put(policy, nodes.size()));
  }

  @Override
  public void close() {
    states.close();
  }
}
