package io.kairos.extensions.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConversionTest {
  @Test
  void aLabelOfNoValueIsNoLabel() {
    Map<String, String> labels = new HashMap<>();
    labels.put("special", "yes");
    labels.put("patched-away", null);
    Node node =
        new NodeBuilder()
            .withNewMetadata()
            .withName("n1")
            .withUid("uid-1")
            .withLabels(labels)
            .endMetadata()
            .build();

    assertThat(Conversion.node(node, Instant.MAX).labels()).isEqualTo(Map.of("special", "yes"));
  }

  @Test
  void aNodeThatKuredIsAboutToRebootIsInSomebodyElsesHands() {
    Node node =
        new NodeBuilder()
            .withNewMetadata()
            .withName("n1")
            .withUid("uid-1")
            .addToAnnotations("weave.works/kured-reboot-in-progress", "2026-01-01T00:00:00Z")
            .endMetadata()
            .build();

    assertThat(Conversion.node(node, Instant.MAX).othersWork())
        .hasValue("kured is about to reboot it");
  }
}
