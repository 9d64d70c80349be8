package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Secret;
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

  /** Keeps identity, labels, hold, architecture and the Ready condition. */
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

  private static Node prune(Node node) {
    ObjectMeta meta = node.getMetadata();
    String hold = meta.getAnnotations().get(Api.HOLD_ANNOTATION);
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
                    .withAnnotations(hold == null ? Map.of() : Map.of(Api.HOLD_ANNOTATION, hold))
                    .build());
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
                        null, null, null, null, condition.getStatus(), condition.getType()))
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
