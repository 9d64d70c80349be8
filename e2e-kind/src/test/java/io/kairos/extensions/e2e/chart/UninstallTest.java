package io.kairos.extensions.e2e.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobConditionBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.kairos.extensions.e2e.api.RealApi;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * {@code helm uninstall} on a real API server, where the part of the Jobs' controller is played.
 */
class UninstallTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void helmSaysWhichPolicyIsInTheWayAndUninstallsOnceItIsGone() throws Exception {
    try (RealApi api = RealApi.bare("an uninstall by Helm");
        KubernetesClient client = api.cluster().client()) {
      Path kubeconfig = api.cluster().kubeconfig();
      Chart chart = Chart.ofThisBuild();
      chart.install(kubeconfig, "");
      api.kubectl()
          .apply(
              """
              apiVersion: extensions.kairos.io/v1alpha1
              kind: NodeExtensionPolicy
              metadata: {name: base}
              spec: {nodeSelector: {}, extensions: [{name: hello}]}
              """)
          .orThrow();
      // What the guard goes by is watched by the API server itself, and comes a little later.
      await().atMost(PATIENCE).until(() -> !mayBeDeleted(api));

      assertThatThrownBy(() -> chart.uninstall(kubeconfig))
          .hasMessageContaining("policy base exists")
          .hasMessageContaining("kubectl delete nep --all");
      assertThat(deployment(client)).isPresent();

      api.kubectl().run("delete", "nep/base").orThrow();
      await().atMost(PATIENCE).until(() -> mayBeDeleted(api));
      // Aside, as Helm waits for the Job without an end.
      CompletableFuture<Void> helm = CompletableFuture.runAsync(() -> chart.uninstall(kubeconfig));
      complete(check(client));
      helm.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

      assertThat(deployment(client)).isEmpty();
      assertThat(check(client).get()).as("the Job goes with the release").isNull();
      assertThat(client.apiextensions().v1().customResourceDefinitions().list().getItems())
          .hasSize(3);
    }
  }

  private static boolean mayBeDeleted(RealApi api) {
    return api.kubectl()
        .run("delete", "-n", Chart.NAMESPACE, "--dry-run=server", "deployment/" + Chart.RELEASE)
        .succeeded();
  }

  private static Optional<Deployment> deployment(KubernetesClient client) {
    return Optional.ofNullable(
        client.apps().deployments().inNamespace(Chart.NAMESPACE).withName(Chart.RELEASE).get());
  }

  private static Resource<Job> check(KubernetesClient client) {
    return client
        .batch()
        .v1()
        .jobs()
        .inNamespace(Chart.NAMESPACE)
        .withName(Chart.RELEASE + "-uninstall");
  }

  /** As the Jobs' controller does when the pod has ended well. */
  private static void complete(Resource<Job> check) {
    await().atMost(PATIENCE).until(() -> check.get() != null);
    try {
      setConditions(check, "SuccessCriteriaMet", "Complete");
    } catch (KubernetesClientException e) {
      // Kubernetes 1.30 refuses the former to a Job without a success policy.
      setConditions(check, "Complete");
    }
  }

  private static void setConditions(Resource<Job> check, String... types) {
    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    List<JobCondition> conditions =
        Stream.of(types)
            .map(
                type ->
                    new JobConditionBuilder()
                        .withType(type)
                        .withStatus("True")
                        .withReason("CompletionsReached")
                        .build())
            .toList();
    Job unused =
        check.editStatus(
            job ->
                new JobBuilder(job)
                    .editOrNewStatus()
                    .withStartTime(now)
                    .withCompletionTime(now)
                    .withSucceeded(1)
                    .withConditions(conditions)
                    .endStatus()
                    .build());
  }
}
