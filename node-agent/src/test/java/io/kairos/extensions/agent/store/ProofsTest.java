package io.kairos.extensions.agent.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Proof;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.Service;
import io.kairos.extensions.api.v1alpha1.ServiceAction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The note of what has proven itself in this boot. */
class ProofsTest {
  @TempDir private Path root;
  private StoreLayout layout;

  @BeforeEach
  void prepare() throws IOException {
    layout = HostFolder.in(root).layout();
  }

  @Test
  void whatWasNotedIsRead() throws IOException {
    Proof proof =
        new Proof(
            "image",
            List.of(HealthCheck.builder().name("up").unit("tool.service").build()),
            2,
            List.of(new Service("tool.service", ServiceAction.RELOAD)));
    new Proofs(layout).put("tool", proof);
    assertThat(new Proofs(layout).read()).containsOnlyKeys("tool").containsValue(proof);
  }

  @Test
  void theNoteOfAnAgentThatKnewNoServicesCounts() throws IOException {
    Files.writeString(
        layout.proofs(), "{\"tool\":{\"image\":\"image\",\"checks\":[],\"passes\":1}}");
    assertThat(new Proofs(layout).read())
        .containsValue(new Proof("image", List.of(), 1, List.of()));
  }
}
