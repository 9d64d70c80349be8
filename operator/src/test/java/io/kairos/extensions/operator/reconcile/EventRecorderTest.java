package io.kairos.extensions.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.operator.rollout.ObjectEvent;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@EnableKubernetesMockClient(crud = true)
class EventRecorderTest {
  private static final String PATH = "/apis/events.k8s.io/v1/namespaces/default/events";

  KubernetesMockServer server;
  KubernetesClient client;
  private EventRecorder events;

  @BeforeEach
  void start() {
    Clock noon = Clock.fixed(Instant.parse("2026-01-01T12:00:00Z"), ZoneOffset.UTC);
    events = new EventRecorder(new ClusterEvents(client, noon, "sysext-operator-0"));
  }

  private static NodeExtensionPolicy policy(String name) {
    NodeExtensionPolicy policy = new NodeExtensionPolicy();
    policy.getMetadata().setName(name);
    policy.getMetadata().setUid("uid-1");
    return policy;
  }

  private List<Event> written() {
    return client.events().v1().events().inNamespace("default").list().getItems();
  }

  @Test
  void aTurnIsAnEventAboutThePolicy() {
    events.tell(policy("base"), new ObjectEvent("RolloutHalted", true, "1 node failed"));
    events.tell(policy("base"), new ObjectEvent("WaveCompleted", false, "wave a"));
    events.tell(policy("base"), new ObjectEvent("WaveCompleted", false, "wave b"));

    assertThat(written())
        .extracting(event -> event.getType() + " " + event.getReason() + " " + event.getNote())
        .containsExactlyInAnyOrder(
            "Warning RolloutHalted 1 node failed",
            "Normal WaveCompleted wave a",
            "Normal WaveCompleted wave b");
    assertThat(written())
        .allSatisfy(
            event -> {
              assertThat(event.getRegarding().getKind()).isEqualTo("NodeExtensionPolicy");
              assertThat(event.getRegarding().getName()).isEqualTo("base");
              assertThat(event.getRegarding().getUid()).isEqualTo("uid-1");
              assertThat(event.getMetadata().getName())
                  .matches("base\\.[a-z]+-[0-9a-f]+-[0-9a-f]+");
            });
  }

  @Test
  void whatIsRefusedIsToldWithALaterPassAndBeforeWhatComesAfterIt() {
    server.expect().post().withPath(PATH).andReturn(403, "").once();
    events.tell(policy("base"), new ObjectEvent("RolloutStarted", false, "one"));
    assertThat(written()).isEmpty();
    events.retry();
    assertThat(written()).hasSize(1);
    events.retry();
    assertThat(written()).hasSize(1);
  }

  @Test
  void aLongNameIsCutToOneThatANameMayHave() {
    events.tell(
        policy("a".repeat(179) + "-" + "b".repeat(70)),
        new ObjectEvent("RolloutStarted", false, "one"));

    assertThat(written())
        .singleElement()
        .satisfies(
            event -> assertThat(event.getMetadata().getName()).startsWith("a".repeat(179) + "."));
  }
}
