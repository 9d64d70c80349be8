package io.kairos.extensions.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.operator.plan.Fleets;
import io.kairos.extensions.operator.plan.RevisionContent;
import io.kairos.extensions.operator.plan.StoredRevision;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RevisionObjectsTest {
  private final RevisionContent content =
      Fleets.content(Fleets.policy("base", "hello"), Fleets.extension("hello", "1"));
  private final String name = StoredRevision.objectName("base", "uid-1", content);
  private final String revision = StoredRevision.revisionOf(name).orElseThrow();

  @Test
  void aRevisionIsKnownByItsNameWhateverBecomesOfItsLabels() {
    ControllerRevision kept = object();
    kept.getMetadata().setLabels(Map.of());

    assertThat(read(kept))
        .singleElement()
        .satisfies(
            stored -> {
              assertThat(stored.revision()).isEqualTo(revision);
              assertThat(stored.content()).isEqualTo(Optional.of(content));
            });
  }

  @Test
  void whatHasAnotherNameOrOwnerIsNotOurs() {
    ControllerRevision foreign = object();
    foreign.getMetadata().setName("base-1");
    ControllerRevision disowned = object();
    disowned.getMetadata().setOwnerReferences(List.of());

    assertThat(read(foreign)).isEmpty();
    assertThat(read(disowned)).isEmpty();
  }

  @Test
  void anImpostorIsToldFromWhatAnotherLeaderStored() {
    ControllerRevision impostor = object();
    impostor.setData(JsonNodeFactory.instance.objectNode());
    ControllerRevision relabelled = object();
    relabelled.getMetadata().setLabels(Map.of("mine", "true"));

    assertThat(RevisionObjects.keepsTheSame(relabelled, object())).isTrue();
    assertThat(RevisionObjects.keepsTheSame(impostor, object())).isFalse();
  }

  @Test
  void jsonIsEscapedAsGoDoesIt() {
    assertThat(GoJson.write(JsonNodeFactory.instance.textNode("a<b>&\u2028\"é\n/")))
        .isEqualTo("\"a\\u003cb\\u003e\\u0026\\u2028\\\"é\\n/\"");
  }

  private ControllerRevision object() {
    NodeExtensionPolicy policy = new NodeExtensionPolicy();
    policy.setMetadata(new ObjectMetaBuilder().withName("base").withUid("uid-1").build());
    return RevisionObjects.object(policy, "default", name, revision, 1, content);
  }

  private static List<StoredRevision> read(ControllerRevision object) {
    return new RevisionObjects().values(Map.of(object.getMetadata().getName(), object));
  }
}
