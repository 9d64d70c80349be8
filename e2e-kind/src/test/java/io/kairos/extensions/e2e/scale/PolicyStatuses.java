package io.kairos.extensions.e2e.scale;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Sees every status that a policy ever has, and what is wrong with it. */
final class PolicyStatuses implements AutoCloseable {
  private final SharedIndexInformer<NodeExtensionPolicy> policies;
  private final Map<String, NodeExtensionPolicy> latest = new HashMap<>();
  private final Map<String, Selected> selected = new HashMap<>();
  private final Map<String, Integer> mostUnavailable = new HashMap<>();
  private final List<String> wrong = new ArrayList<>();
  private int seen;

  /** How many nodes a policy may select at present, in its own words. */
  private record Selected(int least, int most) {}

  PolicyStatuses(KubernetesClient client) {
    policies =
        client
            .resources(NodeExtensionPolicy.class)
            .inform(
                new ResourceEventHandler<NodeExtensionPolicy>() {
                  @Override
                  public void onAdd(NodeExtensionPolicy policy) {
                    see(policy);
                  }

                  @Override
                  public void onUpdate(NodeExtensionPolicy before, NodeExtensionPolicy policy) {
                    see(policy);
                  }

                  @Override
                  public void onDelete(NodeExtensionPolicy policy, boolean unknown) {
                    forget(policy.getMetadata().getName());
                  }
                });
  }

  private synchronized void see(NodeExtensionPolicy policy) {
    String name = policy.getMetadata().getName();
    Optional<NodeExtensionPolicy> before = Optional.ofNullable(latest.put(name, policy));
    NodeExtensionPolicyStatus status = policy.getStatus();
    if (status.observedGeneration() == 0) {
      return;
    }
    seen++;
    mostUnavailable.merge(name, status.unavailable(), Math::max);
    Selected range = selected.get(name);
    check(policy, "counts are not ordered", isOrdered(status));
    check(
        policy,
        "desired is not what is selected, " + range,
        policy.isMarkedForDeletion()
            || (status.desired() >= range.least() && status.desired() <= range.most()));
    check(policy, "nobody failed", status.failed() == 0 && status.failedNodes().isEmpty());
    check(
        policy,
        "observedGeneration is ahead, or goes back",
        status.observedGeneration() <= policy.getMetadata().getGeneration()
            && before
                .map(b -> b.getStatus().observedGeneration() <= status.observedGeneration())
                .orElse(true));
    check(
        policy,
        "Reconciling and Stalled at once",
        !(is(status, Conditions.RECONCILING) && is(status, Conditions.STALLED)));
    check(
        policy,
        "Ready although not all are",
        !is(status, Conditions.READY)
            || (status.desired() == status.updated() && status.desired() == status.ready()));
  }

  private static boolean isOrdered(NodeExtensionPolicyStatus status) {
    return status.ready() >= 0
        && status.pendingReboot() >= 0
        && status.failed() >= 0
        && status.unavailable() >= 0
        && status.ready() + status.pendingReboot() <= status.updated()
        && status.updated() <= status.desired()
        && status.ready() + status.failed() <= status.desired();
  }

  private void check(NodeExtensionPolicy policy, String complaint, boolean right) {
    if (!right) {
      wrong.add(
          complaint
              + ": "
              + policy.getMetadata().getName()
              + " generation "
              + policy.getMetadata().getGeneration()
              + " "
              + policy.getStatus());
    }
  }

  static boolean is(NodeExtensionPolicyStatus status, String condition) {
    return Conditions.find(status.conditions(), condition)
        .filter(c -> c.getStatus().equals(Conditions.TRUE))
        .isPresent();
  }

  private synchronized void forget(String policy) {
    latest.remove(policy);
  }

  /** From now on the policy selects this many nodes, or, while they come and go, from to. */
  synchronized void expectSelected(String policy, int least, int most) {
    selected.put(policy, new Selected(least, most));
  }

  /** The policy as last seen, if it is there. */
  synchronized Optional<NodeExtensionPolicy> policy(String name) {
    return Optional.ofNullable(latest.get(name));
  }

  /** The status as last seen. */
  NodeExtensionPolicyStatus status(String name) {
    return policy(name).map(NodeExtensionPolicy::getStatus).orElse(NodeExtensionPolicyStatus.EMPTY);
  }

  /** The reason of Ready, if the status is about the present generation. */
  String reason(String name) {
    return policy(name)
        .filter(p -> p.getStatus().observedGeneration() == p.getMetadata().getGeneration())
        .flatMap(p -> Conditions.find(p.getStatus().conditions(), Conditions.READY))
        .map(Condition::getReason)
        .orElse("");
  }

  /** The most nodes that a policy said to be unavailable at once. */
  synchronized int mostUnavailable(String policy) {
    return mostUnavailable.getOrDefault(policy, 0);
  }

  /** How many statuses were looked at. */
  synchronized int seen() {
    return seen;
  }

  /** What was wrong so far. */
  synchronized List<String> wrong() {
    return List.copyOf(wrong);
  }

  @Override
  public void close() {
    policies.close();
  }
}
