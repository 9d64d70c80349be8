package io.kairos.extensions.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.DriftStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.SecretReference;
import io.kairos.extensions.api.v1alpha1.SourceKeys;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** JOSDK, its caches and our writes, on an API server in memory. */
@EnableKubernetesMockClient(crud = true)
class SysextOperatorTest {
  KubernetesMockServer server;
  KubernetesClient client;

  private FakeAgents agents;
  private SysextOperator operator;

  @BeforeEach
  void start() {
    for (Class<? extends io.fabric8.kubernetes.client.CustomResource<?, ?>> kind :
        List.of(NodeExtensionPolicy.class, SystemExtension.class, NodeExtensionState.class)) {
      server.expectCustomResource(CustomResourceDefinitionContext.fromCustomResourceType(kind));
    }
    agents = new FakeAgents(client);
    operator = SysextOperator.start(client, OperatorConfig.embedded(), Clock.systemUTC());
  }

  @AfterEach
  void stop() {
    operator.close();
  }

  @Test
  void rollsOutOneNodeAtATimeAndCleansUpBeforeThePolicyGoes() {
    createNodes("node-1", "node-2", "node-3");
    client.resource(Objects.extension("hello", "1.0")).create();
    client.resource(Objects.policy("base", 1, "hello")).create();

    for (int told = 1; told <= 3; told++) {
      int nodes = told;
      eventually(() -> assertThat(nodesWith("hello")).hasSize(nodes));
      assertThat(policy("base").getStatus().ready()).isLessThan(told);
      agents.succeed();
    }
    eventually(
        () -> {
          Condition ready = ready(policy("base"));
          assertThat(ready.getStatus()).isEqualTo("True");
          assertThat(ready.getMessage()).isEqualTo("3 nodes are up to date");
        });
    assertThat(policy("base").getMetadata().getFinalizers()).containsExactly(Api.FINALIZER);
    eventually(
        () -> {
          SystemExtension hello = client.resources(SystemExtension.class).withName("hello").get();
          assertThat(hello.getMetadata().getFinalizers()).containsExactly(Api.FINALIZER);
          assertThat(hello.getStatus().nodes().active()).isEqualTo(3);
        });

    client.resources(NodeExtensionPolicy.class).withName("base").delete();
    eventually(() -> assertThat(tombstones()).hasSize(1));
    await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () -> {
              assertThat(tombstones()).hasSizeLessThanOrEqualTo(1);
              agents.succeed();
              return client.resources(NodeExtensionPolicy.class).withName("base").get() == null;
            });
    assertThat(nodesWith("hello")).isEmpty();
    eventually(
        () ->
            assertThat(
                    client
                        .resources(SystemExtension.class)
                        .withName("hello")
                        .get()
                        .getMetadata()
                        .getFinalizers())
                .isEmpty());
  }

  @Test
  void aFailureStopsTheRolloutAndSaysWhere() {
    createNodes("node-1", "node-2");
    client.resource(Objects.extension("hello", "1.0")).create();
    client.resource(Objects.policy("base", 1, "hello")).create();
    eventually(() -> assertThat(nodesWith("hello")).containsExactly("node-1"));

    agents.report(
        "node-1", a -> FakeAgents.entry(a, Phase.FAILED, "DigestMismatch", "got 00, wanted 11"));

    eventually(
        () -> {
          Condition ready = ready(policy("base"));
          assertThat(ready.getReason()).isEqualTo("FailureBudgetExceeded");
          assertThat(ready.getMessage())
              .contains("node-1: DigestMismatch: hello: got 00, wanted 11");
          assertThat(policy("base").getStatus().failedNodes()).hasSize(1);
        });
    assertThat(nodesWith("hello")).containsExactly("node-1");

    // A corrected version is another revision: the halt is over.
    await()
        .ignoreException(KubernetesClientException.class)
        .until(
            () -> {
              SystemExtension hello =
                  client.resources(SystemExtension.class).withName("hello").get();
              hello.setSpec(Objects.spec("hello", "1.1"));
              return client.resource(hello).update() != null;
            });
    eventually(() -> assertThat(versions("node-1")).containsExactly("1.1"));
    await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () -> {
              agents.succeed();
              return ready(policy("base")).getStatus().equals("True");
            });
  }

  @Test
  void aRecreatedNodeGetsANewState() {
    createNodes("node-1");
    eventually(() -> assertThat(agents.state("node-1")).isPresent());
    String before = agents.state("node-1").orElseThrow().getMetadata().getUid();

    client.nodes().withName("node-1").delete();
    createNodes("node-1");

    String uid = client.nodes().withName("node-1").get().getMetadata().getUid();
    eventually(
        () ->
            assertThat(agents.state("node-1"))
                .hasValueSatisfying(
                    state -> {
                      assertThat(state.getMetadata().getUid()).isNotEqualTo(before);
                      assertThat(state.getMetadata().getOwnerReferences().get(0).getUid())
                          .isEqualTo(uid);
                    }));
  }

  @Test
  void anExtensionStaysUntilItsNodesAreClean() {
    createNodes("node-1");
    client.resource(Objects.extension("hello", "1.0")).create();
    client.resource(Objects.policy("base", 1, "hello")).create();
    eventually(() -> assertThat(nodesWith("hello")).containsExactly("node-1"));
    agents.succeed();
    eventually(() -> assertThat(ready(policy("base")).getStatus()).isEqualTo("True"));

    client.resources(SystemExtension.class).withName("hello").delete();

    eventually(() -> assertThat(tombstones()).containsExactly("node-1"));
    SystemExtension leaving = client.resources(SystemExtension.class).withName("hello").get();
    assertThat(leaving).isNotNull();
    agents.succeed();
    eventually(
        () -> assertThat(client.resources(SystemExtension.class).withName("hello").get()).isNull());
    eventually(() -> assertThat(ready(policy("base")).getReason()).isEqualTo("ExtensionNotFound"));
  }

  @Test
  void driftThatAnAgentCountsBecomesAnEvent() {
    createNodes("node-1");
    eventually(() -> assertThat(agents.state("node-1")).isPresent());

    await()
        .ignoreException(KubernetesClientException.class)
        .until(
            () -> {
              NodeExtensionState state = agents.state("node-1").orElseThrow();
              state.setStatus(
                  state.getStatus().toBuilder()
                      .drift(
                          new DriftStatus(
                              1, Clock.systemUTC().instant().toString(), "hello: it was unmerged"))
                      .build());
              return client.resource(state).updateStatus() != null;
            });

    eventually(
        () ->
            assertThat(
                    client.events().v1().events().inNamespace("default").list().getItems().stream())
                .singleElement()
                .satisfies(
                    event -> {
                      assertThat(event.getReason()).isEqualTo("DriftDetected");
                      assertThat(event.getRegarding().getName()).isEqualTo("node-1");
                      assertThat(event.getNote()).contains("hello: it was unmerged");
                    }));
  }

  @Test
  void pullSecretsReachTheAgentsByOneSecretAndMissingOnesAreNamed() {
    createNodes("node-1");
    SystemExtension hello = Objects.extension("hello", "1.0");
    hello.setSpec(
        hello.getSpec().toBuilder().pullSecretOrNull(new SecretReference("registry")).build());
    client.resource(hello).create();
    client.resource(Objects.policy("base", 1, "hello")).create();

    eventually(
        () -> {
          SystemExtension told = client.resources(SystemExtension.class).withName("hello").get();
          assertThat(Conditions.find(told.getStatus().conditions(), Conditions.READY))
              .hasValueSatisfying(
                  ready -> {
                    assertThat(ready.getReason()).isEqualTo("SourceSecretNotFound");
                    assertThat(ready.getMessage()).contains("Secret registry");
                  });
        });
    client
        .resource(
            new SecretBuilder()
                .withNewMetadata()
                .withName("registry")
                .withNamespace("default")
                .endMetadata()
                .withType("Opaque")
                .addToData("token", "Z2VoZWlt")
                .addToData("other", "eA==")
                .build())
        .create();
    eventually(() -> assertThat(handedOut()).hasValue(Map.of("secret.registry.token", "Z2VoZWlt")));
    eventually(() -> assertThat(nodesWith("hello")).containsExactly("node-1"));
    assertThat(agents.state("node-1").orElseThrow().getSpec().assignments().get(0).target().image())
        .satisfies(image -> assertThat(image.pullSecret()).isEqualTo("registry"));
    agents.succeed();
    eventually(
        () -> {
          SystemExtension told = client.resources(SystemExtension.class).withName("hello").get();
          assertThat(told.getStatus().conditions())
              .singleElement()
              .satisfies(ready -> assertThat(ready.getStatus()).isEqualTo("True"));
        });

    client.secrets().inNamespace("default").withName("registry").delete();
    eventually(() -> assertThat(handedOut()).hasValue(Map.of()));
    eventually(
        () -> {
          SystemExtension told = client.resources(SystemExtension.class).withName("hello").get();
          assertThat(
                  Conditions.find(told.getStatus().conditions(), Conditions.SOURCES_AVAILABLE)
                      .map(Condition::getReason))
              .hasValue("SourceSecretNotFound");
          assertThat(
                  Conditions.find(told.getStatus().conditions(), Conditions.READY)
                      .map(Condition::getStatus))
              .as("it is still in effect everywhere")
              .hasValue("True");
        });
  }

  private Optional<Map<String, String>> handedOut() {
    return Optional.ofNullable(
            client.secrets().inNamespace("default").withName(SourceKeys.SECRET).get())
        .map(secret -> secret.getData() == null ? Map.of() : secret.getData());
  }

  @Test
  void isReadyAndLive() {
    eventually(() -> assertThat(operator.isReady()).isTrue());
    assertThat(operator.isLive()).isTrue();
    assertThat(operator.isLeading()).isTrue();
  }

  private void createNodes(String... names) {
    for (String name : names) {
      Node node = Objects.node(name);
      client.resource(node).create();
    }
  }

  private static void eventually(org.awaitility.core.ThrowingRunnable assertion) {
    await()
        .atMost(Duration.ofSeconds(10))
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(assertion);
  }

  private NodeExtensionPolicy policy(String name) {
    return client.resources(NodeExtensionPolicy.class).withName(name).get();
  }

  private static Condition ready(NodeExtensionPolicy policy) {
    Optional<Condition> ready = Conditions.find(policy.getStatus().conditions(), Conditions.READY);
    assertThat(ready).isPresent();
    return ready.get();
  }

  private List<String> nodesWith(String extension) {
    return agents.states().stream()
        .filter(s -> s.getSpec().assignments().stream().anyMatch(a -> a.name().equals(extension)))
        .map(s -> s.getMetadata().getName())
        .toList();
  }

  /** The nodes that have something to remove, and have not said that it is. */
  private List<String> tombstones() {
    return agents.states().stream()
        .filter(s -> s.getSpec().assignments().stream().anyMatch(a -> isDue(s, a)))
        .map(s -> s.getMetadata().getName())
        .toList();
  }

  private static boolean isDue(NodeExtensionState state, Assignment assignment) {
    return assignment.remove()
        && state.getStatus().extensions().stream()
            .noneMatch(e -> e.key().equals(assignment.key()) && e.phase() == Phase.REMOVED);
  }

  private List<String> versions(String node) {
    return agents.state(node).orElseThrow().getSpec().assignments().stream()
        .map(a -> a.target().version())
        .toList();
  }
}
