package io.kairos.extensions.e2e.chart;

import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.authentication.TokenRequest;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.e2e.cluster.TestCluster;
import io.kairos.extensions.e2e.fleet.Installation;
import io.kairos.extensions.operator.OperatorConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The chart, installed by Helm in a cluster without controllers. The part of the controllers and
 * the kubelets is played here: a Pod for the operator and one for each node's agent, made from the
 * chart's own templates; and for each pod a token of its ServiceAccount, bound to the pod, as the
 * kubelet mounts it. So operator and agents have the rights that the chart gives them, and no
 * other.
 */
public final class InstalledChart implements Installation {
  private static final long TOKEN_SECONDS = 3600;

  private final TestCluster cluster;
  private final KubernetesClient administrator;
  private final Path folder;
  private final Map<String, Path> kubeconfigs = new ConcurrentHashMap<>();

  private InstalledChart(TestCluster cluster, Path folder) {
    this.cluster = cluster;
    this.administrator = cluster.client();
    this.folder = folder;
  }

  /**
   * Installs the chart of this build.
   *
   * @param cluster with a real API server
   * @param folder for kubeconfigs
   */
  public static InstalledChart in(TestCluster cluster, Path folder) {
    Chart.ofThisBuild().install(cluster.kubeconfig(), "");
    InstalledChart installed = new InstalledChart(cluster, folder);
    await("the API server knows the rights that the chart gives")
        .atMost(Duration.ofMinutes(1))
        .until(
            () ->
                installed.mayList(installed.deployment().getSpec().getTemplate())
                    && installed.mayList(installed.agents().getSpec().getTemplate()));
    return installed;
  }

  /** Whether a pod's account may list states, as operator and agents both may. */
  private boolean mayList(PodTemplateSpec pod) {
    return administrator
        .authorization()
        .v1()
        .subjectAccessReview()
        .create(
            new SubjectAccessReviewBuilder()
                .withNewSpec()
                .withUser(
                    "system:serviceaccount:%s:%s"
                        .formatted(Chart.NAMESPACE, pod.getSpec().getServiceAccountName()))
                .withNewResourceAttributes()
                .withGroup(Api.GROUP)
                .withResource(HasMetadata.getPlural(NodeExtensionState.class))
                .withVerb("list")
                .endResourceAttributes()
                .endSpec()
                .build())
        .getStatus()
        .getAllowed();
  }

  /** Upgrades to the chart of this build with other values. */
  public void upgrade(String values) {
    Chart.ofThisBuild().upgrade(cluster.kubeconfig(), values);
  }

  @Override
  public OperatorConfig operatorConfig() {
    return new OperatorConfig(true, Chart.NAMESPACE, "sysext-operator", -1, "");
  }

  @Override
  public Config operator() {
    return withToken(token(pod("operator", "", deployment().getSpec().getTemplate())));
  }

  private Deployment deployment() {
    return administrator
        .apps()
        .deployments()
        .inNamespace(Chart.NAMESPACE)
        .withName(Chart.RELEASE)
        .require();
  }

  @Override
  public Config agent(String node) {
    return withToken(agentToken(node));
  }

  @Override
  public Path agentKubeconfig(String node) {
    return kubeconfigs.computeIfAbsent(node, name -> kubeconfig(name, agentToken(name)));
  }

  /** The token that the kubelet mounts into the pod of a node's agent. */
  public String agentToken(String node) {
    return token(agentPod(node));
  }

  /** The pod of a node's agent. */
  public Pod agentPod(String node) {
    return pod("agent-" + node, node, agents().getSpec().getTemplate());
  }

  /** The DaemonSet of the agents. */
  public DaemonSet agents() {
    return administrator
        .apps()
        .daemonSets()
        .inNamespace(Chart.NAMESPACE)
        .withName(Chart.RELEASE + "-agent")
        .require();
  }

  private Pod pod(String name, String node, PodTemplateSpec template) {
    DaemonSet agents = agents();
    Pod pod =
        new PodBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace(Chart.NAMESPACE)
            .withLabels(template.getMetadata().getLabels())
            .withOwnerReferences(
                node.isEmpty()
                    ? List.of()
                    : List.of(
                        new OwnerReferenceBuilder()
                            .withApiVersion("apps/v1")
                            .withKind("DaemonSet")
                            .withName(agents.getMetadata().getName())
                            .withUid(agents.getMetadata().getUid())
                            .withController(true)
                            .build()))
            .endMetadata()
            .withSpec(template.getSpec())
            .editSpec()
            .withNodeName(node.isEmpty() ? null : node)
            .endSpec()
            .build();
    Pod found = administrator.resource(pod).get();
    return found != null ? found : administrator.resource(pod).create();
  }

  private String token(Pod pod) {
    TokenRequest request =
        new TokenRequestBuilder()
            .withNewSpec()
            .withExpirationSeconds(TOKEN_SECONDS)
            .withNewBoundObjectRef()
            .withApiVersion("v1")
            .withKind("Pod")
            .withName(pod.getMetadata().getName())
            .withUid(pod.getMetadata().getUid())
            .endBoundObjectRef()
            .endSpec()
            .build();
    return administrator
        .serviceAccounts()
        .inNamespace(Chart.NAMESPACE)
        .withName(pod.getSpec().getServiceAccountName())
        .tokenRequest(request)
        .getStatus()
        .getToken();
  }

  /** A copy of the cluster's configuration for whoever has this token. */
  public Config withToken(String token) {
    Config config = cluster.config();
    config.setClientCertData(null);
    config.setClientCertFile(null);
    config.setClientKeyData(null);
    config.setClientKeyFile(null);
    config.setOauthToken(token);
    return config;
  }

  private Path kubeconfig(String node, String token) {
    Config config = cluster.config();
    Path file = folder.resolve("kubeconfig-" + node);
    try {
      Path ca = folder.resolve("ca.crt");
      Files.write(ca, certificates(config));
      Files.writeString(
          file,
          """
          apiVersion: v1
          kind: Config
          clusters:
          - name: test
            cluster: {server: "%s", certificate-authority: "%s"}
          users:
          - name: agent
            user: {token: "%s"}
          contexts:
          - name: test
            context: {cluster: test, user: agent, namespace: %s}
          current-context: test
          """
              .formatted(config.getMasterUrl(), ca, token, Chart.NAMESPACE));
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The API server's own CA, PEM. */
  static byte[] certificates(Config config) throws IOException {
    return config.getCaCertData() != null
        ? java.util.Base64.getDecoder().decode(config.getCaCertData())
        : Files.readAllBytes(Path.of(config.getCaCertFile()));
  }
}
