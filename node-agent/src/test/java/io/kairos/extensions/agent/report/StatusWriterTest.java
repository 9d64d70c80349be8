package io.kairos.extensions.agent.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.kairos.extensions.agent.MockApi;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StatusWriterTest {
  private static final String NODE = "node-1";
  private static final Duration NO_PAUSE = Duration.ofMillis(1);

  private final MockApi api = new MockApi();
  private final KubernetesClient client = api.client();
  private StatusWriter writer;

  private void writerWithPause(Duration pause) {
    writer = new StatusWriter(client, NODE, pause);
  }

  private void writerBeforeWhoseWrites(Runnable happens) {
    KubernetesClient hooked =
        (KubernetesClient)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {KubernetesClient.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("resource")) {
                    happens.run();
                  }
                  return method.invoke(client, arguments);
                });
    writer = new StatusWriter(hooked, NODE, NO_PAUSE);
  }

  @AfterEach
  void close() {
    writer.close();
    api.close();
  }

  private String createState() {
    NodeExtensionState state = new NodeExtensionState();
    state.setMetadata(new ObjectMetaBuilder().withName(NODE).build());
    state.setSpec(NodeExtensionStateSpec.EMPTY);
    return client.resource(state).create().getMetadata().getUid();
  }

  private NodeExtensionState state() {
    return client.resources(NodeExtensionState.class).withName(NODE).get();
  }

  private void awaitSummary(String summary) {
    await().untilAsserted(() -> assertThat(state().getStatus().summary()).isEqualTo(summary));
  }

  private static NodeExtensionStateStatus saying(String summary) {
    return NodeExtensionStateStatus.EMPTY.toBuilder()
        .observedGeneration(1)
        .summary(summary)
        .build();
  }

  @Test
  void aReportArrives() {
    String uid = createState();
    writerWithPause(NO_PAUSE);
    writer.report(uid, saying("a 1 Active"));
    awaitSummary("a 1 Active");
  }

  @Test
  void aWriteIsOnePatchOfTheStatusThatTestsTheUidFirst() throws Exception {
    String uid = createState();
    writerWithPause(NO_PAUSE);
    writer.report(uid, saying("a 1 Active"));
    awaitSummary("a 1 Active");
    assertThat(api.patches()).hasSize(1);
    assertThat(api.patches().get(0).path()).endsWith("/nodeextensionstates/" + NODE + "/status");
    JsonNode patch = new ObjectMapper().readTree(api.patches().get(0).body());
    assertThat(patch).hasSize(2);
    assertThat(patch.get(0).path("op").asText()).isEqualTo("test");
    assertThat(patch.get(0).path("path").asText()).isEqualTo("/metadata/uid");
    assertThat(patch.get(0).path("value").asText()).isEqualTo(uid);
    assertThat(patch.get(1).path("path").asText()).isEqualTo("/status");
  }

  @Test
  void theNewestReportWinsAndThoseBetweenAreNeverWritten() {
    String uid = createState();
    CompletableFuture<Void> isWriting = new CompletableFuture<>();
    CompletableFuture<Void> goOn = new CompletableFuture<>();
    writerBeforeWhoseWrites(
        () -> {
          isWriting.complete(null);
          goOn.join();
        });
    writer.report(uid, saying("first"));
    isWriting.join();
    for (int i = 0; i < 50; i++) {
      writer.report(uid, saying("between " + i));
    }
    writer.report(uid, saying("newest"));
    goOn.complete(null);
    awaitSummary("newest");
    assertThat(api.patches()).hasSize(2);
  }

  @Test
  void anUnchangedReportIsNotWrittenAgain() {
    String uid = createState();
    writerWithPause(NO_PAUSE);
    writer.report(uid, saying("same"));
    awaitSummary("same");
    writer.report(uid, saying("same"));
    await().during(Duration.ofMillis(300)).until(() -> api.patches().size() == 1);
    writer.report(uid, saying("other"));
    awaitSummary("other");
    assertThat(api.patches()).hasSize(2);
  }

  @Test
  void aStateThatWasMadeAnewIsNotGivenTheEvidenceOfTheOldOne() {
    String old = createState();
    client.resources(NodeExtensionState.class).withName(NODE).delete();
    String anew = createState();
    assertThat(anew).isNotEqualTo(old);
    writerWithPause(NO_PAUSE);
    writer.report(old, saying("of the old one"));
    await().until(() -> !api.patches().isEmpty());
    writer.report(anew, saying("of the new one"));
    awaitSummary("of the new one");
    assertThat(api.patches().get(0).body()).contains(old, "of the old one");
  }

  @Test
  void aStateThatIsNotThereYetIsWrittenOnceItIs() {
    writerWithPause(NO_PAUSE);
    writer.report("unknown", saying("early"));
    await().until(() -> !api.patches().isEmpty());
    String uid = createState();
    writer.report(uid, saying("in time"));
    awaitSummary("in time");
  }

  @Test
  void anUnexpectedExceptionDoesNotSilenceTheNode() {
    String uid = createState();
    AtomicBoolean broken = new AtomicBoolean();
    writerBeforeWhoseWrites(
        () -> {
          if (broken.compareAndSet(false, true)) {
            throw new IllegalStateException("nobody expected this");
          }
        });
    writer.report(uid, saying("after all"));

    awaitSummary("after all");
    assertThat(broken).isTrue();
  }

  @Test
  void nothingIsWrittenOnceItIsClosed() {
    String uid = createState();
    writerWithPause(NO_PAUSE);
    writer.report(uid, saying("last"));
    awaitSummary("last");
    writer.close();
    writer.report(uid, saying("too late"));
    await().during(Duration.ofMillis(200)).until(() -> api.patches().size() == 1);
  }
}
