package io.kairos.extensions.images;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.kairos.extensions.e2e.cluster.Effort;
import io.kairos.extensions.e2e.cluster.KubeApiBinaries;
import io.kairos.extensions.e2e.cluster.KubeApiTestCluster;
import io.kairos.extensions.e2e.cluster.TestCluster;
import io.kairos.extensions.e2e.fleet.Fleet;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;

/** A real API server, and the way to it that a pod is given: address, token, and CA. */
final class Api implements AutoCloseable {
  /** The namespace of both programs. */
  static final String NAMESPACE = "sysext-operator";

  private static final String FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

  private final TestCluster cluster;
  private final KubernetesClient client;
  private final Path account;

  private Api(TestCluster cluster, KubernetesClient client, Path account) {
    this.cluster = cluster;
    this.client = client;
    this.account = account;
  }

  /**
   * Starts one, with the CRDs.
   *
   * @param folder for the token
   * @throws IOException if there are no programs for it; the message says how to get them
   */
  static Api start(Path folder) throws IOException {
    if (!(KubeApiBinaries.find(Effort.CACHED_ONLY, progress -> {})
        instanceof KubeApiBinaries.Available binaries)) {
      throw new IOException(
          "no kube-apiserver on this machine: `mvn -pl e2e-kind exec:java@provide-api-server` gets one");
    }
    TestCluster cluster = KubeApiTestCluster.start(binaries);
    cluster.applyCrds(Fleet.crds());
    KubernetesClient client = cluster.client();
    client
        .resource(
            new NamespaceBuilder().withNewMetadata().withName(NAMESPACE).endMetadata().build())
        .create();
    client
        .resource(
            new ServiceAccountBuilder()
                .withNewMetadata()
                .withName("trained")
                .withNamespace(NAMESPACE)
                .endMetadata()
                .build())
        .create();
    client
        .resource(
            new ClusterRoleBindingBuilder()
                .withNewMetadata()
                .withName("trained")
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", "cluster-admin")
                .addNewSubject("", "ServiceAccount", "trained", NAMESPACE)
                .build())
        .create();
    Path account = Files.createDirectories(folder.resolve("account"));
    Files.writeString(
        account.resolve("token"),
        client
            .serviceAccounts()
            .inNamespace(NAMESPACE)
            .withName("trained")
            .tokenRequest(new TokenRequestBuilder().withNewSpec().endSpec().build())
            .getStatus()
            .getToken());
    Config config = cluster.config();
    Files.write(
        account.resolve("ca.crt"),
        config.getCaCertData() != null
            ? Base64.getDecoder().decode(config.getCaCertData())
            : Files.readAllBytes(Path.of(config.getCaCertFile())));
    Files.writeString(account.resolve("namespace"), NAMESPACE);
    return new Api(cluster, client, account);
  }

  /** An administrator's client. */
  KubernetesClient client() {
    return client;
  }

  /** What it is. */
  String describe() {
    return cluster.describe();
  }

  /** Where a pod finds its token. */
  ImagePod.Mount account() {
    return new ImagePod.Mount(account, FOLDER, false);
  }

  /** How a pod finds the API server. */
  Map<String, String> environment() {
    URI url = URI.create(cluster.config().getMasterUrl());
    return Map.of(
        "KUBERNETES_SERVICE_HOST", url.getHost(),
        "KUBERNETES_SERVICE_PORT", String.valueOf(url.getPort()),
        "POD_NAMESPACE", NAMESPACE);
  }

  @Override
  public void close() {
    client.close();
    cluster.close();
  }
}
