package io.kairos.extensions.e2e.api;

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
import java.util.stream.IntStream;
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
  private static final String SHA = "0123456789abcdef".repeat(4);
  private static final String URL = "https://extensions.example.org/hello-1.0.0.raw";
  private static final String IMAGE = "{url: '" + URL + "', sha256: " + SHA + "}";
  private static final String EVERYWHERE = "nodeSelector: {}, extensions: [{name: hello}]";

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

  /**
   * Something to apply.
   *
   * @param title what it is, for the test's report
   * @param resource YAML
   * @param said what the answer has to contain, each of them
   */
  record Case(String title, String resource, List<String> said) {
    @Override
    public String toString() {
      return title;
    }
  }

  private static String extension(String name, String spec) {
    return resource("SystemExtension", name, spec);
  }

  private static String policy(String name, String spec) {
    return resource("NodeExtensionPolicy", name, spec);
  }

  private static String resource(String kind, String name, String spec) {
    return """
        apiVersion: extensions.kairos.io/v1alpha1
        kind: %s
        metadata: {name: %s}
        spec: %s
        """
        .formatted(kind, name, spec);
  }

  private static Case badExtension(String title, String spec, String... said) {
    return new Case(title, extension("bad", spec), List.of(said));
  }

  private static Case badImages(String title, String images, String... said) {
    return badExtension(title, "{version: 1.0.0, images: [" + images + "]}", said);
  }

  private static Case badPolicy(String title, String spec, String... said) {
    return new Case(title, policy("bad", "{" + spec + "}"), List.of(said));
  }

  static Stream<Case> refused() {
    return Stream.of(
            images(),
            urls(),
            digests(),
            names(),
            requirements(),
            versions(),
            health(),
            profiles(),
            paces(),
            gates(),
            waves(),
            windows(),
            references(),
            sources(),
            Stream.of(
                badPolicy(
                    "no node selector",
                    "extensions: [{name: hello}]",
                    "spec.nodeSelector: Required value"),
                badPolicy(
                    "an operator that needs values, without",
                    "nodeSelector: {matchExpressions: [{key: zone, operator: NotIn}]}, extensions: [{name: hello}]",
                    "spec.nodeSelector.matchExpressions[0]: Invalid value",
                    "operators In and NotIn need values"),
                badPolicy(
                    "an activation that is none",
                    EVERYWHERE + ", activation: Never",
                    "spec.activation: Unsupported value: \"Never\"",
                    "\"Live\", \"NextBoot\", \"Reboot\", \"Stage\""),
                badPolicy(
                    "an unknown removal",
                    EVERYWHERE + ", removal: Keep",
                    "spec.removal: Unsupported value: \"Keep\"",
                    "\"Orphan\", \"Remove\""),
                badExtension(
                    "a type that systemd has no class for",
                    "{type: Portable, version: 1.0.0, images: [" + IMAGE + "]}",
                    "spec.type: Unsupported value: \"Portable\"",
                    "\"Confext\", \"Sysext\""),
                badExtension(
                    "certificates that nobody would look at",
                    "{version: 1.0.0, images: ["
                        + IMAGE
                        + "], signature: {trustedCertificates: {configMap: keys}}}",
                    "spec.signature.trustedCertificates",
                    "set policy: Required"),
                badExtension(
                    "a ConfigMap whose name is a path",
                    "{version: 1.0.0, images: ["
                        + IMAGE
                        + "], signature: {policy: Required, trustedCertificates: {configMap: ../keys}}}",
                    "spec.signature.trustedCertificates.configMap",
                    "without dots"),
                badExtension(
                    "an unknown signature policy",
                    "{version: 1.0.0, images: [" + IMAGE + "], signature: {policy: Never}}",
                    "spec.signature.policy: Unsupported value: \"Never\"",
                    "\"Host\", \"Required\""),
                badExtension(
                    "a field that is none",
                    "{version: 1.0.0, imagename: hello, images: [" + IMAGE + "]}",
                    "unknown field \"spec.imagename\""),
                badPolicy(
                    "a misspelt field inside",
                    EVERYWHERE + ", rollout: {maxUnavailabel: 1}",
                    "unknown field \"spec.rollout.maxUnavailabel\"")))
        .flatMap(cases -> cases);
  }

  private static Stream<Case> images() {
    return Stream.of(
        badExtension("no images", "{version: 1.0.0}", "spec.images: Required value"),
        badImages("an empty list of images", "", "spec.images", "at least 1 item"),
        badImages(
            "no digest",
            "{url: '" + URL + "'}",
            "spec.images[0].sha256: Required value: every image needs its sha256",
            "sha256sum FILE"),
        badImages(
            "one of two without digest",
            "{architecture: amd64, url: '"
                + URL
                + "', sha256: "
                + SHA
                + "}, {architecture: arm64, url: '"
                + URL
                + "'}",
            "spec.images[1].sha256: Required value: every image needs its sha256"),
        badImages(
            "two for one architecture",
            "{architecture: amd64, url: '%s', sha256: %s}, {architecture: amd64, url: '%s/2', sha256: %s}"
                .formatted(URL, SHA, URL, SHA),
            "spec.images[1]: Duplicate value: {\"architecture\":\"amd64\"}"),
        badImages(
            "two of which one is for any",
            "{architecture: amd64, url: '%s', sha256: %s}, {url: '%s', sha256: %s}"
                .formatted(URL, SHA, URL, SHA),
            "spec.images: Invalid value",
            "with more than one image each has to name its architecture; 'any' goes alone"),
        badImages(
            "an architecture by another name",
            "{architecture: x86_64, url: '" + URL + "', sha256: " + SHA + "}",
            "spec.images[0].architecture: Unsupported value: \"x86_64\"",
            "\"amd64\""));
  }

  private static Stream<Case> urls() {
    return Stream.concat(
        Stream.of(
                "ftp://extensions.example.org/hello.raw",
                "oci://registry.example.org",
                "oci://registry.example.org/Hello:1.0.0",
                "oci://registry.example.org/hello:",
                "oci://registry.example.org/hello@sha256:abc",
                "HTTPS://extensions.example.org/hello.raw",
                "extensions.example.org/hello.raw",
                "https://extensions.example.org",
                "https://extensions.example.org/hello 1.raw",
                "file://images/hello.raw",
                "/images/hello.raw",
                "")
            .map(
                url ->
                    badImages(
                        "url '" + url + "'",
                        "{url: '" + url + "', sha256: " + SHA + "}",
                        "spec.images[0].url: Invalid value",
                        "url is https://HOST/PATH, http://HOST/PATH, oci://HOST/REPOSITORY[:TAG|@sha256:DIGEST] or file:///PATH-ON-THE-HOST")),
        Stream.of(
            badImages(
                "a url with a password",
                "{url: 'https://me:secret@extensions.example.org/hello.raw', sha256: " + SHA + "}",
                "spec.images[0].url: Invalid value",
                "url carries a user name or password, which everyone could read: take it out")));
  }

  private static Stream<Case> sources() {
    return Stream.of("Registry", "a/b", "-a", "a..b", "")
        .flatMap(
            name ->
                Stream.of(
                    badExtension(
                        "pull secret '" + name + "'",
                        "{version: 1.0.0, images: ["
                            + IMAGE
                            + "], pullSecret: {name: '"
                            + name
                            + "'}}",
                        "spec.pullSecret.name: Invalid value",
                        "name is the name of a Secret"),
                    badExtension(
                        "CA bundle '" + name + "'",
                        "{version: 1.0.0, images: ["
                            + IMAGE
                            + "], caBundle: {configMap: '"
                            + name
                            + "'}}",
                        "spec.caBundle.configMap: Invalid value",
                        "configMap is the name of a ConfigMap")));
  }

  private static Stream<Case> digests() {
    return Stream.of(SHA.toUpperCase(java.util.Locale.ROOT), "abc123", "", "sha256:" + SHA)
        .map(
            digest ->
                badImages(
                    "sha256 '" + digest + "'",
                    "{url: '" + URL + "', sha256: '" + digest + "'}",
                    "spec.images[0].sha256: Invalid value",
                    "sha256 is 64 lower-case hex digits and nothing else, as `sha256sum FILE` prints them"));
  }

  private static Stream<Case> requirements() {
    Stream<Case> constraints =
        Stream.of("255", ">=", "newer than 6", ">=255,", "~>255", "", ">=255 <258")
            .map(
                constraint ->
                    badExtension(
                        "requires.systemd '" + constraint + "'",
                        "{version: 1.0.0, requires: {systemd: '"
                            + constraint
                            + "'}, images: ["
                            + IMAGE
                            + "]}",
                        "spec.requires.systemd: Invalid value",
                        "systemd is a comparison like >=255"));
    return Stream.concat(
        constraints,
        Stream.of(
            badExtension(
                "requires.kernel 'any'",
                "{version: 1.0.0, requires: {kernel: any}, images: [" + IMAGE + "]}",
                "spec.requires.kernel: Invalid value",
                "kernel is a comparison like >=6.1"),
            badExtension(
                "conflicts twice with the same",
                "{version: 1.0.0, conflicts: [a, a], images: [" + IMAGE + "]}",
                "spec.conflicts[1]: Duplicate value")));
  }

  private static Stream<Case> names() {
    String spec = "{version: 1.0.0, images: [" + IMAGE + "]}";
    Stream<Case> paths =
        Stream.of("../x", "a/b", "/x", "..", ".x", "x..y", "x.", "a b", "-x", "")
            .map(
                name ->
                    badExtension(
                        "imageName '" + name + "'",
                        "{version: 1.0.0, imageName: '" + name + "', images: [" + IMAGE + "]}",
                        "spec.imageName: Invalid value",
                        "imageName is a plain name, no path"));
    Stream<Case> endings =
        Stream.of("x.raw", "x.sysext", "x.confext")
            .map(
                name ->
                    badExtension(
                        "imageName '" + name + "'",
                        "{version: 1.0.0, imageName: '" + name + "', images: [" + IMAGE + "]}",
                        "spec.imageName: Invalid value",
                        "imageName goes without .raw, .sysext or .confext: take the ending off"));
    String dots =
        "metadata.name becomes a file name on the hosts: at most 63 characters, without '..'";
    Stream<Case> others =
        Stream.of(
            badExtension(
                "imageName of 64 characters",
                "{version: 1.0.0, imageName: " + "x".repeat(64) + ", images: [" + IMAGE + "]}",
                "spec.imageName: Too long: may not be more than 63"),
            new Case("metadata.name with '..'", extension("a..b", spec), List.of(dots)),
            new Case(
                "metadata.name of 64 characters", extension("a".repeat(64), spec), List.of(dots)),
            new Case(
                "metadata.name with an ending, as image name",
                extension("hello.raw", spec),
                List.of("goes without .raw, .sysext or .confext", "or set spec.imageName")));
    return Stream.of(paths, endings, others).flatMap(cases -> cases);
  }

  private static Stream<Case> versions() {
    return Stream.concat(
        Stream.of("1 0", "v1/0", "-1", "1.", "")
            .map(
                version ->
                    badExtension(
                        "version '" + version + "'",
                        "{version: '" + version + "', images: [" + IMAGE + "]}",
                        "spec.version: Invalid value",
                        "version is made of letters, digits,")),
        Stream.of(
            badExtension("no version", "{images: [" + IMAGE + "]}", "spec.version: Required value"),
            badExtension(
                "a version that YAML takes for a number",
                "{version: 1.10, images: [" + IMAGE + "]}",
                "spec.version",
                "must be of type string")));
  }

  private static Stream<Case> health() {
    String one = "set exactly one of unit, file, httpGet and command";
    return Stream.of(
        badService(
            "a unit without its ending", "{name: hello}", "spec.services[0].name", "whole name"),
        badService(
            "a unit with a path", "{name: ../x.service}", "spec.services[0].name", "whole name"),
        badService(
            "an unknown action",
            "{name: a.service, onChange: Kill}",
            "spec.services[0].onChange: Unsupported value: \"Kill\"",
            "\"None\", \"Reload\", \"Restart\", \"Start\""),
        badService(
            "a service twice",
            "{name: a.service}, {name: a.service}",
            "spec.services[1]",
            "Duplicate"),
        badCheck("a check of nothing", "{name: a}", "spec.healthChecks[0]", one),
        badCheck("a check of two things", "{name: a, unit: a.service, file: /a}", one),
        badCheck(
            "a file that is no path", "{name: a, file: usr/bin/a}", "an absolute path on the host"),
        badCheck("a port that is none", "{name: a, httpGet: {port: 70000}}", "httpGet.port"),
        badCheck(
            "a path with spaces",
            "{name: a, httpGet: {port: 80, path: '/a b'}}",
            "path begins with '/'"),
        badCheck(
            "a time too short for a unit to stay up",
            "{name: a, unit: a.service, timeoutSeconds: 1}",
            "healthChecks[0].timeoutSeconds",
            "greater than or equal to 5"));
  }

  private static Case badService(String title, String services, String... said) {
    return badExtension(
        title, "{version: 1.0.0, images: [" + IMAGE + "], services: [" + services + "]}", said);
  }

  private static Case badCheck(String title, String checks, String... said) {
    return badExtension(
        title, "{version: 1.0.0, images: [" + IMAGE + "], healthChecks: [" + checks + "]}", said);
  }

  private static Stream<Case> profiles() {
    return Stream.of(
        badPolicy(
            "an unknown profile",
            EVERYWHERE + ", profiles: [fallback]",
            "spec.profiles[0]: Unsupported value: \"fallback\"",
            "\"active\", \"common\", \"passive\", \"recovery\""),
        badPolicy(
            "common with another profile",
            EVERYWHERE + ", profiles: [common, active]",
            "spec.profiles: Invalid value",
            "profile common means every boot profile: list it alone, or leave it out"),
        badPolicy(
            "a profile twice",
            EVERYWHERE + ", profiles: [active, active]",
            "spec.profiles[1]: Duplicate value: \"active\""),
        badPolicy("no profile", EVERYWHERE + ", profiles: []", "spec.profiles", "at least 1 item"));
  }

  private static Stream<Case> paces() {
    Stream<Case> unavailable =
        Stream.of("0", "-1", "3000000000", "'0%'", "'101%'", "'05%'", "'5.5%'", "ten", "'10'", "''")
            .map(
                value ->
                    badPolicy(
                        "maxUnavailable: " + value,
                        EVERYWHERE + ", rollout: {maxUnavailable: " + value + "}",
                        "spec.rollout.maxUnavailable: Invalid value",
                        "maxUnavailable is a number of nodes from 1 on, such as 3, or a percentage from 1% to 100%",
                        "to stop a rollout set spec.paused"));
    return Stream.concat(
        unavailable,
        Stream.of(
            badPolicy(
                "half a node",
                EVERYWHERE + ", rollout: {maxUnavailable: 0.5}",
                "spec.rollout.maxUnavailable",
                "must be of type integer"),
            badPolicy(
                "a soak of less than nothing",
                EVERYWHERE + ", rollout: {soakSeconds: -1}",
                "spec.rollout.soakSeconds",
                "should be greater than or equal to 0"),
            badRollout(
                "staging nobody",
                "maxStaging: 0",
                "spec.rollout.maxStaging: Invalid value",
                "maxStaging is a number of nodes from 1 on"),
            badRollout(
                "a budget of less than nothing",
                "failureBudget: -1",
                "spec.rollout.failureBudget: Invalid value",
                "failureBudget is a number of nodes from 0 on, such as 3, or a percentage from 0% to 100%"),
            badRollout(
                "a budget without its sign", "failureBudget: '10'", "failureBudget is a number"),
            badRollout(
                "an unknown consequence",
                "onFailure: Stop",
                "spec.rollout.onFailure: Unsupported value: \"Stop\"",
                "\"Continue\", \"Pause\", \"Rollback\""),
            badRollout(
                "no time at all",
                "progressDeadlineSeconds: 0",
                "spec.rollout.progressDeadlineSeconds"),
            badRollout(
                "a revision that is none",
                "revision: latest",
                "spec.rollout.revision",
                "one of status.history"),
            badRollout(
                "an unknown way to drain",
                "drain: {when: Sometimes}",
                "spec.rollout.drain.when: Unsupported value",
                "\"Always\", \"Never\", \"Reboot\"")));
  }

  private static Case badRollout(String title, String rollout, String... said) {
    return badPolicy(title, EVERYWHERE + ", rollout: {" + rollout + "}", said);
  }

  private static Stream<Case> waves() {
    String exactlyOne = "set exactly one of nodes and selector";
    return Stream.of(
        badRollout("a wave of nobody", "waves: [{name: a}]", exactlyOne),
        badRollout(
            "a wave by number and by labels",
            "waves: [{name: a, nodes: 1, selector: {matchLabels: {a: b}}}]",
            exactlyOne),
        badRollout(
            "a wave without a name",
            "waves: [{nodes: 1}]",
            "spec.rollout.waves[0].name: Required value"),
        badRollout(
            "a wave by the name of the last",
            "waves: [{name: rest, nodes: 1}]",
            "spec.rollout.waves[0].name",
            "rest is the name of the last wave"),
        badRollout(
            "a name that is no label",
            "waves: [{name: Canary@1, nodes: 1}]",
            "spec.rollout.waves[0].name",
            "lower-case letters, digits and inner dashes"),
        badRollout(
            "two waves by one name",
            "waves: [{name: a, nodes: 1}, {name: a, nodes: 2}]",
            "spec.rollout.waves[1]: Duplicate value"),
        badRollout(
            "a wave of no nodes",
            "waves: [{name: a, nodes: 0}]",
            "spec.rollout.waves[0].nodes",
            "greater than or equal to 1"),
        badRollout(
            "a wave of more than all",
            "waves: [{name: a, nodes: 101%}]",
            "spec.rollout.waves[0].nodes",
            "should match"),
        badRollout(
            "a wave's budget of less than nothing",
            "waves: [{name: a, nodes: 1, failureBudget: -1}]",
            "spec.rollout.waves[0].failureBudget"),
        badRollout(
            "an unknown approval",
            "waves: [{name: a, nodes: 1, approval: Maybe}]",
            "spec.rollout.waves[0].approval: Unsupported value",
            "\"Automatic\", \"Manual\""));
  }

  private static Stream<Case> windows() {
    return Stream.of(
        badRollout(
            "a window that never closes",
            "windows: [{schedule: 0 2 * * *}]",
            "spec.rollout.windows[0].durationMinutes: Required value"),
        badRollout(
            "a window of no length",
            "windows: [{schedule: 0 2 * * *, durationMinutes: 0}]",
            "spec.rollout.windows[0].durationMinutes"),
        badRollout(
            "a schedule of four fields",
            "windows: [{schedule: 0 2 * *, durationMinutes: 60}]",
            "spec.rollout.windows[0].schedule",
            "schedule has five fields"),
        badRollout(
            "an offset for a time zone",
            "windows: [{schedule: 0 2 * * *, durationMinutes: 60, timeZone: '+02:00'}]",
            "spec.rollout.windows[0].timeZone",
            "a name of the IANA time zone database"));
  }

  private static String gated(String... gates) {
    return EVERYWHERE + ", rollout: {gates: [" + String.join(", ", gates) + "]}";
  }

  private static Stream<Case> gates() {
    String shop = "{name: shop, apiVersion: apps/v1, kind: Deployment, expression: 'true'}";
    return Stream.of(
        badPolicy(
            "a gate over Secrets",
            gated("{name: x, apiVersion: v1, kind: Secret, expression: 'true'}"),
            "spec.rollout.gates[0].kind: Invalid value",
            "gates do not read Secrets"),
        badPolicy(
            "a gate without an expression",
            gated("{name: x, apiVersion: v1, kind: Pod}"),
            "spec.rollout.gates[0].expression: Required value"),
        badPolicy(
            "a gate with a novel for an expression",
            gated(
                "{name: x, apiVersion: v1, kind: Pod, expression: '"
                    + "true||".repeat(200)
                    + "true'}"),
            "spec.rollout.gates[0].expression: Too long"),
        badPolicy(
            "a gate of no API version",
            gated("{name: x, apiVersion: 'apps/v1/more', kind: Pod, expression: 'true'}"),
            "spec.rollout.gates[0].apiVersion: Invalid value",
            "apiVersion is GROUP/VERSION, such as apps/v1, or v1"),
        badPolicy(
            "two gates of one name", gated(shop, shop), "spec.rollout.gates[1]: Duplicate value"),
        badPolicy(
            "more gates than anybody keeps an eye on",
            gated(
                IntStream.range(0, 9)
                    .mapToObj(i -> shop.replace("name: shop", "name: shop-" + i))
                    .toArray(String[]::new)),
            "spec.rollout.gates",
            "must have at most 8 items"));
  }

  private static Stream<Case> references() {
    String exactlyOne = "set exactly one of name, namePattern and selector";
    return Stream.of(
        badPolicy("no extensions", "nodeSelector: {}", "spec.extensions: Required value"),
        badPolicy(
            "an empty list of extensions",
            "nodeSelector: {}, extensions: []",
            "spec.extensions",
            "at least 1 item"),
        badPolicy(
            "an extension by name and by pattern",
            "nodeSelector: {}, extensions: [{name: a}, {name: hello, namePattern: 'hel.*'}]",
            "spec.extensions[1]: Invalid value: ",
            exactlyOne),
        badPolicy(
            "an extension by name and by labels",
            "nodeSelector: {}, extensions: [{name: hello, selector: {matchLabels: {a: b}}}]",
            exactlyOne),
        badPolicy("an extension by nothing", "nodeSelector: {}, extensions: [{}]", exactlyOne),
        badPolicy(
            "a pattern that is none",
            "nodeSelector: {}, extensions: [{namePattern: 'hello('}]",
            "spec.extensions[0]",
            "namePattern is not a regular expression in RE2 syntax",
            "missing closing )"),
        badPolicy(
            "a pattern of another dialect",
            "nodeSelector: {}, extensions: [{namePattern: 'a(?=b)'}]",
            "namePattern is not a regular expression in RE2 syntax"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void refused(Case bad) {
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

  static Stream<Case> accepted() {
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

  private static Case good(String resource) {
    return new Case(
        resource.lines().skip(1).reduce("", (a, b) -> a + " " + b), resource, List.of());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void accepted(Case good) {
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
