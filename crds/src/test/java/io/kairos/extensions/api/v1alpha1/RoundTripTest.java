package io.kairos.extensions.api.v1alpha1;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoundTripTest {
  private final KubernetesSerialization json = new KubernetesSerialization();

  @Test
  void leftOutFieldsReadAsTheDefaultsOfTheSchema() {
    NodeExtensionPolicy policy =
        json.unmarshal(
            """
            apiVersion: extensions.kairos.io/v1alpha1
            kind: NodeExtensionPolicy
            metadata: {name: p}
            spec:
              nodeSelector: {}
              extensions: [{selector: {matchLabels: {tier: base}}}]
            """,
            NodeExtensionPolicy.class);

    assertThat(policy.getSpec().profiles()).containsExactly(Profile.ACTIVE);
    assertThat(policy.getSpec().activation()).isEqualTo(Activation.NEXT_BOOT);
    assertThat(policy.getSpec().removal()).isEqualTo(Removal.REMOVE);
    assertThat(policy.getSpec().rollout()).isEqualTo(Rollout.DEFAULT);
    assertThat(policy.getSpec().extensions().get(0).selector()).isPresent();
    assertThat(policy.getStatus()).isEqualTo(NodeExtensionPolicyStatus.EMPTY);
  }

  @Test
  void aStateSurvivesTheWayThroughJson() {
    NodeExtensionState state = new NodeExtensionState();
    state.getMetadata().setName("node-1");
    Target target =
        Target.builder()
            .revision("v1-1")
            .version("1.0")
            .image(new Target.ResolvedImage("https://x/y.raw", "a".repeat(64)))
            .profiles(List.of(Profile.ACTIVE, Profile.PASSIVE))
            .activation(Activation.LIVE)
            .soakSeconds(5)
            .services(List.of(new Service("hello.service", ServiceAction.RELOAD)))
            .healthChecks(
                List.of(
                    HealthCheck.builder()
                        .name("answers")
                        .httpGetOrNull(new HealthCheck.HttpGet(8080, "/healthz"))
                        .timeoutSeconds(7)
                        .build()))
            .requiresOrNull(new Requirements(">=255", "", List.of("base")))
            .build();
    state.setSpec(
        new NodeExtensionStateSpec(
            List.of(
                new Assignment(ExtensionType.SYSEXT, "hello", "hello", "base", target, false),
                new Assignment(ExtensionType.SYSEXT, "world", "world", "base", target, false)
                    .toBuilder()
                        .wave("canary")
                        .attempt("again")
                        .admittedTime("2026-01-01T00:00:00Z")
                        .nextOrNull(target.toBuilder().revision("v1-2").build())
                        .build())));
    state.setStatus(
        NodeExtensionStateStatus.EMPTY.toBuilder()
            .observedGeneration(3)
            .extensions(
                List.of(
                    ExtensionStatus.builder()
                        .name("hello")
                        .phase(Phase.ACTIVE)
                        .merged(true)
                        .stagedRevision("v1-2")
                        .lastFailureOrNull(
                            new ExtensionStatus.LastFailure(
                                "v1-0", "", Reasons.MERGE_FAILED, "why", "2026-01-01T00:00:00Z"))
                        .build()))
            .build());

    NodeExtensionState back = json.unmarshal(json.asJson(state), NodeExtensionState.class);

    assertThat(back.getSpec()).isEqualTo(state.getSpec());
    assertThat(back.getStatus()).isEqualTo(state.getStatus());
    assertThat(json.asJson(state)).doesNotContain("key").doesNotContain("null");
  }

  @Test
  void aSignatureIsLeftOutWhereTheHostDecidesAndSurvivesWhereNot() {
    Target.TargetBuilder builder =
        Target.builder()
            .revision("v1-1")
            .version("1.0")
            .image(new Target.ResolvedImage("https://x/y.raw", "a".repeat(64)));
    Target host = builder.signatureOrNull(Signature.HOST).build();
    Target required = builder.signatureOrNull(Signature.requiredBy("keys")).build();

    assertThat(json.asJson(host)).doesNotContain("signature");
    assertThat(host).isEqualTo(builder.signatureOrNull(null).build());
    assertThat(host.signature()).isEqualTo(Signature.HOST);
    assertThat(json.asJson(required))
        .contains(
            "\"signature\":{\"policy\":\"Required\",\"trustedCertificates\":{\"configMap\":\"keys\"}}");
    assertThat(json.unmarshal(json.asJson(required), Target.class)).isEqualTo(required);
    SystemExtensionSpec spec = SystemExtensionSpec.builder().version("1").build();
    assertThat(json.asJson(spec)).doesNotContain("signature");
    assertThat(json.unmarshal("{\"signature\":{}}", SystemExtensionSpec.class).signature())
        .isEqualTo(Signature.HOST);
  }

  @Test
  void whatASourceNeedsSurvivesTheWayThroughJsonAndIsLeftOutWhereThereIsNone() {
    SystemExtension extension =
        json.unmarshal(
            """
            apiVersion: extensions.kairos.io/v1alpha1
            kind: SystemExtension
            metadata: {name: x}
            spec: {version: '1', images: [], pullSecret: {name: registry}, caBundle: {configMap: ca}}
            """,
            SystemExtension.class);
    assertThat(extension.getSpec().pullSecret()).hasValue(new SecretReference("registry"));
    assertThat(extension.getSpec().caBundle()).hasValue(new ConfigMapReference("ca"));
    assertThat(json.unmarshal(json.asJson(extension), SystemExtension.class).getSpec())
        .isEqualTo(extension.getSpec());

    Target.ResolvedImage plain = new Target.ResolvedImage("https://x/y.raw", "a".repeat(64));
    assertThat(json.asJson(plain)).doesNotContain("pullSecret").doesNotContain("caBundle");
    assertThat(json.unmarshal(json.asJson(plain), Target.ResolvedImage.class)).isEqualTo(plain);
    Target.ResolvedImage guarded =
        new Target.ResolvedImage("https://x/y.raw", "a".repeat(64), "registry", "ca");
    assertThat(json.unmarshal(json.asJson(guarded), Target.ResolvedImage.class)).isEqualTo(guarded);
  }

  @Test
  void aConditionKeepsItsTimeWhileItsStatusStays() {
    var before =
        List.of(
            new ConditionBuilder()
                .withType("Ready")
                .withStatus("True")
                .withLastTransitionTime("2026-01-01T00:00:00Z")
                .build());
    var same =
        List.of(
            new ConditionBuilder().withType("Ready").withStatus("True").withReason("New").build());
    var moved = List.of(new ConditionBuilder().withType("Ready").withStatus("False").build());

    assertThat(
            Conditions.transition(before, same, "2026-02-02T00:00:00Z")
                .get(0)
                .getLastTransitionTime())
        .isEqualTo("2026-01-01T00:00:00Z");
    assertThat(
            Conditions.transition(before, moved, "2026-02-02T00:00:00Z")
                .get(0)
                .getLastTransitionTime())
        .isEqualTo("2026-02-02T00:00:00Z");
  }

  @Test
  void aPaceSurvivesTheWayThroughJson() {
    NodeExtensionPolicy policy =
        json.unmarshal(
            """
            apiVersion: extensions.kairos.io/v1alpha1
            kind: NodeExtensionPolicy
            metadata: {name: p}
            spec:
              nodeSelector: {}
              extensions: [{name: hello}]
              rollout:
                maxUnavailable: 2
                waves:
                - {name: canary, nodes: 1}
                - {name: zone-a, selector: {matchLabels: {zone: a}}, soakSeconds: 60, approval: Manual}
                windows: [{schedule: 0 2 * * *, durationMinutes: 60}]
                drain: {onTimeout: Fail}
            status:
              observedRetry: again
              history: [{revision: v1-1, summary: hello 1}]
              rollout: {revision: v1-2, failed: 1, halted: v1-2, rollbackTo: v1-1, lastCompleted: v1-1, waves: [{name: canary, failed: 1, failedNodes: [n1]}]}
            """,
            NodeExtensionPolicy.class);
    Rollout rollout = policy.getSpec().rollout();

    assertThat(rollout.waves()).extracting(Wave::name).containsExactly("canary", "zone-a");
    assertThat(rollout.waves().get(0).nodes()).hasValue(new IntOrString(1));
    assertThat(rollout.waves().get(0).selector()).isEmpty();
    assertThat(rollout.waves().get(0).failureBudget()).isEqualTo(new IntOrString(0));
    assertThat(rollout.waves().get(1).approval()).isEqualTo(Approval.MANUAL);
    assertThat(rollout.windows()).containsExactly(new Window("0 2 * * *", 60, "UTC"));
    assertThat(rollout.drain()).isEqualTo(new Drain(Drain.When.REBOOT, 300, Drain.OnTimeout.FAIL));
    assertThat(rollout.onFailure()).isEqualTo(OnFailure.PAUSE);
    assertThat(rollout.progressDeadlineSeconds()).isEqualTo(600);
    NodeExtensionPolicy back = json.unmarshal(json.asJson(policy), NodeExtensionPolicy.class);
    assertThat(back.getSpec()).isEqualTo(policy.getSpec());
    assertThat(back.getStatus()).isEqualTo(policy.getStatus());
    assertThat(json.asJson(policy)).doesNotContain("null").doesNotContain("OrNull");
  }
}
