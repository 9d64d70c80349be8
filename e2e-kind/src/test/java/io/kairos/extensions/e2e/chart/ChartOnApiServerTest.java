package io.kairos.extensions.e2e.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.kairos.extensions.e2e.api.RealApi;
import io.kairos.extensions.e2e.cluster.Kubectl;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a real API server makes of the chart: it takes every object, and guards what it has to. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChartOnApiServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** The Prometheus operator's kinds by their names; their schemas are its own business. */
  private static final String MONITORING =
      """
      apiVersion: apiextensions.k8s.io/v1
      kind: CustomResourceDefinition
      metadata: {name: %2$ss.monitoring.coreos.com}
      spec:
        group: monitoring.coreos.com
        scope: Namespaced
        names: {kind: %1$s, plural: %2$ss, singular: %2$s}
        versions:
        - name: v1
          served: true
          storage: true
          schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
      """;

  private final Chart chart = Chart.ofThisBuild();
  private final List<RealApi> started = new ArrayList<>();
  private KubernetesClient client;

  @BeforeAll
  void start() {
    RealApi api = RealApi.bare("the chart on an API server");
    started.add(api);
    client = api.cluster().client();
    for (String kind : List.of("PodMonitor", "PrometheusRule")) {
      api.kubectl().apply(MONITORING.formatted(kind, kind.toLowerCase(Locale.ROOT))).orThrow();
    }
    chart.install(kubeconfig(), "");
  }

  @AfterAll
  void stop() {
    started.forEach(RealApi::close);
  }

  private Path kubeconfig() {
    return started.get(0).cluster().kubeconfig();
  }

  private Kubectl kubectl() {
    return started.get(0).kubectl();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("io.kairos.extensions.e2e.chart.ValuesMatrix#all")
  void everyObjectIsTakenAndNoFieldIsUnknown(String title, String values) {
    Kubectl.Result result =
        kubectl()
            .feed(
                chart.template(values),
                "apply",
                "--server-side",
                "--force-conflicts",
                "--dry-run=server",
                "--validate=strict",
                "-f",
                "-");

    assertThat(result.stderr()).isEmpty();
    assertThat(result.exitCode()).isZero();
    assertThat(result.stdout().lines().count()).isEqualTo(chart.objects(values).size());
  }

  @Test
  void theOperatorsPodsAreRestrictedAndTheAgentsTakeNoMoreThanTheySay() {
    level("strict", "restricted");
    level("lax", "privileged");

    for (PodTemplateSpec template :
        List.of(
            one(Deployment.class).getSpec().getTemplate(),
            uninstallJob().getSpec().getTemplate())) {
      assertThat(admit("strict", template).getMetadata().getName()).isEqualTo("tried");
    }
    PodTemplateSpec agent = one(DaemonSet.class).getSpec().getTemplate();
    assertThatThrownBy(() -> admit("strict", agent))
        .isInstanceOf(KubernetesClientException.class)
        .message()
        .satisfies(
            message ->
                assertThat(
                        message.replaceAll(
                            "(?s)^.*?\"restricted:latest\": |\\.?( Received.*)?$", ""))
                    .matches(
                        "host namespaces \\(hostNetwork=true\\),"
                            + " hostPort \\(container \"agent\" uses hostPort 9788\\),"
                            // Judged since Kubernetes 1.34: the kubelet asks the host's loopback.
                            + "( probe or lifecycle host \\(.*\"127.0.0.1\"\\),)?"
                            + " restricted volume types \\([^)]*\\),"
                            + " runAsNonRoot != true \\([^)]*\\),"
                            + " runAsUser=0 \\([^)]*\\)"));
    assertThat(admit("lax", agent).getMetadata().getName()).isEqualTo("tried");
  }

  private void level(String namespace, String level) {
    client
        .resource(
            new NamespaceBuilder()
                .withNewMetadata()
                .withName(namespace)
                .addToLabels("pod-security.kubernetes.io/enforce", level)
                .endMetadata()
                .build())
        .create();
  }

  private Pod admit(String namespace, PodTemplateSpec template) {
    return client
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withName("tried")
                .withNamespace(namespace)
                .endMetadata()
                .withSpec(template.getSpec())
                .build())
        .dryRun()
        .create();
  }

  @Test
  void whereTheNamespaceDeniesAllTrafficTheCheckBeforeAnUninstallStillReachesTheApiServer() {
    LabelSelector let = one(NetworkPolicy.class).getSpec().getPodSelector();

    assertThat(List.of(one(Deployment.class).getSpec().getTemplate(), uninstallPod()))
        .extracting(pod -> pod.getMetadata().getLabels())
        .allSatisfy(
            labels -> {
              assertThat(labels).containsAllEntriesOf(let.getMatchLabels());
              assertThat(let.getMatchExpressions())
                  .allSatisfy(
                      expression -> {
                        assertThat(expression.getOperator()).isEqualTo("In");
                        assertThat(expression.getValues())
                            .contains(labels.get(expression.getKey()));
                      });
            });
    assertThat(one(DaemonSet.class).getSpec().getTemplate().getSpec().getHostNetwork())
        .as("no policy governs the agents")
        .isTrue();
  }

  private PodTemplateSpec uninstallPod() {
    return uninstallJob().getSpec().getTemplate();
  }

  /** As Helm has noted it, for the day when the release is uninstalled. */
  private Job uninstallJob() {
    return chart.hooks(client).stream()
        .filter(Job.class::isInstance)
        .map(Job.class::cast)
        .findFirst()
        .orElseThrow();
  }

  private <T extends HasMetadata> T one(Class<T> kind) {
    return chart.objects("").stream()
        .filter(kind::isInstance)
        .map(kind::cast)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aNamespaceInWhichNoAgentCanRunIsRefusedWithWhatToDo() {
    String label = "pod-security.kubernetes.io/enforce";
    kubectl().run("label", "namespace", Chart.NAMESPACE, label + "=baseline").orThrow();
    try {
      assertThatThrownBy(() -> chart.upgrade(kubeconfig(), ""))
          .hasMessageContaining("in which no agent can run")
          .hasMessageContaining(
              "kubectl label namespace sysext-operator pod-security.kubernetes.io/enforce=privileged");
      chart.upgrade(kubeconfig(), "namespace: {checkPodSecurity: false}");
    } finally {
      kubectl().run("label", "namespace", Chart.NAMESPACE, label + "-").orThrow();
    }
  }

  @Test
  void anUpgradeReplacesNothing() {
    Map<String, String> before = uids();

    chart.upgrade(kubeconfig(), "operator: {replicas: 3}");

    assertThat(uids()).isEqualTo(before).isNotEmpty();
    assertThat(
            client
                .apps()
                .deployments()
                .inNamespace(Chart.NAMESPACE)
                .withName(Chart.RELEASE)
                .get()
                .getSpec()
                .getReplicas())
        .isEqualTo(3);
  }

  private Map<String, String> uids() {
    return chart.objects("").stream()
        .collect(
            Collectors.toMap(
                object -> object.getKind() + "/" + object.getMetadata().getName(),
                object -> client.resource(object).require().getMetadata().getUid()));
  }

  @Test
  void whatRemovalNeedsIsNotDeletedWhilePoliciesExist() {
    String[][] needed = {
      {"deployment/sysext-operator", "-n", Chart.NAMESPACE},
      {"daemonset/sysext-operator-agent", "-n", Chart.NAMESPACE},
      {"serviceaccount/sysext-operator", "-n", Chart.NAMESPACE},
      {"serviceaccount/sysext-operator-agent", "-n", Chart.NAMESPACE},
      {"clusterrole/sysext-operator"},
      {"clusterrole/sysext-operator-agent"},
      {"clusterrolebinding/sysext-operator"},
      {"clusterrolebinding/sysext-operator-agent"},
      {"role/sysext-operator", "-n", Chart.NAMESPACE},
      {"rolebinding/sysext-operator", "-n", Chart.NAMESPACE},
      {"role/sysext-operator-events", "-n", "default"},
      {"rolebinding/sysext-operator-events", "-n", "default"},
      {"namespace/" + Chart.NAMESPACE}
    };
    for (String[] object : needed) {
      assertThat(delete(object).stderr()).as("no policy is there").isEmpty();
    }
    kubectl()
        .apply(
            """
            apiVersion: extensions.kairos.io/v1alpha1
            kind: NodeExtensionPolicy
            metadata: {name: base}
            spec: {nodeSelector: {}, extensions: [{name: hello}]}
            """)
        .orThrow();

    for (String[] object : needed) {
      await(object[0])
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(delete(object).stderr())
                      .contains("policy base exists", "kubectl delete nep --all"));
    }
    assertThat(delete("service/kubernetes", "-n", "default").exitCode()).isZero();
    assertThat(delete("clusterrole/view").exitCode()).isZero();
    assertThat(delete("serviceaccount/default", "-n", Chart.NAMESPACE).stderr())
        .doesNotContain("policy base exists");
    assertThat(delete("namespace/default").stderr()).doesNotContain("policy base exists");

    kubectl().run("delete", "nep/base").orThrow();
    for (String[] object : needed) {
      await(object[0]).atMost(PATIENCE).until(() -> delete(object).succeeded());
    }
  }

  /** As if: the answer of the API server, and nothing is deleted. */
  private Kubectl.Result delete(String... object) {
    List<String> command = new ArrayList<>(List.of("delete", "--dry-run=server"));
    command.addAll(List.of(object));
    return kubectl().run(command.toArray(String[]::new));
  }

  @Test
  void viewersSeeAndEditorsWriteAndNeitherWritesStates() {
    for (String role : List.of("view", "edit")) {
      kubectl()
          .run(
              "create",
              "clusterrolebinding",
              "try-" + role,
              "--clusterrole=sysext-operator-" + role,
              "--user=" + role + "er")
          .orThrow();
    }

    await().atMost(PATIENCE).until(() -> may("viewer", "list", "nep"));
    await().atMost(PATIENCE).until(() -> may("editer", "list", "nep"));
    assertThat(may("viewer", "get", "nes")).isTrue();
    assertThat(may("viewer", "create", "nep")).isFalse();
    assertThat(may("editer", "create", "nep")).isTrue();
    assertThat(may("editer", "delete", "sysext")).isTrue();
    assertThat(may("editer", "get", "nes")).isTrue();
    assertThat(may("editer", "update", "nes")).isFalse();
    assertThat(may("editer", "update", "nep/status")).isFalse();
    Map<String, String> labels =
        client
            .rbac()
            .clusterRoles()
            .withName("sysext-operator-edit")
            .get()
            .getMetadata()
            .getLabels();
    assertThat(labels.keySet()).noneMatch(label -> label.contains("aggregate-to"));
    assertThat(
            client
                .rbac()
                .clusterRoles()
                .withName("sysext-operator-view")
                .get()
                .getMetadata()
                .getLabels())
        .containsEntry("rbac.authorization.k8s.io/aggregate-to-view", "true");
  }

  private boolean may(String user, String verb, String resource) {
    String[] parts = resource.split("/", 2);
    List<String> command =
        new ArrayList<>(List.of("auth", "can-i", verb, parts[0], "--as=" + user));
    if (parts.length == 2) {
      command.add("--subresource=" + parts[1]);
    }
    return kubectl().run(command.toArray(String[]::new)).stdout().strip().equals("yes");
  }
}
