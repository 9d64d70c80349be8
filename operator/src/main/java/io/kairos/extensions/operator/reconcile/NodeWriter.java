package io.kairos.extensions.operator.reconcile;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.operator.rollout.Write;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes what is ours of Nodes: labels, {@code spec.unschedulable}, and the annotation that says
 * that we have set it. Each write but that of labels is a merge patch that fails if the Node is no
 * longer as it was read.
 */
final class NodeWriter {
  private static final PatchContext MERGE =
      new PatchContext.Builder()
          .withPatchType(PatchType.JSON_MERGE)
          .withFieldManager(Conversion.FIELD_MANAGER)
          .build();

  private final KubernetesClient client;
  private final Overlay<Node> overlay;
  private final Map<String, Node> nodes;

  /**
   * Writes to Nodes as they were read.
   *
   * @param nodes as they were read, by name
   */
  NodeWriter(KubernetesClient client, Overlay<Node> overlay, Map<String, Node> nodes) {
    this.client = client;
    this.overlay = overlay;
    this.nodes = new ConcurrentHashMap<>(nodes);
  }

  /** Cordons a Node. */
  void cordon(Write.Cordon cordon) {
    patch(
        cordon.node(),
        Map.of(Api.CORDONED_ANNOTATION, cordon.policy()),
        Map.of("unschedulable", true));
  }

  /** Takes our annotation off a Node, and uncordons it if that is ours to do. */
  void uncordon(Write.Uncordon uncordon) {
    Map<String, Object> annotations = new HashMap<>();
    annotations.put(Api.CORDONED_ANNOTATION, null);
    Map<String, Object> spec = new HashMap<>();
    if (uncordon.schedulable()) {
      spec.put("unschedulable", null);
    }
    patch(uncordon.node(), annotations, spec);
  }

  /** Labels a Node; whatever else of it has changed stays as it is. */
  void label(Write.LabelNode write) {
    ObjectNode labels = JsonNodeFactory.instance.objectNode();
    write.set().forEach(labels::put);
    write.removed().forEach(labels::putNull);
    ObjectNode patch = JsonNodeFactory.instance.objectNode();
    patch.putObject("metadata").put("uid", write.nodeUid()).set("labels", labels);
    client
        .nodes()
        .withName(write.node())
        .patch(PatchContext.of(PatchType.JSON_MERGE), patch.toString());
  }

  private void patch(String name, Map<String, Object> annotations, Map<String, Object> spec) {
    Node before = nodes.get(name);
    Map<String, Object> patch =
        Map.of(
            "metadata",
            Map.of(
                "uid",
                before.getMetadata().getUid(),
                "resourceVersion",
                before.getMetadata().getResourceVersion(),
                "annotations",
                annotations),
            "spec",
            spec);
    // By an object that only names it: by its name alone the client would first get it.
    Node named = new NodeBuilder().withNewMetadata().withName(name).endMetadata().build();
    Node after =
        PruningStore.prune(
            client.resource(named).patch(MERGE, client.getKubernetesSerialization().asJson(patch)));
    nodes.put(name, after);
    overlay.written(Optional.of(before), after);
  }
}
