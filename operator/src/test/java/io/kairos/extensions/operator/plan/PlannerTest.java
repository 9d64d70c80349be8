package io.kairos.extensions.operator.plan;

import static io.kairos.extensions.operator.plan.Fleets.deleting;
import static io.kairos.extensions.operator.plan.Fleets.extension;
import static io.kairos.extensions.operator.plan.Fleets.fleet;
import static io.kairos.extensions.operator.plan.Fleets.image;
import static io.kairos.extensions.operator.plan.Fleets.node;
import static io.kairos.extensions.operator.plan.Fleets.policy;
import static io.kairos.extensions.operator.plan.Fleets.selector;
import static io.kairos.extensions.operator.plan.Fleets.state;
import static io.kairos.extensions.operator.plan.Fleets.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Architecture;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.ExtensionReference;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Service;
import io.kairos.extensions.api.v1alpha1.ServiceAction;
import io.kairos.extensions.api.v1alpha1.Signature;
import io.kairos.extensions.api.v1alpha1.SignaturePolicy;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Plan.PolicyPlan;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlannerTest {
  private final Extension hello = extension("hello", "1.0");
  private final Extension world = extension("world", "1.0");

  @Test
  void matchesByNamePatternAndLabels() {
    Extension based =
        extension("based", "based", Map.of("tier", "base"), "1", image(Architecture.ANY, "b"));
    Policy policy =
        with(
            policy("p"),
            spec ->
                spec.extensions(
                    List.of(
                        ExtensionReference.byName("hello"),
                        ExtensionReference.byPattern("wor.*"),
                        ExtensionReference.bySelector(selector("tier", "base")))));
    Extension other = extension("a-world", "1.0");

    Plan plan =
        Planner.plan(
            fleet(List.of(policy), List.of(hello, world, based, other), List.of(node("n"))));

    assertThat(plan.policies().get("p").extensions()).containsExactly("based", "hello", "world");
    assertThat(plan.nodes().get("n").wanted()).hasSize(3);
    assertThat(plan.policies().get("p").problems()).isEmpty();
  }

  @Test
  void selectsNodesAsTheApiServerWould() {
    Policy policy =
        with(
            policy("p", "hello"),
            spec ->
                spec.nodeSelector(
                    new LabelSelectorBuilder()
                        .addToMatchExpressions(
                            new LabelSelectorRequirement("zone", "In", List.of("a", "b")))
                        .addToMatchExpressions(
                            new LabelSelectorRequirement("gpu", "DoesNotExist", List.of()))
                        .addToMatchExpressions(
                            new LabelSelectorRequirement("tier", "NotIn", List.of("edge")))
                        .build()));

    Plan plan =
        Planner.plan(
            fleet(
                List.of(policy),
                List.of(hello),
                List.of(
                    node("yes", "amd64", Map.of("zone", "a")),
                    node("other-zone", "amd64", Map.of("zone", "c")),
                    node("gpu", "amd64", Map.of("zone", "b", "gpu", "")),
                    node("edge", "amd64", Map.of("zone", "b", "tier", "edge")))));

    assertThat(plan.policies().get("p").selected()).containsExactly("yes");
  }

  @Test
  void takesTheImageOfTheNodesArchitectureOrTheOneForAny() {
    Extension both =
        extension(
            "both",
            "both",
            Map.of(),
            "1",
            image(Architecture.ARM64, "arm"),
            image(Architecture.ANY, "any"));
    Plan plan =
        Planner.plan(
            fleet(
                List.of(policy("p", "both", "hello")),
                List.of(both, hello),
                List.of(node("a", "arm64", Map.of()), node("x", "amd64", Map.of()))));

    assertThat(sha(plan, "a", "both")).isEqualTo(Fleets.digest("arm"));
    assertThat(sha(plan, "x", "both")).isEqualTo(Fleets.digest("any"));
    assertThat(plan.nodes().get("a").wanted()).doesNotContainKey(key("hello"));
    assertThat(plan.policies().get("p").problems())
        .containsExactly(
            new Problem(
                Problem.Kind.NO_IMAGE, "SystemExtension hello has no image for arm64: 1 node (a)"));
  }

  @Test
  void whatIsActiveOnANodeDoesNotDecideWhetherItIsGiven() {
    Policy flapping =
        with(
            policy("flapping", "hello"),
            s ->
                s.nodeSelector(
                    new LabelSelectorBuilder()
                        .addNewMatchExpression()
                        .withKey(Api.SYSEXT_LABELS + "hello")
                        .withOperator("DoesNotExist")
                        .endMatchExpression()
                        .build()));

    Plan plan =
        Planner.plan(
            fleet(List.of(flapping), List.of(extension("hello", "1")), List.of(node("n"))));

    assertThat(plan.policies().get("flapping").problems())
        .singleElement()
        .satisfies(p -> assertThat(p.kind()).isEqualTo(Problem.Kind.INVALID_SPEC))
        .satisfies(p -> assertThat(p.message()).contains("spec.nodeSelector", "hello"));
    assertThat(plan.policies().get("flapping").frozen()).isTrue();
  }

  @Test
  void namesWhatIsMissingOrUnreadable() {
    Policy missing = policy("missing", "nowhere");
    Policy broken =
        with(policy("broken"), s -> s.extensions(List.of(ExtensionReference.byPattern("a("))));

    Plan plan = Planner.plan(fleet(List.of(missing, broken), List.of(), List.of(node("n"))));

    assertThat(plan.policies().get("missing").problems())
        .singleElement()
        .satisfies(p -> assertThat(p.kind()).isEqualTo(Problem.Kind.EXTENSION_NOT_FOUND))
        .satisfies(p -> assertThat(p.message()).contains("nowhere", "spec.extensions[0].name"));
    assertThat(plan.policies().get("broken").problems())
        .singleElement()
        .satisfies(p -> assertThat(p.kind()).isEqualTo(Problem.Kind.INVALID_SPEC));
    assertThat(plan.policies().get("broken").frozen()).isTrue();
  }

  @Test
  void higherPriorityWinsAndTheOtherIsToldSo() {
    Policy high = with(policy("z-high", "hello"), spec -> spec.priority(10));

    Plan plan =
        Planner.plan(
            fleet(List.of(policy("low", "hello"), high), List.of(hello), List.of(node("n"))));

    assertThat(winner(plan, "hello")).isEqualTo("z-high");
    PolicyPlan low = plan.policies().get("low");
    assertThat(low.problems()).isEmpty();
    assertThat(low.overridden()).containsExactly("n");
    assertThat(low.overriders()).containsExactly("z-high");
    assertThat(plan.policies().get("z-high").overridden()).isEmpty();
  }

  @Test
  void equalPriorityIsAConflictThatTheHolderWins() {
    List<Policy> policies = List.of(policy("a", "hello"), policy("b", "hello"));
    Plan fresh = Planner.plan(fleet(policies, List.of(hello), List.of(node("n"))));
    assertThat(winner(fresh, "hello")).isEqualTo("a");
    for (String name : List.of("a", "b")) {
      assertThat(fresh.policies().get(name).problems())
          .singleElement()
          .satisfies(p -> assertThat(p.kind()).isEqualTo(Problem.Kind.CONFLICT));
    }

    Assignment held =
        Planner.plan(fleet(List.of(policy("b", "hello")), List.of(hello), List.of(node("n"))))
            .nodes()
            .get("n")
            .wanted()
            .get(key("hello"));
    Plan later =
        Planner.plan(fleet(policies, List.of(hello), List.of(node("n")), state(node("n"), held)));
    assertThat(winner(later, "hello")).isEqualTo("b");
  }

  @Test
  void twoExtensionsOfOneImageNameAreAConflictToo() {
    Extension nightly =
        extension("hello-nightly", "hello", Map.of(), "2", image(Architecture.AMD64, "nightly"));

    Plan plan =
        Planner.plan(
            fleet(
                List.of(policy("p", "hello", "hello-nightly")),
                List.of(hello, nightly),
                List.of(node("n"))));

    assertThat(plan.nodes().get("n").wanted().get(key("hello")).extension()).isEqualTo("hello");
    assertThat(plan.policies().get("p").problems())
        .singleElement()
        .satisfies(p -> assertThat(p.message()).contains("hello and hello-nightly"));
  }

  @Test
  void whatIsBeingDeletedGivesNothing() {
    Plan plan =
        Planner.plan(
            fleet(
                List.of(deleting(policy("going", "hello")), policy("stays", "world")),
                List.of(hello, deleting(world)),
                List.of(node("n"))));

    assertThat(plan.nodes().get("n").wanted()).isEmpty();
    assertThat(plan.policies().get("going").selected()).isEmpty();
    assertThat(plan.policies().get("going").matching()).containsExactly("n");
    assertThat(plan.policies().get("stays").problems()).isEmpty();
  }

  @Test
  void aNodeGetsNoMoreThanItsStateCanHold() {
    List<Extension> many =
        IntStream.range(0, Planner.MAX_ASSIGNMENTS + 1)
            .mapToObj(i -> extension(String.format("e%02d", i), "1"))
            .toList();
    Policy all = with(policy("p"), s -> s.extensions(List.of(ExtensionReference.byPattern(".*"))));

    Plan plan = Planner.plan(fleet(List.of(all), many, List.of(node("n"))));

    assertThat(plan.nodes().get("n").wanted()).hasSize(Planner.MAX_ASSIGNMENTS);
    assertThat(plan.policies().get("p").problems())
        .singleElement()
        .satisfies(p -> assertThat(p.kind()).isEqualTo(Problem.Kind.TOO_MANY_EXTENSIONS));
  }

  /** If this fails, an upgrade rolls through every fleet: do not mend the test. */
  @Test
  void theRevisionIsForEver() {
    Extension two =
        extension(
            "hello",
            "hi",
            Map.of(),
            "1.0",
            image(Architecture.ARM64, "b"),
            image(Architecture.AMD64, "a"));
    Policy policy =
        with(policy("p", "hello"), s -> s.profiles(List.of(Profile.PASSIVE, Profile.ACTIVE)));

    assertThat(Revision.canonical(policy.spec(), List.of(world, two)))
        .isEqualTo(
            "{\"activation\":\"Live\",\"extensions\":["
                + "{\"imageName\":\"hi\",\"images\":["
                + "{\"architecture\":\"amd64\",\"sha256\":\""
                + "0".repeat(62)
                + "61\",\"url\":\"https://example.org/a.raw\"},"
                + "{\"architecture\":\"arm64\",\"sha256\":\""
                + "0".repeat(62)
                + "62\",\"url\":\"https://example.org/b.raw\"}],"
                + "\"name\":\"hello\",\"type\":\"Sysext\",\"version\":\"1.0\"},"
                + "{\"imageName\":\"world\",\"images\":["
                + "{\"architecture\":\"amd64\",\"sha256\":\""
                + Fleets.digest("world1.0")
                + "\",\"url\":\"https://example.org/world1.0.raw\"}],"
                + "\"name\":\"world\",\"type\":\"Sysext\",\"version\":\"1.0\"}],"
                + "\"profiles\":[\"active\",\"passive\"]}");
    assertThat(Revision.of(policy.spec(), List.of(two))).isEqualTo("v1-10d5f7d0b9881330");
    assertThat(Revision.of(policy.spec(), List.of(two)))
        .isEqualTo(Revision.of(with(policy, s -> s.priority(7).paused(true)).spec(), List.of(two)));
  }

  /** The same holds for fields that came later: they are written where they are set. */
  @Test
  void theRevisionOfServicesAndHealthChecksIsForEver() {
    Policy policy = policy("p", "hello");
    Extension plain = extension("hello", "hello", Map.of(), "1.0", image(Architecture.AMD64, "a"));
    Extension served =
        new Extension(
            plain.name(),
            plain.generation(),
            plain.deleting(),
            plain.hasFinalizer(),
            plain.labels(),
            plain.imageName(),
            plain.spec().toBuilder()
                .services(List.of(new Service("a.service", ServiceAction.RELOAD)))
                .healthChecks(
                    List.of(
                        HealthCheck.builder().name("up").unit("a.service").build(),
                        HealthCheck.builder()
                            .name("answers")
                            .httpGetOrNull(new HealthCheck.HttpGet(80, "/x"))
                            .timeoutSeconds(7)
                            .build(),
                        HealthCheck.builder().name("runs").command(List.of("a", "b")).build()))
                .build(),
            plain.status());

    assertThat(Revision.canonical(policy.spec(), List.of(served)))
        .contains(
            "[{\"healthChecks\":["
                + "{\"file\":\"\",\"name\":\"up\",\"timeoutSeconds\":60,\"unit\":\"a.service\"},"
                + "{\"file\":\"\",\"httpGet\":{\"path\":\"/x\",\"port\":80},\"name\":\"answers\","
                + "\"timeoutSeconds\":7,\"unit\":\"\"},"
                + "{\"command\":[\"a\",\"b\"],\"file\":\"\",\"name\":\"runs\",\"timeoutSeconds\":60,"
                + "\"unit\":\"\"}],\"imageName\"")
        .contains("\"services\":[{\"name\":\"a.service\",\"onChange\":\"Reload\"}],\"type\"");
  }

  @Test
  void aRequiredSignatureIsANewRevisionAndReachesTheNode() {
    Policy policy = policy("p", "world");
    Extension signed = signed(world, Signature.requiredBy("keys"));

    assertThat(Revision.canonical(policy.spec(), List.of(signed)))
        .contains(
            "\"name\":\"world\",\"signature\":{\"policy\":\"Required\","
                + "\"trustedCertificates\":{\"configMap\":\"keys\"}},\"type\":\"Sysext\"");
    assertThat(
            Revision.canonical(
                policy.spec(),
                List.of(signed(world, new Signature(SignaturePolicy.REQUIRED, null)))))
        .contains("\"signature\":{\"policy\":\"Required\"},\"type\"");
    assertThat(Revision.of(policy.spec(), List.of(signed(world, Signature.HOST))))
        .isEqualTo(Revision.of(policy.spec(), List.of(world)));
    Plan plan = Planner.plan(fleet(List.of(policy), List.of(signed), List.of(node("n"))));
    assertThat(plan.nodes().get("n").wanted().get(key("world")).target().signature())
        .isEqualTo(Signature.requiredBy("keys"));
  }

  private static Extension signed(Extension extension, Signature signature) {
    return new Extension(
        extension.name(),
        extension.generation(),
        extension.deleting(),
        extension.hasFinalizer(),
        extension.labels(),
        extension.imageName(),
        extension.spec().toBuilder().signatureOrNull(signature).build(),
        extension.status());
  }

  private static ExtensionKey key(String name) {
    return new ExtensionKey(ExtensionType.SYSEXT, name);
  }

  private static String winner(Plan plan, String name) {
    return plan.nodes().get("n").wanted().get(key(name)).policy();
  }

  private static String sha(Plan plan, String node, String name) {
    return plan.nodes().get(node).wanted().get(key(name)).target().image().sha256();
  }
}
