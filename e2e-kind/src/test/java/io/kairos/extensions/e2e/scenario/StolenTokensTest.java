package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.SourceKeys;
import io.kairos.extensions.e2e.chart.Chart;
import io.kairos.extensions.e2e.chart.InstalledChart;
import io.kairos.extensions.e2e.chart.RightsInUse;
import io.kairos.extensions.e2e.fleet.Fleet;
import io.kairos.extensions.e2e.fleet.FleetNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * What somebody can do who has stolen the token of an agent or of the operator, under the rights of
 * the chart. What was tried, and what came of it, is left in {@code target/rights-stolen.txt}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StolenTokensTest {
  private static final String OPERATOR = Chart.RELEASE;
  private static final String AGENT = Chart.RELEASE + "-agent";
  private static final String STATES = "/apis/extensions.kairos.io/v1alpha1/nodeextensionstates";
  private static final Path TABLE = Path.of("target/rights-stolen.txt");

  private RightsInUse rights;
  private InstalledChart chart;
  private Optional<Fleet> fleet = Optional.empty();
  private final List<KubernetesClient> thieves = new ArrayList<>();

  @BeforeAll
  void install(@TempDir Path folder) throws IOException, InterruptedException {
    rights = RightsInUse.start("stolen tokens", folder);
    chart = InstalledChart.in(rights.cluster(), folder);
    fleet = Optional.of(Fleet.start(rights.cluster(), chart));
  }

  @AfterAll
  void uninstall() throws IOException {
    thieves.forEach(KubernetesClient::close);
    if (fleet.isPresent()) {
      List<String> table = new ArrayList<>();
      table.add("With an agent's token:");
      table.add(RightsInUse.head());
      table.addAll(rights.triedByThieves(AGENT));
      table.add("With the operator's token:");
      table.add(RightsInUse.head());
      table.addAll(rights.triedByThieves(OPERATOR));
      Files.write(TABLE, table);
      fleet.get().close();
    }
  }

  /**
   * Something that somebody tries.
   *
   * @param thief with whose token
   * @param method of HTTP
   * @param path of the API
   * @param body JSON, empty for none
   * @param code what the API server has to answer
   * @param said what it has to say
   */
  private record Attempt(
      KubernetesClient thief, String method, String path, String body, int code, String said) {}

  @Test
  void aStolenTokenOfAnAgentWritesTheStatusOfItsOwnNodeAndNothingElse() {
    String namespaced = "/api/v1/namespaces/" + Chart.NAMESPACE;
    withNodes(
        "node-x",
        "node-y",
        () -> {
          administrator().resource(PullSecret.with("loot")).createOr(found -> found.update());
          KubernetesClient x = thief(chart.withToken(chart.agentToken("node-x")));
          Config impersonating = chart.withToken(chart.agentToken("node-x"));
          impersonating.setImpersonateUsername(
              "system:serviceaccount:" + Chart.NAMESPACE + ":" + AGENT);
          impersonating.setImpersonateExtras(
              Map.of("authentication.kubernetes.io%2Fnode-name", List.of("node-y")));
          KubernetesClient impersonator = thief(impersonating);
          String ours = status("ours");
          for (Attempt attempt :
              List.of(
                  new Attempt(x, "PATCH", STATES + "/node-x/status", ours, 200, "ours"),
                  new Attempt(
                      x,
                      "PATCH",
                      STATES + "/node-y/status",
                      ours,
                      403,
                      "the agent of node node-x may not write the state of node-y"),
                  new Attempt(x, "PUT", STATES + "/node-x/status", state("node-x"), 403, "update"),
                  new Attempt(x, "PATCH", STATES + "/node-x", spec(), 403, "patch"),
                  new Attempt(x, "PATCH", STATES + "/node-y", spec(), 403, "patch"),
                  new Attempt(x, "PUT", STATES + "/node-x", state("node-x"), 403, "update"),
                  new Attempt(x, "POST", STATES, state("node-z"), 403, "create"),
                  new Attempt(x, "DELETE", STATES + "/node-x", "", 403, "delete"),
                  new Attempt(x, "DELETE", STATES, "", 403, "deletecollection"),
                  new Attempt(x, "GET", kind("systemextensions"), "", 403, "list"),
                  new Attempt(x, "GET", kind("nodeextensionpolicies"), "", 403, "list"),
                  new Attempt(x, "POST", kind("systemextensions"), "{}", 403, "create"),
                  new Attempt(x, "POST", kind("nodeextensionpolicies"), "{}", 403, "create"),
                  new Attempt(x, "GET", namespaced + "/secrets", "", 403, "list"),
                  new Attempt(x, "GET", namespaced + "/secrets/registry", "", 403, "get"),
                  new Attempt(
                      x, "GET", namespaced + "/secrets/" + SourceKeys.SECRET, "", 403, "get"),
                  new Attempt(x, "GET", "/api/v1/secrets", "", 403, "list"),
                  new Attempt(x, "GET", namespaced + "/configmaps", "", 403, "list"),
                  new Attempt(x, "GET", "/api/v1/nodes/node-x", "", 403, "get"),
                  new Attempt(x, "PATCH", "/api/v1/nodes/node-x", labels(), 403, "patch"),
                  new Attempt(x, "GET", "/api/v1/pods", "", 403, "list"),
                  new Attempt(x, "POST", namespaced + "/pods", "{}", 403, "create"),
                  new Attempt(
                      x,
                      "POST",
                      namespaced + "/serviceaccounts/" + OPERATOR + "/token",
                      "{}",
                      403,
                      "serviceaccounts/token"),
                  new Attempt(
                      x,
                      "POST",
                      namespaced + "/serviceaccounts/" + AGENT + "/token",
                      "{}",
                      403,
                      "serviceaccounts/token"),
                  new Attempt(
                      x,
                      "POST",
                      "/apis/events.k8s.io/v1/namespaces/default/events",
                      "{}",
                      403,
                      "create"),
                  new Attempt(
                      impersonator,
                      "PATCH",
                      STATES + "/node-y/status",
                      ours,
                      403,
                      "impersonate"))) {
            assertAnswer(attempt);
          }
          assertThat(summary("node-x")).isEqualTo("ours");
          assertThat(summary("node-y")).isNotEqualTo("ours");
        });
  }

  @Test
  void aTokenThatNamesNoNodeOrWhosePodIsGoneWritesNothing() {
    withNodes(
        "node-x",
        "node-y",
        () -> {
          String unbound =
              administrator()
                  .serviceAccounts()
                  .inNamespace(Chart.NAMESPACE)
                  .withName(AGENT)
                  .tokenRequest(new TokenRequestBuilder().withNewSpec().endSpec().build())
                  .getStatus()
                  .getToken();
          String path = STATES + "/node-x/status";
          assertAnswer(
              new Attempt(
                  thief(chart.withToken(unbound)),
                  "PATCH",
                  path,
                  status("unbound"),
                  403,
                  "this token names no node"));
          // An administrator who impersonates an agent has not its token.
          Config config = rights.cluster().config();
          config.setImpersonateUsername("system:serviceaccount:" + Chart.NAMESPACE + ":" + AGENT);
          assertAnswer(
              new Attempt(
                  thief(config),
                  "PATCH",
                  path,
                  status("impersonated"),
                  403,
                  "this token names no node"));

          KubernetesClient gone = thief(chart.withToken(chart.agentToken("node-x")));
          assertAnswer(new Attempt(gone, "PATCH", path, status("there"), 200, "there"));
          administrator().resource(chart.agentPod("node-x")).withGracePeriod(0).delete();
          await("the token of a deleted pod is refused")
              .atMost(Duration.ofSeconds(30))
              .untilAsserted(
                  () ->
                      assertAnswer(
                          new Attempt(gone, "PATCH", path, status("gone"), 401, "Unauthorized")));
        });
  }

  @Test
  void aStolenTokenOfTheOperatorReachesNoWorkloadAndNoSecretElsewhere() {
    String own = "/api/v1/namespaces/" + Chart.NAMESPACE;
    KubernetesClient thief = thief(chart.operator());
    withNodes(
        "node-x",
        "node-y",
        () -> {
          administrator().resource(PullSecret.with("loot")).createOr(found -> found.update());
          for (Attempt attempt :
              List.of(
                  new Attempt(
                      thief, "PATCH", STATES + "/node-x/status", status("no"), 403, "patch"),
                  new Attempt(thief, "DELETE", STATES, "", 403, "deletecollection"),
                  new Attempt(thief, "POST", kind("systemextensions"), "{}", 403, "create"),
                  new Attempt(thief, "POST", kind("nodeextensionpolicies"), "{}", 403, "create"),
                  new Attempt(thief, "DELETE", kind("nodeextensionpolicies"), "", 403, "delete"),
                  new Attempt(thief, "GET", "/api/v1/secrets", "", 403, "list"),
                  new Attempt(
                      thief, "GET", "/api/v1/namespaces/kube-system/secrets", "", 403, "list"),
                  new Attempt(thief, "PUT", own + "/secrets/registry", "{}", 403, "update"),
                  new Attempt(thief, "DELETE", own + "/secrets/registry", "", 403, "delete"),
                  new Attempt(
                      thief,
                      "POST",
                      own + "/secrets",
                      endlessToken("loot-token"),
                      403,
                      "no Secret but " + SourceKeys.SECRET),
                  new Attempt(
                      thief,
                      "POST",
                      own + "/secrets",
                      endlessToken(SourceKeys.SECRET),
                      403,
                      "of type Opaque"),
                  new Attempt(
                      thief,
                      "POST",
                      own + "/secrets",
                      "{\"metadata\": {\"name\": \"other\"}}",
                      403,
                      "no Secret but " + SourceKeys.SECRET),
                  new Attempt(thief, "POST", own + "/configmaps", "{}", 403, "create"),
                  new Attempt(thief, "POST", own + "/pods", "{}", 403, "create"),
                  new Attempt(thief, "POST", own + "/serviceaccounts", "{}", 403, "create"),
                  new Attempt(
                      thief,
                      "POST",
                      own + "/serviceaccounts/" + AGENT + "/token",
                      "{}",
                      403,
                      "serviceaccounts/token"),
                  new Attempt(thief, "DELETE", "/api/v1/nodes/node-x", "", 403, "delete"),
                  new Attempt(
                      thief,
                      "GET",
                      "/apis/apps/v1/namespaces/" + Chart.NAMESPACE + "/daemonsets",
                      "",
                      403,
                      "list"),
                  new Attempt(
                      thief,
                      "POST",
                      "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
                      "{}",
                      403,
                      "create"))) {
            assertAnswer(attempt);
          }
        });
  }

  /** Two Nodes with states and without agents, gone afterwards. */
  private void withNodes(String one, String other, Runnable use) {
    List<String> names = List.of(one, other);
    try {
      names.forEach(
          name ->
              FleetNode.register(
                  administrator(), FleetNode.node(name, Fleet.architecture(), Map.of())));
      for (String name : names) {
        String uid = administrator().nodes().withName(name).require().getMetadata().getUid();
        await(name + " has a state, and not one of a Node before it")
            .atMost(World.PATIENCE)
            .until(() -> stateOf(name), state -> state != null && isOwnedBy(state, uid));
      }
      use.run();
    } finally {
      names.forEach(name -> administrator().nodes().withName(name).delete());
    }
  }

  private static boolean isOwnedBy(NodeExtensionState state, String uid) {
    return state.getMetadata().getOwnerReferences().stream()
        .anyMatch(owner -> owner.getUid().equals(uid));
  }

  private NodeExtensionState stateOf(String node) {
    return administrator().resources(NodeExtensionState.class).withName(node).get();
  }

  private String summary(String node) {
    return stateOf(node).getStatus() == null ? "" : stateOf(node).getStatus().summary();
  }

  private KubernetesClient thief(Config config) {
    config.setUserAgent(RightsInUse.THIEF);
    // The API server closes an HTTP/2 connection with a 401, which the client takes for a failure.
    config.setHttp2Disable(true);
    KubernetesClient thief = new KubernetesClientBuilder().withConfig(config).build();
    thieves.add(thief);
    return thief;
  }

  private static String kind(String plural) {
    return "/apis/extensions.kairos.io/v1alpha1/" + plural;
  }

  private static String state(String name) {
    return """
        {"apiVersion": "extensions.kairos.io/v1alpha1", "kind": "NodeExtensionState",
         "metadata": {"name": "%s"}, "spec": {"assignments": []}}
        """
        .formatted(name);
  }

  /** The API server would put a token into it that never ends. */
  private static String endlessToken(String name) {
    return """
        {"metadata": {"name": "%s", "annotations": {"kubernetes.io/service-account.name": "%s"}},
         "type": "kubernetes.io/service-account-token"}
        """
        .formatted(name, AGENT);
  }

  private static String status(String summary) {
    return "{\"status\": {\"summary\": \"" + summary + "\"}}";
  }

  private static String spec() {
    return "{\"spec\": {\"assignments\": []}}";
  }

  private static String labels() {
    return "{\"metadata\": {\"labels\": {\"stolen\": \"true\"}}}";
  }

  private static void assertAnswer(Attempt attempt) {
    Answer answer = send(attempt);
    assertThat(answer.code())
        .as("%s %s: %s", attempt.method(), attempt.path(), answer.text())
        .isEqualTo(attempt.code());
    assertThat(answer.text()).contains(attempt.said());
  }

  private record Answer(int code, String text) {}

  private static Answer send(Attempt attempt) {
    HttpClient http = attempt.thief().getHttpClient();
    String url = attempt.thief().getConfiguration().getMasterUrl().replaceFirst("/$", "");
    String type =
        attempt.method().equals("PATCH") ? "application/merge-patch+json" : "application/json";
    HttpRequest request =
        http.newHttpRequestBuilder()
            .uri(url + attempt.path())
            .method(attempt.method(), type, attempt.body().isEmpty() ? null : attempt.body())
            .build();
    HttpResponse<String> response = http.sendAsync(request, String.class).join();
    return new Answer(response.code(), response.body());
  }

  private KubernetesClient administrator() {
    return fleet.orElseThrow().client();
  }
}
