package io.kairos.extensions.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.e2e.chart.Chart;
import io.kairos.extensions.e2e.cluster.RunReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.DockerClientFactory;

/**
 * The chart with this build's images, where a container engine runs: scheduler, controllers and
 * kubelet are real there, and so are probes, tokens, the pods' security, and Helm's hooks. The node
 * is a container without a D-Bus, so its agent says what it misses; what agents do on hosts is
 * shown by the scenarios on booted ones.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class ContainerClusterScenarios {
  static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Path IMAGES = Path.of("target/images");

  final Chart chart = Chart.ofThisBuild();
  Path kubeconfig;

  private Optional<ContainerCluster> cluster = Optional.empty();
  private Optional<KubernetesClient> client = Optional.empty();

  /** What this kind of cluster needs beside a container engine, and is not there. */
  abstract Optional<String> missing() throws InterruptedException;

  /** One that is not started yet. */
  abstract ContainerCluster cluster() throws IOException, InterruptedException;

  @BeforeAll
  void install(@TempDir Path folder) throws IOException, InterruptedException {
    Optional<String> reason =
        DockerClientFactory.instance().isDockerAvailable()
            ? missing().or(ContainerClusterScenarios::noImages)
            : Optional.of("no container engine answers on this machine");
    if (reason.isPresent()) {
      RunReport.ofThisBuild()
          .record("aborted", getClass().getSimpleName() + ", the chart: " + reason.get());
      abort(reason.get());
    }
    ContainerCluster started = cluster();
    cluster = Optional.of(started);
    started.start();
    RunReport.ofThisBuild().record("cluster", started.describe());
    started.load(BuildImages.archive(IMAGES, Program.OPERATOR));
    started.load(BuildImages.archive(IMAGES, Program.AGENT));
    kubeconfig = folder.resolve("kubeconfig");
    Files.writeString(kubeconfig, started.kubeconfig());
    client =
        Optional.of(
            new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(kubeconfig.toFile()))
                .build());
    chart.install(kubeconfig, "image: {pullPolicy: Never}");
  }

  private static Optional<String> noImages() {
    return Files.exists(BuildImages.archive(IMAGES, Program.AGENT))
        ? Optional.empty()
        : Optional.of("no images: run mvn -pl images exec:java@build first");
  }

  @AfterAll
  void stop() throws IOException, InterruptedException {
    client.ifPresent(KubernetesClient::close);
    if (cluster.isPresent()) {
      cluster.get().remove();
    }
  }

  @Test
  @Order(1)
  void theOperatorBecomesReadyAndTheAgentSaysWhatItMisses() {
    awaitReadyOperators(2);
    NodeExtensionState state =
        await("the agent has reported")
            .atMost(PATIENCE)
            .until(
                () ->
                    states().stream()
                        .filter(one -> !one.getStatus().conditions().isEmpty())
                        .findFirst(),
                Optional::isPresent)
            .orElseThrow();

    assertThat(Conditions.find(state.getStatus().conditions(), Conditions.READY))
        .hasValueSatisfying(
            ready -> {
              assertThat(ready.getReason()).isEqualTo(Reasons.HOST_UNREACHABLE);
              assertThat(ready.getMessage()).contains("install a D-Bus daemon");
            });
    assertThat(pods())
        .hasSize(3)
        .allSatisfy(
            pod ->
                assertThat(pod.getStatus().getContainerStatuses())
                    .allSatisfy(container -> assertThat(container.getRestartCount()).isZero()));
  }

  @Test
  @Order(2)
  void aPolicyIsPlannedForTheNodeAndAnUpgradeOfTheChartLeavesIt() {
    Story.give(api(), "removal: Orphan");
    await("the node is told")
        .atMost(PATIENCE)
        .until(() -> states().stream().anyMatch(one -> !one.getSpec().assignments().isEmpty()));
    Map<String, Object> told = specs();

    chart.upgrade(kubeconfig, "{image: {pullPolicy: Never}, operator: {replicas: 3}}");

    awaitReadyOperators(3);
    assertThat(specs()).isEqualTo(told);
  }

  @Test
  @Order(3)
  void helmTakesTheOperatorAwayOnceNoPolicyIsLeft() {
    assertThatThrownBy(() -> chart.uninstall(kubeconfig))
        .as("the check before the first deletion fails")
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("policy base exists");
    awaitReadyOperators(3);

    api().resources(NodeExtensionPolicy.class).withName("base").delete();
    await("the policy goes")
        .atMost(PATIENCE)
        .until(() -> api().resources(NodeExtensionPolicy.class).list().getItems().isEmpty());
    chart.uninstall(kubeconfig);

    await("the operator goes").atMost(PATIENCE).until(() -> operator().isEmpty());
    assertThat(states()).as("what was given stays on record").isNotEmpty();
  }

  void awaitReadyOperators(int replicas) {
    await("the operator's pods are ready")
        .atMost(PATIENCE)
        .until(
            () ->
                operator()
                    .filter(
                        it -> Integer.valueOf(replicas).equals(it.getStatus().getReadyReplicas()))
                    .isPresent());
  }

  private Optional<Deployment> operator() {
    return Optional.ofNullable(
        api().apps().deployments().inNamespace(Chart.NAMESPACE).withName(Chart.RELEASE).get());
  }

  List<NodeExtensionState> states() {
    return api().resources(NodeExtensionState.class).list().getItems();
  }

  private Map<String, Object> specs() {
    return states().stream()
        .collect(Collectors.toMap(one -> one.getMetadata().getName(), NodeExtensionState::getSpec));
  }

  private List<Pod> pods() {
    return api().pods().inNamespace(Chart.NAMESPACE).list().getItems();
  }

  ContainerCluster running() {
    return cluster.orElseThrow();
  }

  KubernetesClient api() {
    return client.orElseThrow();
  }
}
