package io.kairos.extensions.e2e.api;

import static io.kairos.extensions.e2e.api.Applied.EVERYWHERE;
import static io.kairos.extensions.e2e.api.Applied.policy;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** NodeExtensionPolicies that the API server refuses. */
final class BadPolicies {
  private BadPolicies() {}

  static Stream<Applied> refused() {
    return Stream.of(
            profiles(),
            paces(),
            gates(),
            waves(),
            windows(),
            references(),
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
                badPolicy(
                    "a misspelt field inside",
                    EVERYWHERE + ", rollout: {maxUnavailabel: 1}",
                    "unknown field \"spec.rollout.maxUnavailabel\"")))
        .flatMap(cases -> cases);
  }

  private static Stream<Applied> profiles() {
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

  private static Stream<Applied> paces() {
    Stream<Applied> unavailable =
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

  private static Applied badRollout(String title, String rollout, String... said) {
    return badPolicy(title, EVERYWHERE + ", rollout: {" + rollout + "}", said);
  }

  private static Stream<Applied> waves() {
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

  private static Stream<Applied> windows() {
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

  private static Stream<Applied> gates() {
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

  private static Stream<Applied> references() {
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

  private static Applied badPolicy(String title, String spec, String... said) {
    return new Applied(title, policy("bad", "{" + spec + "}"), List.of(said));
  }
}
