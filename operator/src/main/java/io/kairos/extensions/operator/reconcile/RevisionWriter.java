package io.kairos.extensions.operator.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.operator.rollout.Write;
import java.net.HttpURLConnection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Does those writes of one pass that keep, renumber and drop revisions. */
final class RevisionWriter {
  private final KubernetesClient client;
  private final Overlay<ControllerRevision> overlay;
  private final String namespace;
  private final Map<String, ControllerRevision> revisions;

  RevisionWriter(
      KubernetesClient client,
      Overlay<ControllerRevision> overlay,
      String namespace,
      Map<String, ControllerRevision> revisions) {
    this.client = client;
    this.overlay = overlay;
    this.namespace = namespace;
    this.revisions = new HashMap<>(revisions);
  }

  void store(Write.StoreRevision write, NodeExtensionPolicy policy) {
    ControllerRevision wanted =
        RevisionObjects.object(
            policy, namespace, write.object(), write.revision(), write.number(), write.content());
    try {
      ControllerRevision stored = send("POST", "", wanted);
      revisions.put(write.object(), stored);
      overlay.written(Optional.empty(), stored);
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
        makeRoom(wanted);
      }
      throw e;
    }
  }

  /**
   * What has the name already is what another leader stored, and the cache has to catch up. If it
   * is something else, or no longer the policy's, because somebody made or edited it, it goes: it
   * is stored anew by the next pass.
   */
  private void makeRoom(ControllerRevision wanted) {
    ControllerRevision there = client.resource(wanted).get();
    if (there != null && !RevisionObjects.keepsTheSame(there, wanted)) {
      client.resource(there).lockResourceVersion(there.getMetadata().getResourceVersion()).delete();
    }
  }

  void renumber(Write.RenumberRevision write) {
    ControllerRevision before = revisions.get(write.object());
    ControllerRevision wanted = client.getKubernetesSerialization().clone(before);
    wanted.setRevision(write.number());
    ControllerRevision after = send("PUT", "/" + write.object(), wanted);
    revisions.put(write.object(), after);
    overlay.written(Optional.of(before), after);
  }

  /** As {@link GoJson} says; the client's own JSON has other escapes. */
  private ControllerRevision send(String method, String object, ControllerRevision wanted) {
    KubernetesSerialization json = client.getKubernetesSerialization();
    String answer =
        client.raw(
            "/apis/apps/v1/namespaces/" + namespace + "/controllerrevisions" + object,
            method,
            GoJson.write(json.convertValue(wanted, JsonNode.class)));
    return json.unmarshal(answer, ControllerRevision.class);
  }

  void drop(Write.DropRevision write) {
    ControllerRevision before = revisions.remove(write.object());
    client.resource(before).lockResourceVersion(before.getMetadata().getResourceVersion()).delete();
    overlay.deleted(before);
  }
}
