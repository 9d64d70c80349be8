package io.kairos.extensions.operator.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.ControllerRevisionBuilder;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.operator.plan.RevisionContent;
import io.kairos.extensions.operator.plan.RevisionJson;
import io.kairos.extensions.operator.plan.StoredRevision;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Revisions as ControllerRevisions of the operator's namespace: owned by their policy, which a
 * namespaced object may be by one without a namespace, so that a cluster's garbage collector
 * forgets them with it.
 *
 * <p>Remembers what it has read: an object's data never changes, and there may be much of it. Not
 * thread-safe.
 */
final class RevisionObjects {
  /** The policy's name, as far as a label can hold it: for people who list them. */
  private static final String POLICY_LABEL = Api.GROUP + "/policy";

  /** The revision, for the same. What counts is the object's name. */
  private static final String REVISION_LABEL = Api.GROUP + "/revision";

  private static final int LONGEST_LABEL = 63;
  private static final JsonMapper JSON = new JsonMapper();

  private Map<String, Read> read = new HashMap<>();

  private record Read(String uid, Optional<RevisionContent> content) {}

  /** What of these is ours, as values. */
  List<StoredRevision> values(Map<String, ControllerRevision> objects) {
    Map<String, Read> now = new HashMap<>();
    List<StoredRevision> values =
        objects.values().stream().flatMap(object -> value(object, now).stream()).toList();
    read = now;
    return values;
  }

  private Optional<StoredRevision> value(ControllerRevision object, Map<String, Read> now) {
    String name = object.getMetadata().getName();
    String uid = object.getMetadata().getUid();
    Optional<OwnerReference> owner = owner(object);
    return StoredRevision.revisionOf(name)
        .filter(revision -> owner.isPresent())
        .map(
            revision -> {
              Read known = read.get(name);
              Read content =
                  known != null && known.uid().equals(uid)
                      ? known
                      : new Read(uid, content(object, revision));
              now.put(name, content);
              return new StoredRevision(
                  name,
                  owner.get().getName(),
                  owner.get().getUid(),
                  revision,
                  object.getRevision() == null ? 0 : object.getRevision(),
                  object.getMetadata().getCreationTimestamp(),
                  content.content());
            });
  }

  private static Optional<RevisionContent> content(ControllerRevision object, String revision) {
    return RevisionJson.read(JSON.convertValue(object.getData(), JsonNode.class), revision);
  }

  /** Whether two objects of one name keep the same for the same policy. */
  static boolean keepsTheSame(ControllerRevision one, ControllerRevision other) {
    String revision = StoredRevision.revisionOf(one.getMetadata().getName()).orElse("");
    return owner(one).equals(owner(other))
        && content(one, revision).equals(content(other, revision));
  }

  /** The policy that an object is kept for, if it is one of ours. */
  static Optional<OwnerReference> owner(ControllerRevision object) {
    return object.getMetadata().getOwnerReferences().stream()
        .filter(owner -> "NodeExtensionPolicy".equals(owner.getKind()))
        .filter(owner -> owner.getApiVersion().startsWith(Api.GROUP + "/"))
        .findFirst();
  }

  /** The object that keeps a revision of a policy. */
  static ControllerRevision object(
      NodeExtensionPolicy policy,
      String namespace,
      String name,
      String revision,
      long number,
      RevisionContent content) {
    return new ControllerRevisionBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace(namespace)
        .addToLabels(POLICY_LABEL, label(policy.getMetadata().getName()))
        .addToLabels(REVISION_LABEL, revision)
        .addNewOwnerReference()
        .withApiVersion(policy.getApiVersion())
        .withKind(policy.getKind())
        .withName(policy.getMetadata().getName())
        .withUid(policy.getMetadata().getUid())
        .withController(true)
        .withBlockOwnerDeletion(false)
        .endOwnerReference()
        .endMetadata()
        .withRevision(number)
        .withData(RevisionJson.write(content))
        .build();
  }

  private static String label(String policy) {
    return policy
        .substring(0, Math.min(policy.length(), LONGEST_LABEL))
        .replaceAll("[^A-Za-z0-9]+$", "");
  }
}
