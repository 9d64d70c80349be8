package io.kairos.extensions.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.kairos.extensions.api.v1alpha1.DriftStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

@EnableKubernetesMockClient(crud = true)
class EventWriterTest {
  private static final String NOON = "2026-01-01T12:00:00Z";
  private static final String BEFORE = "2026-01-01T11:49:00Z";

  KubernetesMockServer server;
  KubernetesClient client;

  private static NodeExtensionState state(long count, String time, String message) {
    NodeExtensionState state = new NodeExtensionState();
    state.getMetadata().setName("node-1");
    state.getMetadata().setUid("uid-1");
    state.setStatus(
        NodeExtensionStateStatus.EMPTY.toBuilder()
            .drift(new DriftStatus(count, time, message))
            .build());
    return state;
  }

  private EventWriter writer() {
    return new EventWriter(told());
  }

  private ClusterEvents told() {
    return new ClusterEvents(
        client, Clock.fixed(Instant.parse(NOON), ZoneOffset.UTC), "sysext-operator-0");
  }

  private List<Event> events() {
    return client.events().v1().events().inNamespace("default").list().getItems();
  }

  @Test
  void aCountThatGrowsIsAWarningOnTheState() {
    EventWriter writer = writer();
    writer.tell(List.of(state(0, "", "")));
    writer.tell(List.of(state(1, NOON, "tool: it was unmerged")));

    assertThat(events())
        .singleElement()
        .satisfies(
            event -> {
              assertThat(event.getMetadata().getName()).isEqualTo("node-1.drift-uid-1-1");
              assertThat(event.getType()).isEqualTo("Warning");
              assertThat(event.getReason()).isEqualTo("DriftDetected");
              assertThat(event.getNote()).isEqualTo("tool: it was unmerged (1 in all)");
              assertThat(event.getRegarding().getKind()).isEqualTo("NodeExtensionState");
              assertThat(event.getRegarding().getName()).isEqualTo("node-1");
              assertThat(event.getRegarding().getUid()).isEqualTo("uid-1");
              assertThat(event.getReportingController())
                  .isEqualTo("extensions.kairos.io/sysext-operator");
              assertThat(event.getReportingInstance()).isEqualTo("sysext-operator-0");
              assertThat(event.getEventTime().getTime()).isEqualTo("2026-01-01T12:00:00.000000Z");
            });
  }

  @Test
  void whatDoesNotGrowIsToldOnce() {
    EventWriter writer = writer();
    for (int i = 0; i < 3; i++) {
      writer.tell(List.of(state(2, NOON, "tool: it was unmerged")));
    }
    assertThat(events()).hasSize(1);
    writer.tell(List.of(state(5, NOON, "tool: it was unmerged")));
    assertThat(events()).hasSize(2);
  }

  @Test
  void anotherProcessTellsTheSameOnce() {
    writer().tell(List.of(state(2, NOON, "tool")));
    EventWriter successor = writer();
    successor.tell(List.of(state(2, NOON, "tool")));
    successor.tell(List.of(state(2, NOON, "tool")));
    assertThat(events()).hasSize(1);
  }

  @Test
  void whatIsOldWhenTheProcessStartsIsNotTold() {
    EventWriter writer = writer();
    writer.tell(List.of(state(2, BEFORE, "tool")));
    writer.tell(List.of(state(2, BEFORE, "tool")));
    assertThat(events()).isEmpty();
    writer.tell(List.of(state(3, BEFORE, "tool")));
    assertThat(events()).as("growth is news whatever the agent's clock says").hasSize(1);
  }

  @Test
  void anEventThatIsRefusedIsTriedAgain() {
    server
        .expect()
        .post()
        .withPath("/apis/events.k8s.io/v1/namespaces/default/events")
        .andReturn(403, "")
        .once();
    EventWriter writer = writer();
    writer.tell(List.of(state(0, "", "")));
    writer.tell(List.of(state(1, NOON, "tool")));
    assertThat(events()).isEmpty();
    writer.tell(List.of(state(1, NOON, "tool")));
    assertThat(events()).hasSize(1);
  }

  @Test
  void aNoteIsNoLongerThanTheApiServerTakes() {
    EventWriter writer = writer();
    writer.tell(List.of(state(1, NOON, "ä".repeat(900))));
    assertThat(events())
        .singleElement()
        .satisfies(
            event ->
                assertThat(event.getNote().getBytes(StandardCharsets.UTF_8).length)
                    .isLessThanOrEqualTo(1024));
  }
}
