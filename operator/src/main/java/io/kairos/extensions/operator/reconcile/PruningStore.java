package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntryBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.client.informers.cache.BasicItemStore;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.SourceKeys;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * What an informer keeps: only what is decided from; a Node shrinks to a ninth. And it tells of
 * every change, deletions too.
 *
 * @param <T> the kind
 */
final class PruningStore<T extends HasMetadata> extends BasicItemStore<T> {
  private static final Set<String> PULL_KEYS =
      Set.of(SourceKeys.DOCKER_CONFIG, SourceKeys.USERNAME, SourceKeys.PASSWORD, SourceKeys.TOKEN);

  private final UnaryOperator<T> prune;
  private final Runnable changed;

  private PruningStore(UnaryOperator<T> prune, Runnable changed) {
    super(Cache::metaNamespaceKeyFunc);
    this.prune = prune;
    this.changed = changed;
  }

  /** Keeps everything but the record of who wrote which field. */
  static <T extends HasMetadata> PruningStore<T> withoutManagedFields(Runnable changed) {
    return new PruningStore<>(
        object -> {
          object.getMetadata().setManagedFields(List.of());
          return object;
        },
        changed);
  }

  /**
   * Keeps of a Secret what can be a pull secret, whatever else lies in the namespace, and all of
   * the one that is handed to the agents.
   */
  static PruningStore<Secret> ofSecrets(Runnable changed) {
    return new PruningStore<>(PruningStore::prune, changed);
  }

  private static Secret prune(Secret secret) {
    secret.getMetadata().setManagedFields(List.of());
    if (secret.getData() != null && !secret.getMetadata().getName().equals(SourceKeys.SECRET)) {
      secret.setData(
          secret.getData().entrySet().stream()
              .filter(entry -> PULL_KEYS.contains(entry.getKey()))
              .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }
    return secret;
  }

  /** Keeps the data of our ControllerRevisions alone: DaemonSets have theirs there too. */
  static PruningStore<ControllerRevision> ofRevisions(Runnable changed) {
    return new PruningStore<>(
        revision -> {
          revision.getMetadata().setManagedFields(List.of());
          if (RevisionObjects.owner(revision).isEmpty()) {
            revision.setData(null);
          }
          return revision;
        },
        changed);
  }

  /**
   * Keeps identity, labels, the annotations that are heeded, architecture, the cordon and who set
   * it, and the Ready condition, without its heartbeat.
   */
  static PruningStore<Node> ofNodes(Runnable changed) {
    return new PruningStore<>(PruningStore::prune, changed);
  }

  @Override
  public T put(String key, T object) {
    T before = super.put(key, prune.apply(object));
    changed.run();
    return before;
  }

  @Override
  public T remove(String key) {
    T before = super.remove(key);
    changed.run();
    return before;
  }

  private static Map<String, String> heeded(Map<String, String> annotations) {
    return annotations.entrySet().stream()
        .filter(
            entry ->
                entry.getKey().equals(Api.HOLD_ANNOTATION)
                    || entry.getKey().equals(Api.CORDONED_ANNOTATION)
                    || entry.getKey().equals(Conversion.KURED_REBOOTS))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /** Who has set {@code spec.unschedulable}, as far as the API server notes it. */
  static List<ManagedFieldsEntry> cordoners(Node node) {
    return node.getMetadata().getManagedFields().stream()
        .filter(
            entry ->
                entry.getFieldsV1() != null
                    && entry.getFieldsV1().getAdditionalProperties().get("f:spec")
                        instanceof Map<?, ?> spec
                    && spec.containsKey("f:unschedulable"))
        .map(
            entry ->
                new ManagedFieldsEntryBuilder()
                    .withManager(entry.getManager())
                    .withNewFieldsV1()
                    .addToAdditionalProperties("f:spec", Map.of("f:unschedulable", Map.of()))
                    .endFieldsV1()
                    .build())
        .toList();
  }

  /** What is kept of a Node. */
  static Node prune(Node node) {
    ObjectMeta meta = node.getMetadata();
    boolean unschedulable =
        node.getSpec() != null && Boolean.TRUE.equals(node.getSpec().getUnschedulable());
    NodeBuilder pruned =
        new NodeBuilder()
            .withMetadata(
                new ObjectMetaBuilder()
                    .withName(meta.getName())
                    .withUid(meta.getUid())
                    .withResourceVersion(meta.getResourceVersion())
                    .withCreationTimestamp(meta.getCreationTimestamp())
                    .withDeletionTimestamp(meta.getDeletionTimestamp())
                    .withLabels(meta.getLabels())
                    .withAnnotations(heeded(meta.getAnnotations()))
                    .withManagedFields(unschedulable ? cordoners(node) : List.of())
                    .build());
    if (unschedulable) {
      pruned = pruned.withNewSpec().withUnschedulable(true).endSpec();
    }
    if (node.getStatus() == null) {
      return pruned.build();
    }
    String architecture =
        node.getStatus().getNodeInfo() == null
            ? ""
            : node.getStatus().getNodeInfo().getArchitecture();
    List<NodeCondition> ready =
        node.getStatus().getConditions().stream()
            .filter(condition -> "Ready".equals(condition.getType()))
            .map(
                condition ->
                    new NodeCondition(
                        null,
                        condition.getLastTransitionTime(),
                        null,
                        null,
                        condition.getStatus(),
                        condition.getType()))
            .toList();
    return pruned
        .withNewStatus()
        .withConditions(ready)
        .withNewNodeInfo()
        .withArchitecture(architecture)
        .endNodeInfo()
        .endStatus()
        .build();
  }
}
