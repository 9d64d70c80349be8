package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.e2e.api.RealApi;
import io.kairos.extensions.e2e.chart.Chart;
import io.kairos.extensions.e2e.chart.InstalledChart;
import io.kairos.extensions.e2e.chart.PreviousChart;
import io.kairos.extensions.e2e.cluster.Effort;
import io.kairos.extensions.e2e.cluster.KubeApiBinaries;
import io.kairos.extensions.e2e.cluster.KubeApiTestCluster;
import io.kairos.extensions.e2e.cluster.RunReport;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.BaseRoot;
import io.kairos.extensions.e2e.host.SampleImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The chart of this commit over the one before, with extensions in place. */
class ChartUpgradeTest {
  private static final String RESOURCES =
      """
      apiVersion: extensions.kairos.io/v1alpha1
      kind: SystemExtension
      metadata: {name: hello, finalizers: [extensions.kairos.io/cleanup], labels: {tier: base}}
      spec:
        version: 1.0.0
        images: [{url: "https://extensions.example.org/hello.raw", sha256: "%1$s"}]
        services: [{name: hello.service, onChange: Restart}]
      status: {observedGeneration: 1}
      ---
      apiVersion: extensions.kairos.io/v1alpha1
      kind: NodeExtensionPolicy
      metadata: {name: base, finalizers: [extensions.kairos.io/cleanup]}
      spec:
        nodeSelector: {}
        extensions: [{name: hello}]
        activation: Live
        rollout: {maxUnavailable: 10%%, soakSeconds: 30}
      status: {observedGeneration: 1, revision: v1-abc, desired: 1, updated: 1, ready: 1}
      ---
      apiVersion: extensions.kairos.io/v1alpha1
      kind: NodeExtensionState
      metadata: {name: node-1}
      spec:
        assignments:
        - type: Sysext
          name: hello
          extension: hello
          policy: base
          target:
            revision: v1-abc
            version: 1.0.0
            image: {url: "https://extensions.example.org/hello.raw", sha256: "%1$s"}
            profiles: [active]
            activation: Live
      status:
        observedGeneration: 1
        extensions:
        - {type: Sysext, name: hello, phase: Active, version: 1.0.0, sha256: "%1$s", merged: true, revision: v1-abc}
      """
          .formatted("ab".repeat(32));

  @Test
  void whatThePreviousChartsClusterHoldsIsTheSameAfterwards(@TempDir Path folder)
      throws IOException, InterruptedException {
    Optional<PreviousChart> previous = PreviousChart.find(folder);
    if (previous.isEmpty()) {
      String reason = "this source has no history to take the chart before from";
      RunReport.ofThisBuild().record("aborted", "upgrade of the chart: " + reason);
      abort(reason);
    }
    try (RealApi api = RealApi.bare("an upgrade of the chart")) {
      KubernetesClient client = api.cluster().client();
      Chart before = previous.get().chart();
      before.install(api.cluster().kubeconfig(), "");
      api.kubectl().apply(RESOURCES).orThrow();
      api.kubectl().feed(RESOURCES, "replace", "--subresource=status", "-f", "-").orThrow();
      Map<String, JsonNode> held = held(client);
      Map<String, String> uids = uids(client, before);

      Chart.ofThisBuild().upgrade(api.cluster().kubeconfig(), "");

      RunReport.ofThisBuild().record("upgraded from", previous.get().label());
      Map<String, JsonNode> still = held(client);
      assertThat(held).hasSize(3);
      held.forEach(
          (name, object) -> {
            assertThat(object.at("/status/observedGeneration").asInt()).as(name).isEqualTo(1);
            assertThat(lost(name, object, still.getOrDefault(name, MissingNode.getInstance())))
                .isEmpty();
          });
      Map<String, String> after = uids(client, Chart.ofThisBuild());
      assertThat(uids.keySet()).anyMatch(name -> name.startsWith("CustomResourceDefinition/"));
      uids.forEach(
          (name, uid) -> {
            if (after.containsKey(name)) {
              assertThat(after).containsEntry(name, uid);
            }
          });
      // Nobody removes what the old chart called otherwise: so nothing may be called otherwise.
      assertThat(after.keySet()).containsAll(uids.keySet());
    }
  }

  /** Every object of ours: who it is, what shall be, and what is. */
  private static Map<String, JsonNode> held(KubernetesClient client) {
    Map<String, JsonNode> held = new TreeMap<>();
    for (String kind : List.of("SystemExtension", "NodeExtensionPolicy", "NodeExtensionState")) {
      client
          .genericKubernetesResources(Api.GROUP + "/v1alpha1", kind)
          .list()
          .getItems()
          .forEach(
              object -> {
                object.getMetadata().setManagedFields(List.of());
                held.put(
                    kind + "/" + object.getMetadata().getName(),
                    new JsonMapper().valueToTree(object));
              });
    }
    return held;
  }

  /** What was there and is not, or is another: a new field may have been given its default. */
  private static List<String> lost(String path, JsonNode before, JsonNode after) {
    if (before.isObject() && after.isObject()) {
      return before.properties().stream()
          .flatMap(
              field ->
                  lost(path + "/" + field.getKey(), field.getValue(), after.path(field.getKey()))
                      .stream())
          .toList();
    }
    if (before.isArray() && after.isArray() && before.size() == after.size()) {
      return IntStream.range(0, before.size())
          .boxed()
          .flatMap(i -> lost(path + "/" + i, before.get(i), after.get(i)).stream())
          .toList();
    }
    return before.equals(after) ? List.of() : List.of(path + " was " + before + " and is " + after);
  }

  private static Map<String, String> uids(KubernetesClient client, Chart chart) {
    Map<String, String> uids = new TreeMap<>();
    for (HasMetadata object : chart.objects("")) {
      uids.put(
          object.getKind() + "/" + object.getMetadata().getName(),
          client.resource(object).require().getMetadata().getUid());
    }
    return uids;
  }

  @Test
  void anUpgradeUnderARunningFleetInstallsAndMergesNothingAnew(@TempDir Path folder)
      throws IOException, InterruptedException {
    if (!(KubeApiBinaries.find(Effort.CACHED_ONLY, progress -> {})
        instanceof KubeApiBinaries.Available binaries)) {
      String reason = "it takes a real API server";
      RunReport.ofThisBuild().record("aborted", "upgrade under a running fleet: " + reason);
      abort(reason);
      return;
    }
    KubeApiTestCluster cluster = KubeApiTestCluster.start(binaries);
    InstalledChart chart = InstalledChart.in(cluster, folder);
    try (World world = World.on(Hosts.of(BaseRoot.machine()), cluster, chart)) {
      FleetNode node = world.boot("node-1");
      SampleImage hello = world.image("hello", "1.0.0");
      world.extension(hello);
      world.policy("base", Activation.LIVE, "hello");
      world.awaitActive(node, hello);
      world.awaitPolicy("base", Conditions.TRUE);
      Path image = node.layout().images().resolve(hello.sha256());
      Object inode = Files.getAttribute(image, "unix:ino");
      String merge = World.mergeId(node);
      ExtensionStatus active = node.extension("hello").orElseThrow();

      chart.upgrade("operator: {replicas: 3}\nagent: {keepImages: 2}");
      world.fleet().stopOperator();
      world.fleet().startOperator();
      world.restartAgent(node);
      world.awaitPolicy("base", Conditions.TRUE);

      assertThat(node.extension("hello")).contains(active);
      assertThat(World.mergeId(node)).isEqualTo(merge);
      assertThat(Files.getAttribute(image, "unix:ino")).isEqualTo(inode);
      World.assertRuns(node, hello);
    }
  }
}
