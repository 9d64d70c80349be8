package io.kairos.extensions.operator.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Architecture;
import io.kairos.extensions.api.v1alpha1.ConfigMapReference;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.SecretReference;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SitePlanTest {
  private static final String CERTIFICATE = base64("-----BEGIN CERTIFICATE-----");
  private static final SiteObjects.Secret TOKEN =
      new SiteObjects.Secret("Opaque", Map.of("token", base64("geheim"), "other", base64("x")));

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Extension extension(String name, String secret, String configMap) {
    return extension(name, secret, configMap, false);
  }

  private static Extension extension(
      String name, String secret, String configMap, boolean deleting) {
    Extension plain = Fleets.extension(name, "1.0");
    return new Extension(
        plain.name(),
        plain.generation(),
        deleting,
        plain.hasFinalizer(),
        plain.labels(),
        plain.imageName(),
        plain.spec().toBuilder()
            .pullSecretOrNull(secret.isEmpty() ? null : new SecretReference(secret))
            .caBundleOrNull(configMap.isEmpty() ? null : new ConfigMapReference(configMap))
            .build(),
        plain.status());
  }

  private static SitePlan plan(
      Map<String, SiteObjects.Secret> secrets,
      Map<String, SiteObjects.ConfigMap> configMaps,
      Extension... extensions) {
    return SitePlan.of(fleet(secrets, configMaps, Optional.empty(), extensions));
  }

  private static FleetSnapshot fleet(
      Map<String, SiteObjects.Secret> secrets,
      Map<String, SiteObjects.ConfigMap> configMaps,
      Optional<Map<String, String>> handedOut,
      Extension... extensions) {
    return FleetSnapshot.of(List.of(), List.of(extensions), List.of(), List.of())
        .withSite(
            new SiteObjects(
                new TreeMap<>(secrets), new TreeMap<>(configMaps), handedOut.map(TreeMap::new)));
  }

  @Test
  void whatIsReferredToIsHandedOutAndNothingElse() {
    SitePlan plan =
        plan(
            Map.of("registry", TOKEN, "unused", TOKEN),
            Map.of(
                "site-ca", new SiteObjects.ConfigMap(Map.of("ca.crt", CERTIFICATE)),
                "unused", new SiteObjects.ConfigMap(Map.of("ca.crt", CERTIFICATE))),
            extension("a", "registry", "site-ca"),
            extension("b", "registry", ""),
            extension("c", "", ""));

    assertThat(plan.data())
        .isEqualTo(
            Map.of(
                "secret.registry.token",
                base64("geheim"),
                "configmap.site-ca.ca.crt",
                CERTIFICATE));
    assertThat(plan.problems()).isEmpty();
  }

  @Test
  void anExtensionThatGoesRefersToNothing() {
    SitePlan plan = plan(Map.of(), Map.of(), extension("a", "registry", "site-ca", true));
    assertThat(plan.data()).isEmpty();
    assertThat(plan.problems()).isEmpty();
  }

  @Test
  void namesWithDotsCannotBeTakenForEachOther() {
    SitePlan plan =
        plan(
            Map.of(),
            Map.of(
                "a", new SiteObjects.ConfigMap(Map.of("b.crt", CERTIFICATE)),
                "a.b", new SiteObjects.ConfigMap(Map.of("crt", base64("other")))),
            extension("x", "", "a"),
            extension("y", "", "a.b"));
    assertThat(plan.data().keySet()).containsExactly("configmap.a.b.crt", "configmap.a_b.crt");
  }

  @Test
  void eachTypeOfSecretHasItsKeys() {
    SitePlan plan =
        plan(
            Map.of(
                "docker",
                    new SiteObjects.Secret(
                        "kubernetes.io/dockerconfigjson", Map.of(".dockerconfigjson", "e30=")),
                "basic",
                    new SiteObjects.Secret(
                        "kubernetes.io/basic-auth",
                        Map.of("username", base64("u"), "password", base64("p")))),
            Map.of(),
            extension("a", "docker", ""),
            extension("b", "basic", ""));
    assertThat(plan.data().keySet())
        .containsExactly(
            "secret.basic.password", "secret.basic.username", "secret.docker..dockerconfigjson");
  }

  @Test
  void whatIsMissingIsNamed() {
    SitePlan plan =
        plan(
            Map.of("registry", TOKEN),
            Map.of(),
            extension("a", "registri", ""),
            extension("b", "registry", "site-ca"));

    assertThat(plan.problems())
        .isEqualTo(
            Map.of(
                "a",
                List.of(
                    new SitePlan.Problem(
                        Reasons.SOURCE_SECRET_NOT_FOUND,
                        "spec.pullSecret.name: there is no Secret registri in the operator's"
                            + " namespace")),
                "b",
                List.of(
                    new SitePlan.Problem(
                        Reasons.SOURCE_CONFIG_MAP_NOT_FOUND,
                        "spec.caBundle.configMap: there is no ConfigMap site-ca in the operator's"
                            + " namespace"))));
    assertThat(plan.data().keySet()).containsExactly("secret.registry.token");
  }

  @ParameterizedTest
  @CsvSource({
    "Opaque, username, has nothing in the key token",
    "kubernetes.io/basic-auth, username, has nothing in the key password",
    "kubernetes.io/dockerconfigjson, token, has nothing in the key .dockerconfigjson",
    "kubernetes.io/service-account-token, token, is of type kubernetes.io/service-account-token",
    "kubernetes.io/tls, token, usable are kubernetes.io/dockerconfigjson"
  })
  void aSecretOfNoUseIsNamed(String type, String key, String words) {
    SitePlan plan =
        plan(
            Map.of("registry", new SiteObjects.Secret(type, Map.of(key, base64("geheim")))),
            Map.of(),
            extension("a", "registry", ""));
    assertThat(plan.data()).isEmpty();
    assertThat(plan.problems().get("a"))
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.reason()).isEqualTo(Reasons.SOURCE_SECRET_UNUSABLE);
              assertThat(problem.message()).contains("registry", words).doesNotContain("geheim");
            });
  }

  @Test
  void anEmptyOrUnwieldyConfigMapIsNamed() {
    SitePlan plan =
        plan(
            Map.of(),
            Map.of(
                "empty", new SiteObjects.ConfigMap(Map.of()),
                "long", new SiteObjects.ConfigMap(Map.of("k".repeat(250), CERTIFICATE))),
            extension("a", "", "empty"),
            extension("b", "", "long"));
    assertThat(plan.data()).isEmpty();
    assertThat(plan.problems().values())
        .allSatisfy(
            problems ->
                assertThat(problems.get(0).reason()).isEqualTo(Reasons.SOURCE_CONFIG_MAP_UNUSABLE));
  }

  @Test
  void whatFindsNoRoomIsNamedAndTheRestIsHandedOut() {
    String large = base64("x".repeat(500_000));
    SitePlan plan =
        plan(
            Map.of("registry", TOKEN),
            Map.of(
                "one", new SiteObjects.ConfigMap(Map.of("ca.crt", large)),
                "two", new SiteObjects.ConfigMap(Map.of("ca.crt", large))),
            extension("a", "", "one"),
            extension("b", "registry", "two"));
    assertThat(plan.data().keySet())
        .containsExactly("configmap.one.ca.crt", "secret.registry.token");
    assertThat(plan.problems().get("b"))
        .singleElement()
        .satisfies(p -> assertThat(p.reason()).isEqualTo(Reasons.SOURCES_TOO_LARGE));
  }

  @Test
  void theSecretIsWrittenOnlyWhereItDiffers() {
    Extension needs = extension("a", "registry", "");
    Map<String, SiteObjects.Secret> secrets = Map.of("registry", TOKEN);
    Map<String, String> right = Map.of("secret.registry.token", base64("geheim"));

    assertThat(differs(fleet(secrets, Map.of(), Optional.empty(), needs))).isTrue();
    assertThat(differs(fleet(secrets, Map.of(), Optional.of(right), needs))).isFalse();
    assertThat(differs(fleet(secrets, Map.of(), Optional.of(Map.of()), needs))).isTrue();
    assertThat(differs(fleet(secrets, Map.of(), Optional.of(right)))).isTrue();
    assertThat(differs(fleet(secrets, Map.of(), Optional.empty()))).isFalse();
    assertThat(differs(fleet(secrets, Map.of(), Optional.of(Map.of())))).isFalse();
  }

  private static boolean differs(FleetSnapshot fleet) {
    return SitePlan.of(fleet).differsFrom(fleet.site());
  }

  @Test
  void whatSecretsHoldIsNotShown() {
    FleetSnapshot fleet =
        fleet(
            Map.of("registry", TOKEN),
            Map.of(),
            Optional.of(Map.of("secret.registry.token", base64("geheim"))),
            extension("a", "registry", ""));
    assertThat(fleet + " " + SitePlan.of(fleet))
        .contains("registry")
        .doesNotContain("geheim", base64("geheim"));
  }

  @Test
  void theRevisionDoesNotDependOnThem() {
    var policy = Fleets.policy("base", "hello");
    FleetSnapshot with =
        FleetSnapshot.of(
            List.of(policy),
            List.of(extension("hello", "registry", "site-ca")),
            List.of(Fleets.node("n1")),
            List.of());
    FleetSnapshot without =
        FleetSnapshot.of(
            List.of(policy),
            List.of(extension("hello", "", "")),
            List.of(Fleets.node("n1")),
            List.of());
    Plan one = Planner.plan(with);
    assertThat(one.policies().get("base").revision())
        .isEqualTo(Planner.plan(without).policies().get("base").revision());
    assertThat(one.nodes().get("n1").wanted().values())
        .singleElement()
        .satisfies(
            assignment -> {
              assertThat(assignment.target().image().pullSecret()).isEqualTo("registry");
              assertThat(assignment.target().image().caBundle()).isEqualTo("site-ca");
              assertThat(assignment.target().image().url())
                  .isEqualTo(Fleets.image(Architecture.AMD64, "hello1.0").url());
            });
  }
}
