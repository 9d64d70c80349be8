package io.kairos.extensions.e2e.revision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.ControllerRevisionBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.e2e.cluster.Crds;
import io.kairos.extensions.e2e.cluster.Effort;
import io.kairos.extensions.e2e.cluster.Kubectl;
import io.kairos.extensions.e2e.cluster.RunReport;
import io.kairos.extensions.e2e.cluster.TestCluster;
import io.kairos.extensions.e2e.cluster.TestClusters;
import io.kairos.extensions.e2e.fleet.Contended;
import io.kairos.extensions.e2e.fleet.Mishap;
import io.kairos.extensions.e2e.fleet.SimulatedNodes;
import io.kairos.extensions.operator.OperatorConfig;
import io.kairos.extensions.operator.SysextOperator;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a policy gave before is kept on a real API server, and can be returned to. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RevisionsTest {
  /** What was refused is tried again after 15 seconds, and the API server may lag as well. */
  private static final Duration LIMIT = Duration.ofSeconds(100);

  private static final SimulatedNodes.Pace PACE =
      new SimulatedNodes.Pace(Duration.ofMillis(2), Duration.ofMillis(10));

  private final Deque<AutoCloseable> ofTest = new ArrayDeque<>();
  private Kubectl kubectl;
  private KubernetesClient client;
  private SimulatedNodes nodes;
  private TestCluster cluster;
  private SysextOperator operator;
  private int leases;

  @BeforeAll
  void startCluster() {
    TestClusters.Chosen chosen = TestClusters.best(Effort.CACHED_ONLY);
    cluster = chosen.recordIn(RunReport.ofThisBuild()).cluster();
    if (!cluster.real()) {
      String reason = "a stand-in proves nothing here: " + String.join("; ", chosen.notes());
      RunReport.ofThisBuild().record("aborted", "revisions: " + reason);
      abort(reason);
    }
    cluster.applyCrds(Crds.all());
    kubectl = Kubectl.of(cluster).orElseThrow();
    client = cluster.client();
    nodes = SimulatedNodes.start(cluster.client(), 7, PACE);
    for (int i = 1; i <= 3; i++) {
      nodes.join("node-" + i, Map.of());
    }
  }

  @AfterAll
  void stopCluster() {
    if (nodes != null) {
      nodes.close();
    }
    if (cluster != null) {
      cluster.close();
    }
  }

  @BeforeEach
  void start() {
    leases++;
    operator = startOperator();
  }

  /** Each test begins with three nodes that have nothing, and has its own operators. */
  @AfterEach
  void stop() throws Exception {
    for (int i = 1; i <= 3; i++) {
      nodes.befall("node-" + i);
    }
    kubectl.run("delete", "validatingadmissionpolicies,validatingadmissionpolicybindings", "--all");
    kubectl.run("delete", "nep,sysext", "--all", "--timeout=30s").orThrow();
    await("nothing is left", () -> versions().isEmpty());
    // one that a test made look like nobody's is nobody's to clean up
    kubectl.run("delete", "controllerrevisions", "--all").orThrow();
    while (!ofTest.isEmpty()) {
      ofTest.pop().close();
    }
    if (nodes.size() > 3) {
      nodes.leave("node-4");
    }
  }

  private <T extends AutoCloseable> T opened(T closeable) {
    ofTest.push(closeable);
    return closeable;
  }

  private SysextOperator startOperator() {
    return opened(
        SysextOperator.start(
            cluster.client(),
            new OperatorConfig(true, "default", "sysext-operator-" + leases, -1, ""),
            Clock.systemUTC()));
  }

  @Test
  void whatIsGivenAgainIsTheSameRevisionWithANewNumber() {
    apply(extension("1"), policy());
    awaitVersion("1");
    apply(extension("2"));
    awaitVersion("2");

    List<ControllerRevision> before = revisions();
    assertThat(before).extracting(ControllerRevision::getRevision).containsExactly(1L, 2L);
    apply(extension("1"));
    awaitVersion("1");

    List<ControllerRevision> after = revisions();
    assertThat(after).extracting(ControllerRevision::getRevision).containsExactly(2L, 3L);
    assertThat(names(after)).containsExactly(names(before).get(1), names(before).get(0));
    assertThat(after.get(1).getData()).isEqualTo(before.get(0).getData());
    assertThat(
            kubectl
                .run("get", "controllerrevisions", "-l", "extensions.kairos.io/policy=base")
                .orThrow())
        .contains("nodeextensionpolicy.extensions.kairos.io/base");

    kubectl.run("delete", "nep", "base", "--timeout=30s").orThrow();
    await("nothing is left of it", () -> revisions().isEmpty());
  }

  /**
   * What the README tells a pipeline to do; the policy, which did not change, is Ready all along.
   */
  @Test
  void whoWaitsForAChangedExtensionWaitsUntilItIsInEffect() {
    apply(extension("1"), policy());
    kubectl.run("wait", "--for=condition=Ready", "nep/base", "--timeout=60s").orThrow();
    assertThat(versions()).containsOnly("1");

    for (String version : List.of("2", "3")) {
      apply(extension(version));
      kubectl.run("wait", "--for=condition=Ready", "sysext/hello", "--timeout=60s").orThrow();
      assertThat(states())
          .hasSize(3)
          .allSatisfy(
              state ->
                  assertThat(state.getStatus().extensions())
                      .extracting(e -> e.version() + " " + e.phase().text())
                      .containsExactly(version + " Active"));
    }
  }

  @Test
  void aPolicyIsPinnedAndUnpinnedWhoeverLeads() {
    apply(extension("1"), policy());
    awaitVersion("1");
    String first = status().rollout().revision();
    apply(extension("2"));
    awaitVersion("2");

    pin("v1-0123456789abcdef");
    await("it is not known", () -> reason().equals("UnknownRevision"));
    assertThat(message()).contains("kept are ").contains(first);
    assertThat(versions()).containsOnly("2");

    pin(first);
    await("a node is on its way back", () -> versions().contains("1"));
    operator.close();
    operator = startOperator();
    awaitVersion("1");
    await("the policy is content", () -> reason().equals("AllNodesUpToDate"));
    kubectl.run("wait", "--for=condition=Pinned", "nep/base", "--timeout=30s").orThrow();
    kubectl
        .run(
            "wait",
            "--for=jsonpath={.status.conditions[?(@.type=='Ready')].reason}=RevisionPinned",
            "sysext/hello",
            "--timeout=30s")
        .orThrow();

    pin("");
    awaitVersion("2");
    kubectl.run("wait", "--for=condition=Ready", "sysext/hello", "--timeout=30s").orThrow();
    assertThat(status().history())
        .extracting(entry -> entry.outcome() + " " + entry.summary())
        .containsExactly("Completed hello 2", "Completed hello 1");
  }

  @Test
  void aBadRevisionIsRolledBackAndTheOtherNodesNeverSeeIt() {
    apply(extension("1"), policy());
    awaitVersion("1");
    String first = status().rollout().revision();
    for (int i = 1; i <= 3; i++) {
      nodes.befall("node-" + i, new Mishap.Fails("2"));
    }
    kubectl
        .run("patch", "nep", "base", "--type=merge", "-p", "spec: {rollout: {onFailure: Rollback}}")
        .orThrow();
    Set<String> told = ConcurrentHashMap.newKeySet();
    opened(
        client
            .resources(NodeExtensionState.class)
            .watch(
                new Watcher<NodeExtensionState>() {
                  @Override
                  public void eventReceived(Action action, NodeExtensionState state) {
                    state.getSpec().assignments().stream()
                        .filter(assignment -> assignment.target().version().equals("2"))
                        .forEach(assignment -> told.add(state.getMetadata().getName()));
                  }

                  @Override
                  public void onClose(WatcherException cause) {
                    told.add("the watch ended: " + cause.getMessage());
                  }
                }));
    apply(extension("2"));

    await("it is rolled back", () -> reason().equals("RolledBackFrom"));
    assertThat(status().rollout().rollbackTo()).isEqualTo(first);
    assertThat(versions()).containsOnly("1");
    assertThat(told).as("one node alone was told").hasSize(1);
    kubectl
        .run(
            "wait",
            "--for=jsonpath={.status.conditions[?(@.type=='Ready')].reason}=RolledBackFrom",
            "sysext/hello",
            "--timeout=30s")
        .orThrow();
    assertThat(status().history().get(0).summary()).isNotEmpty();

    apply(extension("3"));
    awaitVersion("3");
  }

  @Test
  void whatSomebodyEditsOfARecordStopsNothing() {
    apply(extension("1"), policy());
    awaitVersion("1");
    String first = status().rollout().revision();
    apply(extension("2"));
    awaitVersion("2");

    revisions().forEach(kept -> edit(kept, meta -> meta.setLabels(Map.of())));
    pin(first);
    awaitVersion("1");
    assertThat(status().history())
        .extracting(NodeExtensionPolicyStatus.HistoryEntry::summary)
        .containsExactly("hello 1", "hello 2");

    List<String> before = names(revisions());
    revisions().forEach(kept -> edit(kept, meta -> meta.setOwnerReferences(List.of())));
    pin("");
    awaitVersion("2");
    assertThat(names(revisions())).containsExactlyInAnyOrderElementsOf(before);
    await(
        "the one that is given is the policy's again",
        () ->
            revisions().stream()
                .anyMatch(
                    kept ->
                        kept.getMetadata().getName().contains(status().rollout().revision())
                            && !kept.getMetadata().getOwnerReferences().isEmpty()));
  }

  private void edit(ControllerRevision kept, Consumer<ObjectMeta> change) {
    ControllerRevision unused =
        Contended.edit(
            () ->
                client
                    .apps()
                    .controllerRevisions()
                    .inNamespace("default")
                    .withName(kept.getMetadata().getName())
                    .edit(
                        there -> {
                          change.accept(there.getMetadata());
                          return there;
                        }));
  }

  @Test
  void aNodeThatMayNotBeWrittenHoldsUpNobodyElse() {
    kubectl
        .apply(
            """
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingAdmissionPolicy
            metadata: {name: leave-node-1-alone}
            spec:
              failurePolicy: Fail
              matchConstraints:
                resourceRules:
                - {apiGroups: [""], apiVersions: ["v1"], operations: [UPDATE], resources: [nodes]}
              matchConditions: [{name: node-1, expression: "object.metadata.name == 'node-1'"}]
              validations:
              - {expression: "!object.metadata.?labels.orValue({}).exists(k,
                  k.startsWith('sysext.extensions.kairos.io/'))", message: hands off}
            ---
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingAdmissionPolicyBinding
            metadata: {name: leave-node-1-alone}
            spec: {policyName: leave-node-1-alone, validationActions: [Deny]}
            """)
        .orThrow();
    await("the API server refuses it", () -> !isLabelled("node-1"));

    apply(extension("1"), policy());
    awaitVersion("1");
    await("the others are labelled", () -> version("node-2") + version("node-3") == 2);
    nodes.join("node-4", Map.of());
    await("a new node is served", () -> version("node-4") == 1);
    assertThat(version("node-1")).isZero();

    kubectl.run("delete", "validatingadmissionpolicybinding", "leave-node-1-alone").orThrow();
    await("it is tried again", () -> version("node-1") == 1);
  }

  @Test
  void aPolicyWhoseRevisionMayNotBeKeptSaysSoAndHoldsUpNoOther() {
    apply(extension("1"), policy());
    awaitVersion("1");
    kubectl
        .apply(
            """
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingAdmissionPolicy
            metadata: {name: no-more}
            spec:
              failurePolicy: Fail
              matchConstraints:
                resourceRules:
                - apiGroups: [apps]
                  apiVersions: [v1]
                  operations: [CREATE]
                  resources: [controllerrevisions]
              validations:
              - {expression: "!object.metadata.name.startsWith('base-')", message: no more of base}
            ---
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingAdmissionPolicyBinding
            metadata: {name: no-more}
            spec: {policyName: no-more, validationActions: [Deny]}
            """)
        .orThrow();
    await("the API server refuses it", () -> !mayBeKept("base-try"));
    apply(extension("2"));
    await("the policy says so", () -> reason().equals("WriteRefused"));
    assertThat(message()).contains("no more of base");
    assertThat(versions()).containsOnly("1");

    apply(
        extension("3").replace("hello", "other"),
        policy().replace("base", "more").replace("hello", "other"));
    kubectl.run("wait", "--for=condition=Ready", "nep/more", "--timeout=30s").orThrow();

    kubectl.run("delete", "validatingadmissionpolicybinding", "no-more").orThrow();
    Awaitility.await("it is tried again")
        .atMost(Duration.ofSeconds(100))
        .until(() -> versions().contains("2"));
  }

  @Test
  void aNodeWhoseStateMayNotBeWrittenHoldsUpItsPolicyAlone() {
    kubectl
        .apply(
            """
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingAdmissionPolicy
            metadata: {name: no-state}
            spec:
              failurePolicy: Fail
              matchConstraints:
                resourceRules:
                - apiGroups: [extensions.kairos.io]
                  apiVersions: [v1alpha1]
                  operations: [UPDATE]
                  resources: [nodeextensionstates]
              matchConditions: [{name: node-1, expression: "object.metadata.name == 'node-1'"}]
              validations:
              - {expression: "size(object.spec.assignments) == 0 && !('try' in
                  object.metadata.?labels.orValue({}))", message: hands off}
            ---
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingAdmissionPolicyBinding
            metadata: {name: no-state}
            spec: {policyName: no-state, validationActions: [Deny]}
            """)
        .orThrow();
    await(
        "the API server refuses it",
        () -> !kubectl.run("label", "nes", "node-1", "try=1", "--dry-run=server").succeeded());

    apply(extension("1"), policy().replace("soakSeconds: 0", "soakSeconds: 0, maxUnavailable: 3"));
    await("the others of its batch are told", () -> versions().size() == 2);
    nodes.join("node-4", Map.of("pool", "edge"));
    apply(
        extension("2").replace("hello", "other"),
        policy()
            .replace("base", "more")
            .replace("hello", "other")
            .replace("nodeSelector: {}", "nodeSelector: {matchLabels: {pool: edge}}"));
    kubectl.run("wait", "--for=condition=Ready", "nep/more", "--timeout=30s").orThrow();
    assertThat(reason()).isNotEqualTo("AllNodesUpToDate");
    await(
        "people are told why",
        () ->
            client.events().v1().events().inNamespace("default").list().getItems().stream()
                .filter(event -> event.getRegarding().getName().equals("base"))
                .anyMatch(
                    event ->
                        event.getReason().equals("WriteRefused")
                            && event.getNote().startsWith("node node-1: ")
                            && event.getNote().contains("hands off")));

    kubectl.run("delete", "nep", "more", "--timeout=30s").orThrow();

    kubectl.run("delete", "validatingadmissionpolicybinding", "no-state").orThrow();
    await("it is tried again", () -> reason().equals("AllNodesUpToDate"));
  }

  /** Whether another like the one that is kept would be, by the API server's word. */
  private boolean mayBeKept(String name) {
    ControllerRevision tried =
        new ControllerRevisionBuilder(revisions().get(0))
            .withNewMetadata()
            .withName(name)
            .withNamespace("default")
            .endMetadata()
            .build();
    try {
      ControllerRevision unused = client.resource(tried).dryRun().create();
      return true;
    } catch (KubernetesClientException refused) {
      assertThat(refused).hasMessageContaining("no more of base");
      return false;
    }
  }

  /** Tries to label a Node, and takes the label off again. */
  private boolean isLabelled(String node) {
    String label = "sysext.extensions.kairos.io/try";
    boolean labelled = kubectl.run("label", "node", node, label + "=1").exitCode() == 0;
    if (labelled) {
      kubectl.run("label", "node", node, label + "-").orThrow();
    }
    return labelled;
  }

  /** The version of hello that a Node says it has, 0 without one. */
  private int version(String node) {
    return Integer.parseInt(
        client
            .nodes()
            .withName(node)
            .get()
            .getMetadata()
            .getLabels()
            .getOrDefault("sysext.extensions.kairos.io/hello", "0"));
  }

  @Test
  void nodesSayWhatIsActive() {
    String label = "sysext.extensions.kairos.io/hello";
    Map<String, String> before = labels();
    apply(extension("1"), policy());
    awaitVersion("1");
    await("nodes say so", () -> "1".equals(labels().get(label)));
    apply(extension("2"));
    await("and of the next version", () -> "2".equals(labels().get(label)));
    kubectl.run("delete", "nep", "base", "--timeout=30s").orThrow();
    await("and no more", () -> labels().equals(before));
  }

  private Map<String, String> labels() {
    return client.nodes().withName("node-1").get().getMetadata().getLabels();
  }

  private void pin(String revision) {
    kubectl
        .run(
            "patch",
            "nep",
            "base",
            "--type=merge",
            "-p",
            "spec: {rollout: {revision: '" + revision + "'}}")
        .orThrow();
  }

  private NodeExtensionPolicyStatus status() {
    return client.resources(NodeExtensionPolicy.class).withName("base").get().getStatus();
  }

  private String reason() {
    return Conditions.find(status().conditions(), Conditions.READY)
        .map(Condition::getReason)
        .orElse("");
  }

  private String message() {
    return Conditions.find(status().conditions(), Conditions.READY).orElseThrow().getMessage();
  }

  private List<NodeExtensionState> states() {
    return client.resources(NodeExtensionState.class).list().getItems();
  }

  /** What the nodes are told. */
  private List<String> versions() {
    return states().stream()
        .flatMap(state -> state.getSpec().assignments().stream())
        .map(assignment -> assignment.target().version())
        .toList();
  }

  private static List<String> names(List<ControllerRevision> revisions) {
    return revisions.stream().map(revision -> revision.getMetadata().getName()).toList();
  }

  private List<ControllerRevision> revisions() {
    return client.apps().controllerRevisions().inNamespace("default").list().getItems().stream()
        .sorted(Comparator.comparing(ControllerRevision::getRevision))
        .toList();
  }

  /** Its requirement has characters that JSON may be written with in two ways. */
  private static String extension(String version) {
    return """
        apiVersion: extensions.kairos.io/v1alpha1
        kind: SystemExtension
        metadata: {name: hello}
        spec:
          version: '%s'
          requires: {systemd: '>=255,<999'}
          images: [{url: 'https://extensions.example.org/hello.raw?a=1&b=%s', sha256: '%064x'}]
        """
        .formatted(version, version, Integer.parseInt(version));
  }

  private static String policy() {
    return """
        apiVersion: extensions.kairos.io/v1alpha1
        kind: NodeExtensionPolicy
        metadata: {name: base}
        spec:
          nodeSelector: {}
          extensions: [{name: hello}]
          activation: Live
          rollout: {soakSeconds: 0}
        """;
  }

  private void apply(String... resources) {
    kubectl.apply(String.join("---\n", resources)).orThrow();
  }

  private void awaitVersion(String version) {
    await(
        version + " is everywhere",
        () ->
            client.resources(NodeExtensionState.class).list().getItems().stream()
                .allMatch(
                    state ->
                        state.getStatus().extensions().stream()
                            .anyMatch(e -> e.soaked() && e.version().equals(version))));
    await(
        "the operator knows",
        () ->
            client.resources(NodeExtensionPolicy.class).withName("base").get().getStatus().ready()
                == 3);
  }

  private static void await(String what, Callable<Boolean> condition) {
    Awaitility.await(what).atMost(LIMIT).pollInterval(Duration.ofMillis(50)).until(condition);
  }
}
