package io.kairos.extensions.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus.LastFailure;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What Prometheus gets to see of a rollout, over a real socket. */
@EnableKubernetesMockClient(crud = true)
class MetricsTest {
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
    operator =
        SysextOperator.start(
            client, new OperatorConfig(false, "default", "lease", 0, ""), Clock.systemUTC());
    client.resource(Objects.node("node-1")).create();
    client.resource(Objects.node("node-2")).create();
    client.resource(Objects.extension("hello", "1.0")).create();
    client.resource(Objects.policy("base", 1, "hello")).create();
  }

  @AfterEach
  void stop() {
    operator.close();
  }

  @Test
  void aRolloutIsSeenFromItsFirstSlotToItsEnd() throws Exception {
    shows("sysext_policy_nodes{policy=\"base\",state=\"desired\"} 2.0");
    shows("sysext_slots{kind=\"capacity\",policy=\"base\"} 1.0");
    shows("sysext_slots{kind=\"used\",policy=\"base\"} 1.0");
    shows("sysext_policy_nodes{policy=\"base\",state=\"ready\"} 0.0");
    shows("sysext_drain_blocked{policy=\"base\"} 0.0");
    shows("sysext_build_info{program=\"operator\",version=");

    await()
        .atMost(Duration.ofSeconds(15))
        .until(
            () -> {
              agents.succeed();
              return scrape().contains("sysext_policy_nodes{policy=\"base\",state=\"ready\"} 2.0");
            });
    shows("sysext_slots{kind=\"used\",policy=\"base\"} 0.0");
    shows("sysext_pass_duration_seconds_count{result=\"completed\"}");
    assertThat(scrape()).doesNotContain("node-1", "node-2");
  }

  @Test
  void failuresCountOnceEachAndWhatAnAgentInventsIsNoLabel() throws Exception {
    String told = awaitTold();
    agents.report(told, a -> failed(a, Phase.FETCHING, Reasons.DIGEST_MISMATCH, "00"));
    shows("sysext_node_failures_total{policy=\"base\",reason=\"DigestMismatch\"} 1.0");
    agents.report(told, a -> failed(a, Phase.FAILED, Reasons.DIGEST_MISMATCH, "00"));
    shows("sysext_state_duration_seconds_count{state=\"Fetching\"} 1");
    agents.report(told, a -> failed(a, Phase.FAILED, "Invented" + told, "30"));

    shows("sysext_node_failures_total{policy=\"base\",reason=\"Other\"} 1.0");
    assertThat(scrape())
        .contains("sysext_node_failures_total{policy=\"base\",reason=\"DigestMismatch\"} 1.0")
        .doesNotContain("Invented");
  }

  @Test
  void aPausedPolicySaysWhyAndOneThatIsGoneSaysNothing() {
    String told = awaitTold();
    agents.report(told, a -> failed(a, Phase.FAILED, Reasons.MERGE_FAILED, "00"));
    shows("sysext_rollout_paused{policy=\"base\",reason=\"FailureBudgetExceeded\"} 1.0");
    shows("sysext_node_failures_total{policy=\"base\",reason=\"MergeFailed\"} 1.0");

    client.resources(NodeExtensionPolicy.class).withName("base").delete();

    await()
        .atMost(Duration.ofSeconds(15))
        .until(
            () -> {
              agents.succeed();
              return !scrape().contains("\"base\"");
            });
  }

  @Test
  void aPolicyThatWentBackSaysSo() {
    client
        .resources(NodeExtensionPolicy.class)
        .withName("base")
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"spec\": {\"rollout\": {\"onFailure\": \"Rollback\"}}}");
    work("1.0", "sysext_policy_nodes{policy=\"base\",state=\"ready\"} 2.0");
    client
        .resources(SystemExtension.class)
        .withName("hello")
        .edit(
            extension -> {
              extension.setSpec(Objects.spec("hello", "2.0"));
              return extension;
            });

    work("1.0", "sysext_rollout_paused{policy=\"base\",reason=\"RolledBackFrom\"} 1.0");
  }

  /** Agents do what they are told, while one version alone is any good, until this is shown. */
  private void work(String good, String line) {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              for (NodeExtensionState state : agents.states()) {
                agents.report(
                    state.getMetadata().getName(),
                    a ->
                        a.target().version().equals(good)
                            ? FakeAgents.entry(a, Phase.ACTIVE, "", "")
                            : failed(a, Phase.FAILED, Reasons.MERGE_FAILED, "00"));
              }
              return scrape().contains(line);
            });
  }

  private String awaitTold() {
    return await()
        .atMost(Duration.ofSeconds(15))
        .until(
            () ->
                agents.states().stream()
                    .filter(state -> !state.getSpec().assignments().isEmpty())
                    .map(state -> state.getMetadata().getName())
                    .findFirst()
                    .orElse(""),
            name -> !name.isEmpty());
  }

  private static ExtensionStatus failed(
      Assignment assignment, Phase phase, String reason, String second) {
    String time = "2026-01-01T00:00:" + second + "Z";
    return FakeAgents.entry(assignment, phase, reason, "it does not work").toBuilder()
        .lastTransitionTime(time)
        .lastFailureOrNull(
            new LastFailure(
                assignment.target().revision(),
                assignment.attempt(),
                reason,
                "it does not work",
                time))
        .build();
  }

  private void shows(String line) {
    await().atMost(Duration.ofSeconds(15)).untilAsserted(() -> assertThat(scrape()).contains(line));
  }

  private String scrape() throws IOException, InterruptedException {
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(
                        URI.create(
                            "http://127.0.0.1:" + operator.probePort().orElseThrow() + "/metrics"))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain; version=0.0.4"));
    return answer.body();
  }
}
