package io.kairos.extensions.e2e.api;

import static io.kairos.extensions.e2e.api.Applied.EVERYWHERE;
import static io.kairos.extensions.e2e.api.Applied.IMAGE;
import static io.kairos.extensions.e2e.api.Applied.SHA;
import static io.kairos.extensions.e2e.api.Applied.URL;
import static io.kairos.extensions.e2e.api.Applied.extension;
import static io.kairos.extensions.e2e.api.Applied.policy;
import static io.kairos.extensions.e2e.api.Applied.resource;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.kairos.extensions.e2e.cluster.Kubectl;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a person sees who applies something wrong: it is refused, and the message names the field
 * and says what to do.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ApiRefusalsTest {
  private final List<RealApi> started = new ArrayList<>();

  @BeforeAll
  void start() {
    started.add(RealApi.start("refusals of the API"));
  }

  @AfterAll
  void stop() {
    started.forEach(RealApi::close);
  }

  private Kubectl kubectl() {
    return started.get(0).kubectl();
  }

  static Stream<Applied> refused() {
    return Stream.concat(BadExtensions.refused(), BadPolicies.refused());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void refused(Applied bad) {
    Kubectl.Result result = kubectl().apply(bad.resource());

    assertThat(result.succeeded()).as(result.stdout()).isFalse();
    assertThat(present(result.stderr())).contains(bad.said());
    // A regular expression is no message; Kubernetes' own on the form of object names is. Of a
    // wave's numbers or percentages the schema alone can speak: rules on them, in a list, are more
    // than the API server of 1.30 takes.
    assertThat(
            result
                .stderr()
                .lines()
                .filter(line -> !line.contains("RFC 1123"))
                .filter(line -> !line.matches(".*rollout[.]waves.*[.](nodes|failureBudget): .*")))
        .noneMatch(line -> line.contains("should match"));
  }

  /** What the API server says by itself, in the words of today: those of 1.30 were others. */
  private static String present(String said) {
    Matcher key = Pattern.compile("map\\[string\\]interface \\{\\}(\\{.*?\\})").matcher(said);
    return key.replaceAll(it -> Matcher.quoteReplacement(it.group(1).replace("\", \"", "\",\"")))
        .replace("may not be longer than", "may not be more than");
  }

  static Stream<Applied> accepted() {
    return Stream.of(
        good(extension("a".repeat(63), "{version: 1.0.0, images: [" + IMAGE + "]}")),
        good(
            extension(
                "dotted.name",
                "{version: 1.86.2+build~rc1, imageName: Dotted_name-1.2, images: ["
                    + IMAGE
                    + "]}")),
        good(
            extension(
                "requiring",
                "{version: '1', requires: {systemd: '>=255, <258', kernel: '> 6.1', extensions: [base]},"
                    + " conflicts: [other], images: ["
                    + IMAGE
                    + "]}")),
        good(
            extension(
                "registries",
                "{version: v1, images: [{architecture: amd64, url: 'oci://registry.example.org:5000/team/hello:1.0.0', sha256: %s}, {architecture: arm64, url: 'oci://registry.example.org/hello@sha256:%s', sha256: %s}]}"
                    .formatted(SHA, SHA, SHA))),
        good(
            extension(
                "guarded",
                "{version: v1, images: ["
                    + IMAGE
                    + "], pullSecret: {name: my-registry.example}, caBundle: {configMap: kube-root-ca.crt}}")),
        good(extension("named.raw", "{version: v1, imageName: named, images: [" + IMAGE + "]}")),
        good(
            extension(
                "several",
                "{version: '1', images: [{architecture: amd64, url: 'http://x.example.org/', sha256: %s}, {architecture: arm64, url: 'file:///a', sha256: %s}]}"
                    .formatted(SHA, SHA))),
        good(policy("common", "{" + EVERYWHERE + ", profiles: [common]}")),
        good(
            policy(
                "several",
                "{%s, profiles: [active, passive, recovery], activation: Live, removal: Orphan, priority: -5, paused: true}"
                    .formatted(EVERYWHERE))),
        good(policy("one", "{" + EVERYWHERE + ", rollout: {maxUnavailable: 1, soakSeconds: 0}}")),
        good(
            policy(
                "sleeping",
                "{%s, activation: Reboot, rollout: {maxUnavailable: 5%%, maxStaging: 50, failureBudget: 2%%, onFailure: Rollback,"
                        .formatted(EVERYWHERE)
                    + " waves: [{name: canary, nodes: 1, soakSeconds: 600, approval: Manual},"
                    + " {name: zone-a, selector: {matchLabels: {topology.kubernetes.io/zone: a}}, failureBudget: 1},"
                    + " {name: half, nodes: 50%, failureBudget: 10%}],"
                    + " windows: [{schedule: 0 2 * * MON-FRI, durationMinutes: 240, timeZone: Europe/Berlin}],"
                    + " progressDeadlineSeconds: 60, revision: v1-0123456789abcdef, revisionHistoryLimit: 3,"
                    + " drain: {when: Always, timeoutSeconds: 60, onTimeout: Force}, dryRun: true}}")),
        good(policy("all", "{" + EVERYWHERE + ", rollout: {maxUnavailable: 100%}}")),
        good(
            policy(
                "selectors",
                "{nodeSelector: {matchExpressions: [{key: a, operator: In, values: [b]}, {key: c, operator: Exists}]},"
                    + " extensions: [{name: a}, {namePattern: 'nvidia-.*'}, {selector: {matchLabels: {tier: base}}}]}")));
  }

  private static Applied good(String resource) {
    return new Applied(
        resource.lines().skip(1).reduce("", (a, b) -> a + " " + b), resource, List.of());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void accepted(Applied good) {
    kubectl().apply(good.resource()).orThrow();
  }

  @Test
  void absentFieldsGetTheirDefaults() {
    kubectl().apply(extension("minimal", "{version: 1.0.0, images: [" + IMAGE + "]}")).orThrow();
    assertThat(spec("sysext", "minimal"))
        .isEqualTo(
            Map.of(
                "type",
                "Sysext",
                "version",
                "1.0.0",
                "images",
                List.of(Map.of("architecture", "any", "url", URL, "sha256", SHA))));

    Map<String, Object> all =
        Map.of(
            "nodeSelector",
            Map.of(),
            "extensions",
            List.of(Map.of("name", "hello")),
            "profiles",
            List.of("active"),
            "activation",
            "NextBoot",
            "priority",
            0,
            "removal",
            "Remove",
            "paused",
            false,
            "rollout",
            Map.of(
                "maxUnavailable",
                "10%",
                "maxStaging",
                "25%",
                "soakSeconds",
                30,
                "failureBudget",
                0,
                "onFailure",
                "Pause",
                "progressDeadlineSeconds",
                600,
                "drain",
                Map.of("when", "Reboot", "timeoutSeconds", 300, "onTimeout", "Skip"),
                "dryRun",
                false,
                "revisionHistoryLimit",
                10));
    kubectl().apply(policy("minimal", "{" + EVERYWHERE + "}")).orThrow();
    assertThat(spec("nep", "minimal")).isEqualTo(all);
    kubectl().apply(policy("minimal-rollout", "{" + EVERYWHERE + ", rollout: {}}")).orThrow();
    assertThat(spec("nep", "minimal-rollout")).isEqualTo(all);
  }

  private Map<String, Object> spec(String kind, String name) {
    GenericKubernetesResource found =
        Serialization.unmarshal(
            kubectl().run("get", kind, name, "-o", "yaml").orThrow(),
            GenericKubernetesResource.class);
    return found.get("spec");
  }

  @Test
  void whatAnImageIsCalledStays() {
    String made = "imageName cannot be changed: make a new SystemExtension";
    String images = "images: [" + IMAGE + "]}";
    kubectl().apply(extension("named", "{version: '1', imageName: one, " + images)).orThrow();
    kubectl().apply(extension("unnamed", "{version: '1', " + images)).orThrow();

    for (String change :
        List.of(
            extension("named", "{version: '1', imageName: two, " + images),
            extension("named", "{version: '1', " + images),
            extension("unnamed", "{version: '1', imageName: unnamed, " + images))) {
      assertThat(kubectl().apply(change).stderr()).contains("spec.imageName: ", made);
    }
    assertThat(
            kubectl().apply(extension("named", "{type: Confext, version: '1', " + images)).stderr())
        .contains("spec.type: ", "type cannot be changed");
    kubectl().apply(extension("named", "{version: '2', imageName: one, " + images)).orThrow();
  }

  @Test
  void oneAssignmentForANameOnANode() {
    String assignment =
        """
        {name: hello, extension: %s, policy: everywhere, target: {revision: r, version: '1',
          image: {url: '%s', sha256: %s}, profiles: [active], activation: Live, soakSeconds: 0}}""";
    String one = assignment.formatted("hello", URL, SHA);
    String other = assignment.formatted("hello-too", URL, SHA);

    assertThat(
            present(
                kubectl()
                    .apply(
                        resource(
                            "NodeExtensionState",
                            "n1",
                            "{assignments: [" + one + ", " + other + "]}"))
                    .stderr()))
        .contains("spec.assignments[1]: Duplicate value: {\"name\":\"hello\",\"type\":\"Sysext\"}");
    kubectl().apply(resource("NodeExtensionState", "n1", "{assignments: [" + one + "]}")).orThrow();
  }

  @Test
  void columns() {
    kubectl().apply(extension("shown", "{version: 1.0.0, images: [" + IMAGE + "]}")).orThrow();
    kubectl().apply(policy("shown", "{" + EVERYWHERE + "}")).orThrow();
    kubectl().apply(resource("NodeExtensionState", "shown", "{assignments: []}")).orThrow();
    report("sysext", "nodes: {desired: 12, active: 7, failed: 2}", "Ready");
    report("nep", "desired: 12, updated: 9, ready: 7, failed: 2, unavailable: 4, revision: v1-abc");
    report(
        "nes",
        "desired: 3, active: 2, failed: 1, summary: hello 1.0.0 Active, host: {bootProfile: active, systemd: '257.13'}",
        "RebootRequired");

    assertThat(table("sysext"))
        .containsExactly(
            List.of("NAME", "TYPE", "VERSION", "DESIRED", "ACTIVE", "FAILED", "READY", "AGE"),
            List.of("shown", "Sysext", "1.0.0", "12", "7", "2", "True"));
    assertThat(table("nep"))
        .containsExactly(
            List.of(
                "NAME", "DESIRED", "UPDATED", "READY", "FAILED", "UNAVAILABLE", "PAUSED", "AGE"),
            List.of("shown", "12", "9", "7", "2", "4", "false"));
    assertThat(table("nes"))
        .containsExactly(
            List.of(
                "NAME", "PROFILE", "DESIRED", "ACTIVE", "FAILED", "REBOOT", "EXTENSIONS", "AGE"),
            List.of("shown", "active", "3", "2", "1", "True", "hello 1.0.0 Active"));
    assertThat(table("nep", "-o", "wide").get(0))
        .containsExactly(
            "NAME",
            "DESIRED",
            "UPDATED",
            "READY",
            "FAILED",
            "UNAVAILABLE",
            "PAUSED",
            "REVISION",
            "REASON",
            "AGE");
    assertThat(kubectl().run("get", "sysext,nep,nes").orThrow())
        .contains(
            "systemextension.extensions.kairos.io/shown",
            "nodeextensionpolicy.extensions.kairos.io/shown",
            "nodeextensionstate.extensions.kairos.io/shown");
  }

  private void report(String kind, String status, String... trueConditions) {
    String conditions =
        Arrays.stream(trueConditions)
            .map(
                type ->
                    "{type: %s, status: 'True', reason: Shown, message: '', lastTransitionTime: '2026-01-01T00:00:00Z'}"
                        .formatted(type))
            .reduce((a, b) -> a + ", " + b)
            .orElse("");
    String patch = "status: {" + status + ", conditions: [" + conditions + "]}";
    kubectl()
        .run("patch", kind, "shown", "--subresource=status", "--type=merge", "-p", patch)
        .orThrow();
  }

  /** The table's header, and the row of what is called "shown" but for its age. */
  private List<List<String>> table(String... arguments) {
    List<String> command = new ArrayList<>(List.of("get"));
    command.addAll(List.of(arguments));
    List<List<String>> rows =
        kubectl()
            .run(command.toArray(String[]::new))
            .orThrow()
            .lines()
            .map(line -> List.of(line.strip().split(" {2,}")))
            .filter(row -> row.get(0).equals("NAME") || row.get(0).equals("shown"))
            .toList();
    List<String> row = rows.get(1);
    return List.of(rows.get(0), row.subList(0, row.size() - 1));
  }
}
