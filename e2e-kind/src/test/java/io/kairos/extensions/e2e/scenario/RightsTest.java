package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.SourceKeys;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import io.kairos.extensions.e2e.chart.Chart;
import io.kairos.extensions.e2e.chart.InstalledChart;
import io.kairos.extensions.e2e.chart.RightsInUse;
import io.kairos.extensions.e2e.fleet.Contended;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.BaseRoot;
import io.kairos.extensions.e2e.host.SampleImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Operator and agents at work under the rights of the chart, with tokens as a kubelet mounts them.
 * Which right was used how often is left in {@code target/rights-used.txt}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RightsTest {
  private static final String OPERATOR = Chart.RELEASE;
  private static final String AGENT = Chart.RELEASE + "-agent";
  private static final Path TABLE = Path.of("target/rights-used.txt");

  /** Asked for by the framework before it starts, and never used. */
  private static final String DEMANDED = "update leases.coordination.k8s.io sysext-operator";

  private RightsInUse rights;
  private InstalledChart chart;
  private World world;
  private FleetNode a;
  private FleetNode b;

  @BeforeAll
  void install(@TempDir Path folder) throws IOException, InterruptedException {
    rights = RightsInUse.start("rights of the chart", folder);
    chart = InstalledChart.in(rights.cluster(), folder);
    world = World.on(Hosts.of(BaseRoot.machine()), rights.cluster(), chart);
    a = world.boot("node-a");
    b = world.boot("node-b");
  }

  @AfterAll
  void uninstall() {
    if (world != null) {
      world.close();
    }
  }

  @Test
  void theWholeStoryNeedsEveryRightOfTheChartAndNoOther() throws IOException {
    rollOutUpgradeAndDrift();
    goBackAndFindTheRecordSpoilt();
    drainWithForce();
    handOutSecrets();
    takeObjectsAwayByForce();
    removeEverything();

    RightsInUse.Account operator = rights.of(OPERATOR);
    RightsInUse.Account agent = rights.of(AGENT);
    List<String> table = new ArrayList<>();
    table.add("The operator:");
    table.add(RightsInUse.head());
    table.addAll(operator.rights());
    table.add("An agent:");
    table.add(RightsInUse.head());
    table.addAll(agent.rights());
    Files.write(TABLE, table);
    assertThat(operator.missing()).as("refused to the operator").isEmpty();
    assertThat(agent.missing()).as("refused to agents").isEmpty();
    assertThat(operator.unused())
        .as("the operator needs none of these")
        .filteredOn(right -> !right.equals(DEMANDED))
        .isEmpty();
    assertThat(agent.unused()).as("agents need none of these").isEmpty();
  }

  private void rollOutUpgradeAndDrift() throws IOException {
    SampleImage old = world.image("hello", "1.0.0");
    SampleImage fresh = world.image("hello", "1.1.0");
    world.extension(old);
    world.policy("base", Activation.LIVE, "hello");
    world.awaitActive(a, old);
    world.awaitActive(b, old);
    world.extension(fresh);
    world.awaitActive(a, fresh);
    world.awaitActive(b, fresh);
    World.assertRuns(a, fresh);
    Files.delete(a.layout().store().resolve("active/hello.raw"));
    world.awaitDrift(a, 1, "hello");
    world.awaitActive(a, fresh);
    world.awaitPolicy("base", Conditions.TRUE);
  }

  /** What was given before is given again, and somebody disowns the revisions that are kept. */
  private void goBackAndFindTheRecordSpoilt() {
    SampleImage old = world.image("hello", "1.0.0");
    world.extension(old);
    world.awaitActive(a, old);
    world.awaitActive(b, old);
    world.awaitPolicy("base", Conditions.TRUE);
    String inEffect =
        administrator()
            .resources(NodeExtensionPolicy.class)
            .withName("base")
            .get()
            .getStatus()
            .revision();
    var revisions = administrator().apps().controllerRevisions().inNamespace(Chart.NAMESPACE);
    for (ControllerRevision kept : revisions.list().getItems()) {
      ControllerRevision unused =
          Contended.edit(
              () ->
                  revisions
                      .withName(kept.getMetadata().getName())
                      .edit(
                          revision -> {
                            revision.getMetadata().setOwnerReferences(List.of());
                            return revision;
                          }));
    }
    world.extension(world.image("hello", "1.0.1"));
    world.extension(old);
    await("the revision in effect is the policy's again")
        .atMost(World.PATIENCE)
        .until(
            () ->
                revisions.list().getItems().stream()
                    .filter(kept -> kept.getMetadata().getName().contains(inEffect))
                    .anyMatch(kept -> !kept.getMetadata().getOwnerReferences().isEmpty()));
    world.awaitActive(a, old);
    world.awaitActive(b, old);
  }

  /** A pod that may be evicted, and one that a budget holds, in the way of a change. */
  private void drainWithForce() {
    SampleImage fresh = world.image("hello", "1.1.0");
    runPod("free");
    runPod("held");
    world
        .kubectl()
        .orElseThrow()
        .apply(
            """
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata: {name: held, namespace: default}
            spec: {minAvailable: 1, selector: {matchLabels: {app: held}}}
            """)
        .orThrow();
    patchPolicy(
        "{\"spec\": {\"rollout\": {\"drain\":"
            + " {\"when\": \"Always\", \"timeoutSeconds\": 15, \"onTimeout\": \"Force\"}}}}");
    world.extension(fresh);
    await("drained, changed, and given back")
        .atMost(World.PATIENCE.multipliedBy(2))
        .until(
            () -> {
              endPods();
              return isActive(a, fresh)
                  && isActive(b, fresh)
                  && administrator().nodes().list().getItems().stream()
                      .noneMatch(node -> Boolean.TRUE.equals(node.getSpec().getUnschedulable()));
            });
    assertThat(administrator().pods().inNamespace("default").list().getItems()).isEmpty();
    patchPolicy("{\"spec\": {\"rollout\": {\"drain\": {\"when\": \"Reboot\"}}}}");
  }

  private static boolean isActive(FleetNode node, SampleImage image) {
    return node.extension(image.name())
        .filter(e -> e.phase() == Phase.ACTIVE && e.sha256().equals(image.sha256()))
        .isPresent();
  }

  /** One of a ReplicaSet's, at work on the first node. */
  private void runPod(String name) {
    Pod pod =
        new PodBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace("default")
            .addToLabels("app", name)
            .addNewOwnerReference()
            .withApiVersion("apps/v1")
            .withKind("ReplicaSet")
            .withName(name)
            .withUid("00000000-0000-4000-8000-000000000000")
            .withController(true)
            .endOwnerReference()
            .endMetadata()
            .withNewSpec()
            .withNodeName(a.name())
            .addNewContainer()
            .withName("main")
            .withImage("example.org/main")
            .endContainer()
            .endSpec()
            .build();
    Pod running = administrator().resource(pod).create();
    running.setStatus(
        new PodStatusBuilder()
            .withPhase("Running")
            .addNewCondition()
            .withType("Ready")
            .withStatus("True")
            .endCondition()
            .build());
    administrator().resource(running).updateStatus();
  }

  /** As a kubelet does: what was told to end has ended. */
  private void endPods() {
    administrator().pods().inNamespace("default").list().getItems().stream()
        .filter(pod -> pod.getMetadata().getDeletionTimestamp() != null)
        .forEach(pod -> administrator().resource(pod).withGracePeriod(0).delete());
  }

  private void patchPolicy(String patch) {
    world.kubectl().orElseThrow().run("patch", "nep/base", "--type=merge", "-p", patch).orThrow();
  }

  private void handOutSecrets() {
    administrator().resource(PullSecret.with("one")).create();
    administrator()
        .resource(
            new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace(Chart.NAMESPACE)
                .withName("site-ca")
                .endMetadata()
                .withData(Map.of("ca.crt", read(world.fleet().server().ca())))
                .build())
        .create();
    world.extension(
        world.image("private", "1.0.0"),
        "  pullSecret: {name: registry}\n  caBundle: {configMap: site-ca}\n");
    awaitHandedOut("b25l");
    administrator().resource(PullSecret.with("two")).update();
    awaitHandedOut("dHdv");
  }

  private void awaitHandedOut(String base64) {
    await("agents are handed the password")
        .atMost(World.PATIENCE)
        .until(
            () ->
                administrator()
                    .secrets()
                    .inNamespace(Chart.NAMESPACE)
                    .withName(SourceKeys.SECRET)
                    .get(),
            found ->
                found != null
                    && base64.equals(
                        found.getData().get(SourceKeys.secret("registry", SourceKeys.PASSWORD))));
  }

  /** What is gone without having been cleaned up, and a node that leaves the cluster. */
  private void takeObjectsAwayByForce() {
    world.fleet().removeNode(b);
    await("the state of a Node that is gone goes, too")
        .atMost(World.PATIENCE)
        .until(
            () ->
                administrator().resources(NodeExtensionState.class).withName(b.name()).get()
                    == null);
    SampleImage tools = world.image("tools", "1.0.0");
    world.extension(tools);
    world.policy("more", Activation.LIVE, "tools");
    world.awaitActive(a, tools);
    world
        .kubectl()
        .orElseThrow()
        .run(
            "patch",
            "nep/base",
            "--type=merge",
            "-p",
            "{\"spec\": {\"extensions\": [{\"namePattern\": \"hel.*\"}]}}")
        .orThrow();
    world.awaitPolicy("base", Conditions.TRUE);
    world.fleet().stopOperator();
    takeAway(SystemExtension.class, "hello");
    takeAway(NodeExtensionPolicy.class, "more");
    world.fleet().startOperator();
    await("nothing is assigned any more")
        .atMost(World.PATIENCE)
        .until(() -> a.state().orElseThrow().getSpec().assignments().isEmpty());
  }

  /** Deletes it and takes its finalizer, so that nobody cleans up. */
  private void takeAway(Class<? extends HasMetadata> kind, String name) {
    administrator().resources(kind).withName(name).delete();
    HasMetadata unused =
        Contended.edit(
            () ->
                administrator()
                    .resources(kind)
                    .withName(name)
                    .edit(
                        object -> {
                          object.getMetadata().setFinalizers(List.of());
                          return object;
                        }));
  }

  private void removeEverything() {
    SampleImage again = world.image("hello", "2.0.0");
    world.extension(again);
    world.policy("again", Activation.LIVE, "hello", "tools");
    world.awaitActive(a, again);
    world.clear();
    World.assertUnmerged(a, "hello");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private KubernetesClient administrator() {
    return world.fleet().client();
  }
}
