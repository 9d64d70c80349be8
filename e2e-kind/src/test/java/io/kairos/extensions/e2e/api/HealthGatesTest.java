package io.kairos.extensions.e2e.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.e2e.fleet.SimulatedNodes;
import io.kairos.extensions.operator.OperatorConfig;
import io.kairos.extensions.operator.SysextOperator;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Gates on a real API server, asked by an operator with rights of its own: what it may not read it
 * says, and a gate that closes in the midst of a rollout stops it there.
 */
class HealthGatesTest {
  private static final String OPERATOR = "system:serviceaccount:default:sysext-operator";
  private static final int NODES = 6;
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final List<AutoCloseable> open = new ArrayList<>();
  private RealApi api;
  private KubernetesClient client;
  private SimulatedNodes nodes;

  @BeforeEach
  void start() {
    api = opened(RealApi.start("health gates"));
    client = api.cluster().client();
    apply(rights());
    nodes =
        opened(
            SimulatedNodes.start(
                api.cluster().client(),
                7,
                new SimulatedNodes.Pace(Duration.ofMillis(5), Duration.ofMillis(20))));
    for (int i = 0; i < NODES; i++) {
      nodes.join("node-" + i, Map.of());
    }
    apply(
        """
        apiVersion: extensions.kairos.io/v1alpha1
        kind: SystemExtension
        metadata: {name: hello}
        spec: {version: 1.0.0, images: [{url: 'https://extensions.example.org/hello', sha256: '%064x'}]}
        """
            .formatted(1));
    Config config = api.cluster().config();
    config.setImpersonateUsername(OPERATOR);
    config.setImpersonateGroups("system:authenticated");
    opened(
        SysextOperator.start(
            opened(new KubernetesClientBuilder().withConfig(config).build()),
            OperatorConfig.embedded(),
            Clock.systemUTC()));
  }

  @AfterEach
  void stop() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  private <T extends AutoCloseable> T opened(T closeable) {
    open.add(closeable);
    return closeable;
  }

  @Test
  void aRolloutWaitsForItsGateAndStopsWhenItCloses() {
    apply(policy(gate("apps/v1", "Deployment", "object.status.?readyReplicas.orValue(0) >= 2")));
    awaitReason(
        "GateCheckFailed",
        "gate shop is closed: the operator may not list Deployment (apps/v1) in namespace default",
        "extensions.kairos.io/aggregate-to-gates");
    assertThat(told()).isZero();

    apply(role("gates", "apps", "deployments"));
    awaitReason("GateClosed", "there is no Deployment (apps/v1) in namespace default");

    apply(deployment());
    awaitReason("GateClosed", "the shop is shut: does not hold for 1 of 1", "default/web");
    assertThat(told()).isZero();
    assertThat(api.kubectl().run("get", "nep", "base").orThrow()).contains("base");

    nodes.freeze(name -> name.compareTo("node-1") > 0);
    readyReplicas(2);
    await("the rollout is on its way", () -> told() == 3);
    readyReplicas(1);
    awaitReason("GateClosed", "the shop is shut", "2 of 6 nodes are up to date");
    nodes.thaw();
    await("the node in flight arrives", () -> ready() == 3);
    assertThat(told()).isEqualTo(3);

    readyReplicas(2);
    awaitReason("AllNodesUpToDate", NODES + " nodes are up to date");
    api.kubectl().run("wait", "--for=condition=Ready", "nep/base", "--timeout=10s").orThrow();

    readyReplicas(0);
    apply(extensionVersion(2));
    awaitReason("GateClosed", "the shop is shut");
    api.kubectl().run("delete", "nep", "base", "--timeout=30s").orThrow();
    assertThat(told()).as("a policy that goes asks no gate").isZero();
  }

  @Test
  void whatAGateCannotMeanIsSaidWithItsPlace() {
    apply(policy(gate("apps/v1", "Deployment", "object.status.readyReplicas >= ")));
    awaitReason("InvalidSpec", "spec.rollout.gates[0] (shop): at 1:32: mismatched input '<EOF>'");
    assertThat(is(Conditions.STALLED)).isTrue();

    apply(policy(gate("shop.example.org/v1", "Till", "objects.size() > 0")));
    awaitReason("GateCheckFailed", "the cluster knows no kind Till in shop.example.org/v1");
    assertThat(is(Conditions.RECONCILING)).isTrue();

    apply(policy(gate("v1", "Node", "true")));
    awaitReason("GateCheckFailed", "Node is cluster-scoped: leave namespace out");

    IntStream.range(0, 501).parallel().forEach(this::createConfigMap);
    apply(role("gates", "", "configmaps"));
    apply(
        policy("{name: many, apiVersion: v1, kind: ConfigMap, expression: 'objects.size() > 0'}"));
    awaitReason("GateCheckFailed", "there are more than 500 objects (ConfigMap (v1))");

    apply(
        policy(
            "{name: few, apiVersion: v1, kind: ConfigMap, namespace: default,"
                + " selector: {matchLabels: {nth: '7'}},"
                + " expression: \"objects.map(o, o.data.key) == ['value-7']\"}"));
    awaitReason("AllNodesUpToDate", NODES + " nodes are up to date");
  }

  private static String gate(String apiVersion, String kind, String expression) {
    return "{name: shop, apiVersion: "
        + apiVersion
        + ", kind: "
        + kind
        + ", namespace: default, message: the shop is shut, expression: '"
        + expression
        + "'}";
  }

  private static String policy(String gate) {
    return """
        apiVersion: extensions.kairos.io/v1alpha1
        kind: NodeExtensionPolicy
        metadata: {name: base}
        spec:
          nodeSelector: {}
          extensions: [{name: hello}]
          activation: Live
          rollout: {maxUnavailable: 1, soakSeconds: 0, gates: [%s]}
        """
        .formatted(gate);
  }

  private static String extensionVersion(int version) {
    return """
        apiVersion: extensions.kairos.io/v1alpha1
        kind: SystemExtension
        metadata: {name: hello}
        spec: {version: %d.0.0, images: [{url: 'https://extensions.example.org/hello', sha256: '%064x'}]}
        """
        .formatted(version, version);
  }

  private static String deployment() {
    return """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, namespace: default}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: web, image: web}]}
        """;
  }

  private void readyReplicas(int number) {
    client
        .apps()
        .deployments()
        .inNamespace("default")
        .withName("web")
        .editStatus(
            deployment -> {
              deployment.getStatus().setReplicas(2);
              deployment.getStatus().setReadyReplicas(number);
              return deployment;
            });
  }

  private void createConfigMap(int number) {
    client
        .resource(
            new ConfigMapBuilder()
                .withNewMetadata()
                .withName("map-" + number)
                .withNamespace("default")
                .addToLabels("nth", String.valueOf(number))
                .endMetadata()
                .addToData("key", "value-" + number)
                .build())
        .create();
  }

  /** What the operator may do as it comes. */
  private static String rights() {
    return """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: sysext-operator}
        rules:
        - {apiGroups: [extensions.kairos.io], resources: ['*'], verbs: ['*']}
        - {apiGroups: [""], resources: [nodes], verbs: [get, list, watch, patch]}
        - {apiGroups: [events.k8s.io], resources: [events], verbs: [create]}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: sysext-operator}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sysext-operator}
        subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: '%1$s'}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: sysext-operator, namespace: default}
        rules:
        - {apiGroups: [""], resources: [secrets, configmaps], verbs: [list, watch]}
        - {apiGroups: [""], resources: [secrets], verbs: [create, update]}
        - apiGroups: [apps]
          resources: [controllerrevisions]
          verbs: [get, list, watch, create, update, delete]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: sysext-operator, namespace: default}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: sysext-operator}
        subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: '%1$s'}]
        """
        .formatted(OPERATOR);
  }

  /** A right more; bound by hand, for nobody aggregates in a cluster without controllers. */
  private static String role(String name, String group, String resource) {
    return """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: %1$s, labels: {extensions.kairos.io/aggregate-to-gates: "true"}}
        rules: [{apiGroups: ["%2$s"], resources: [%3$s], verbs: [list]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: %1$s}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %1$s}
        subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: '%4$s'}]
        """
        .formatted(name, group, resource, OPERATOR);
  }

  private void apply(String resources) {
    api.kubectl().apply(resources).orThrow();
  }

  private NodeExtensionPolicy policy() {
    return client.resources(NodeExtensionPolicy.class).withName("base").get();
  }

  private boolean is(String condition) {
    return Conditions.find(policy().getStatus().conditions(), condition)
        .filter(c -> c.getStatus().equals(Conditions.TRUE))
        .isPresent();
  }

  private void awaitReason(String reason, String... said) {
    Awaitility.await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(
            () -> {
              NodeExtensionPolicy policy = policy();
              assertThat(policy.getStatus().observedGeneration())
                  .isEqualTo(policy.getMetadata().getGeneration());
              assertThat(Conditions.find(policy.getStatus().conditions(), Conditions.READY))
                  .hasValueSatisfying(
                      ready -> {
                        assertThat(ready.getReason()).as(ready.getMessage()).isEqualTo(reason);
                        assertThat(ready.getMessage()).contains(said);
                      });
            });
  }

  private void await(String what, Callable<Boolean> condition) {
    Awaitility.await(what).atMost(LIMIT).pollInterval(Duration.ofMillis(20)).until(condition);
  }

  private long told() {
    return client.resources(NodeExtensionState.class).list().getItems().stream()
        .filter(state -> !state.getSpec().assignments().isEmpty())
        .count();
  }

  private int ready() {
    return policy().getStatus().ready();
  }
}
