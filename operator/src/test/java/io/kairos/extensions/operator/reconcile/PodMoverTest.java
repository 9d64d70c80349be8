package io.kairos.extensions.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodListBuilder;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.operator.plan.FleetSnapshot.Pod;
import io.kairos.extensions.operator.plan.Fleets;
import io.kairos.extensions.operator.rollout.Write;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

@EnableKubernetesMockClient
class PodMoverTest {
  private static final int TOO_MANY_REQUESTS = 429;
  private static final String POD = "/api/v1/namespaces/default/pods/db";

  KubernetesMockServer server;
  KubernetesClient client;

  @Test
  void aPodThatIsProtectedHoldsUpNoPass() {
    server
        .expect()
        .post()
        .withPath(POD + "/eviction")
        .andReturn(
            TOO_MANY_REQUESTS,
            new StatusBuilder()
                .withCode(TOO_MANY_REQUESTS)
                .withMessage("Cannot evict pod")
                .withNewDetails()
                .addNewCause()
                .withReason("DisruptionBudget")
                .withMessage("The disruption budget db needs 1 healthy pods")
                .endCause()
                .endDetails()
                .build())
        .always();
    server
        .expect()
        .get()
        .withPath("/api/v1/pods?fieldSelector=spec.nodeName%3Dn&limit=500")
        .andReturn(
            200,
            new PodListBuilder()
                .withNewMetadata()
                .endMetadata()
                .addToItems(
                    new PodBuilder()
                        .withNewMetadata()
                        .withName("db")
                        .withNamespace("default")
                        .withUid("uid-db")
                        .endMetadata()
                        .withNewSpec()
                        .withNodeName("n")
                        .endSpec()
                        .build())
                .build())
        .always();
    Clock noon = Clock.fixed(Fleets.NOW, ZoneOffset.UTC);
    KubernetesClient ofPass = PassClient.of(client);
    try (WriteCrew crew = new WriteCrew()) {
      PodMover mover =
          new PodMover(
              ofPass,
              noon,
              crew,
              new EventWriter(new ClusterEvents(ofPass, noon, "operator-0")),
              "default/operator-0");
      Pod pod = mover.look(Set.of("n")).get("n").get(0);

      mover.evict(new Write.Evict("n", "base", pod), state());

      assertThat(evictions()).isBetween(1L, 2L);
      assertThat(mover.look(Set.of("n")).get("n"))
          .extracting(Pod::refusal)
          .containsExactly(
              Optional.of(
                  new Pod.Refusal(
                      "The disruption budget db needs 1 healthy pods", Fleets.NOW.plusSeconds(5))));
    }
  }

  private static NodeExtensionState state() {
    NodeExtensionState state = new NodeExtensionState();
    state.setMetadata(new ObjectMetaBuilder().withName("n").withUid("uid-n").build());
    return state;
  }

  /** How many requests there were for an eviction. */
  private long evictions() {
    return IntStream.range(0, server.getRequestCount())
        .mapToObj(i -> take())
        .filter(path -> path.endsWith("/eviction"))
        .count();
  }

  private String take() {
    try {
      return server.takeRequest().getPath();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
