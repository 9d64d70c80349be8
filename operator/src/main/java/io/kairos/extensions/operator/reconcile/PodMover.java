package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.DeleteOptionsBuilder;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.policy.v1.EvictionBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.operator.plan.FleetSnapshot.Pod;
import io.kairos.extensions.operator.rollout.Write;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * Looks at the pods of nodes that are being drained, and moves them away. Only of those nodes: no
 * cache holds the pods of a cluster.
 *
 * <p>It remembers which evictions were refused, and when to ask again; one that starts anew asks at
 * once, which is all that is lost with it. Several threads may move pods at once; nobody may while
 * it looks.
 */
final class PodMover {
  private static final long PAGE = 500;
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);
  private static final Duration FIRST_RETRY = Duration.ofSeconds(5);
  private static final Duration LONGEST_RETRY = Duration.ofSeconds(30);
  private static final int SERVER_ERROR = 500;

  private final KubernetesClient client;
  private final Clock clock;
  private final WriteCrew crew;
  private final EventWriter events;
  private final String ownPod;

  private final Map<String, Look> looks = new ConcurrentHashMap<>();
  private final Map<String, Refused> refused = new ConcurrentHashMap<>();

  private record Look(String node, long atNanos, List<Pod> pods) {}

  private record Refused(Pod.Refusal refusal, Duration pause) {}

  /**
   * Has not looked yet.
   *
   * @param crew looks at several nodes at once
   * @param ownPod NAMESPACE/NAME of this very process
   */
  PodMover(
      KubernetesClient client, Clock clock, WriteCrew crew, EventWriter events, String ownPod) {
    this.client = client;
    this.clock = clock;
    this.crew = crew;
    this.events = events;
    this.ownPod = ownPod;
  }

  /**
   * The pods on some nodes, by node; as they were half a second ago, at most.
   *
   * @throws KubernetesClientException if they cannot be listed
   */
  Map<String, List<Pod>> look(Set<String> nodes) {
    looks.keySet().retainAll(nodes);
    long now = System.nanoTime();
    List<Callable<Look>> tasks = new ArrayList<>();
    for (String node : nodes) {
      Look last = looks.get(node);
      if (last == null || now - last.atNanos() > BETWEEN_LOOKS.toNanos()) {
        tasks.add(() -> new Look(node, now, list(node)));
      }
    }
    crew.all(tasks).forEach(look -> looks.put(look.node(), look));
    Map<String, List<Pod>> result = new HashMap<>();
    nodes.forEach(node -> result.put(node, looks.get(node).pods()));
    Set<String> there =
        result.values().stream().flatMap(List::stream).map(Pod::uid).collect(Collectors.toSet());
    refused.keySet().retainAll(there);
    return result;
  }

  private List<Pod> list(String node) {
    List<Pod> pods = new ArrayList<>();
    String next = null;
    do {
      PodList page =
          client
              .pods()
              .inAnyNamespace()
              .withField("spec.nodeName", node)
              .list(new ListOptionsBuilder().withLimit(PAGE).withContinue(next).build());
      page.getItems().stream()
          .filter(pod -> node.equals(pod.getSpec().getNodeName()))
          .map(
              pod ->
                  Conversion.pod(
                      pod,
                      ownPod.equals(
                          pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName()),
                      Optional.ofNullable(refused.get(pod.getMetadata().getUid()))
                          .map(Refused::refusal)))
          .forEach(pods::add);
      next = page.getMetadata().getContinue();
    } while (next != null && !next.isEmpty());
    return pods;
  }

  /**
   * Evicts a pod, if that very pod is still there. A refusal is remembered, and told as an event of
   * the node's state.
   *
   * @throws KubernetesClientException if the API server does not answer
   */
  void evict(Write.Evict write, NodeExtensionState state) {
    Pod pod = write.pod();
    var eviction =
        new EvictionBuilder()
            .withNewMetadata()
            .withName(pod.name())
            .withNamespace(pod.namespace())
            .endMetadata()
            .withDeleteOptions(
                new DeleteOptionsBuilder()
                    .withNewPreconditions()
                    .withUid(pod.uid())
                    .endPreconditions()
                    .build())
            .build();
    looks.remove(write.node());
    try {
      String unused =
          client.raw(
              "/api/v1/namespaces/" + pod.namespace() + "/pods/" + pod.name() + "/eviction",
              "POST",
              eviction);
    } catch (KubernetesClientException e) {
      if (isGone(e)) {
        return;
      }
      if (e.getCode() < HttpURLConnection.HTTP_BAD_REQUEST || e.getCode() > SERVER_ERROR) {
        throw e;
      }
      refuse(write, state, message(e));
    }
  }

  /** Gone, or another pod of that name is there by now. */
  private static boolean isGone(KubernetesClientException e) {
    return e.getCode() == HttpURLConnection.HTTP_NOT_FOUND
        || e.getCode() == HttpURLConnection.HTTP_CONFLICT;
  }

  private void refuse(Write.Evict write, NodeExtensionState state, String message) {
    Refused before = refused.get(write.pod().uid());
    Duration pause = before == null ? FIRST_RETRY : before.pause().multipliedBy(2);
    if (pause.compareTo(LONGEST_RETRY) > 0) {
      pause = LONGEST_RETRY;
    }
    Instant again = clock.instant().plus(pause);
    refused.put(write.pod().uid(), new Refused(new Pod.Refusal(message, again), pause));
    if (before == null) {
      events.drainBlocked(state, write.pod(), message);
    }
  }

  /** The API server names the PodDisruptionBudget among the causes. */
  private static String message(KubernetesClientException e) {
    Status status = e.getStatus();
    String said =
        status == null || status.getMessage() == null
            ? String.valueOf(e.getMessage())
            : status.getMessage();
    if (status == null || status.getDetails() == null || status.getDetails().getCauses() == null) {
      return said;
    }
    Set<String> causes = new HashSet<>();
    status.getDetails().getCauses().stream()
        .filter(cause -> cause.getMessage() != null)
        .forEach(cause -> causes.add(cause.getMessage()));
    return causes.isEmpty() ? said : String.join("; ", causes);
  }

  /**
   * Deletes a pod, if that very pod is still there; it has its time to end in good order.
   *
   * @throws KubernetesClientException if the API server refuses
   */
  void delete(Write.DeletePod write) {
    Pod pod = write.pod();
    looks.remove(write.node());
    try {
      String unused =
          client.raw(
              "/api/v1/namespaces/" + pod.namespace() + "/pods/" + pod.name(),
              "DELETE",
              new DeleteOptionsBuilder()
                  .withNewPreconditions()
                  .withUid(pod.uid())
                  .endPreconditions()
                  .build());
    } catch (KubernetesClientException e) {
      if (!isGone(e)) {
        throw e;
      }
    }
  }
}
