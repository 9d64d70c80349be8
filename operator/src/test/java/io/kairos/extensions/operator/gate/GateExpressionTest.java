package io.kairos.extensions.operator.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kairos.extensions.api.v1alpha1.Gate;
import io.kairos.extensions.operator.gate.GateCompiler.Compiled;
import io.kairos.extensions.operator.plan.GateVerdict;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class GateExpressionTest {
  private static final GateCompiler COMPILER = new GateCompiler();
  private static final String API =
      """
      {"metadata": {"namespace": "prod", "name": "api", "labels": {"tier": "front"}},
       "spec": {"replicas": 3, "paused": null},
       "status": {"readyReplicas": 3, "load": 0.5, "since": "2026-01-01T00:00:00Z",
         "conditions": [{"type": "Available", "status": "True"}, {"type": "Stale", "status": "False"}]}}
      """;
  private static final String WEB =
      """
      {"metadata": {"namespace": "prod", "name": "web"},
       "spec": {"replicas": 3}, "status": {"readyReplicas": 1, "conditions": []}}
      """;

  private static Gate gate(String expression) {
    return Gate.builder()
        .name("deployments")
        .apiVersion("apps/v1")
        .kind("Deployment")
        .namespace("prod")
        .expression(expression)
        .build();
  }

  private static GateExpression compile(Gate gate) {
    Compiled compiled = COMPILER.compile(gate);
    assertThat(compiled).isInstanceOf(Compiled.Usable.class);
    return ((Compiled.Usable) compiled).expression();
  }

  private static String refused(String expression) {
    Compiled compiled = COMPILER.compile(gate(expression));
    assertThat(compiled).isInstanceOf(Compiled.Unusable.class);
    return ((Compiled.Unusable) compiled).message();
  }

  private static GateObject object(String json) {
    try {
      Map<String, Object> value = new ObjectMapper().readValue(json, new TypeReference<>() {});
      Map<?, ?> metadata = (Map<?, ?>) value.get("metadata");
      return new GateObject(metadata.get("namespace") + "/" + metadata.get("name"), value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static GateVerdict ask(String expression, String... objects) {
    return compile(gate(expression)).ask(Stream.of(objects).map(o -> object(o)).toList());
  }

  private static GateVerdict closed(String message) {
    return new GateVerdict.Closed("GateClosed", message);
  }

  private static GateVerdict failed(String message) {
    return new GateVerdict.Closed("GateCheckFailed", message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "object.status.readyReplicas == object.spec.replicas",
        "object.status.readyReplicas >= 2.5",
        "object.status.load < 1",
        "has(object.status.conditions) && !has(object.status.missing)",
        "object.status.conditions.exists(c, c.type == 'Available' && c.status == 'True')",
        "object.?status.?missing.orValue(7) == 7",
        "object.spec.paused == null",
        "object.metadata.labels['tier'] == 'front' && 'tier' in object.metadata.labels",
        "object.metadata.name.matches('^a.i$') && object.metadata.name.upperAscii() == 'API'",
        "timestamp(object.status.since) < timestamp('2026-01-02T00:00:00Z')",
        "objects.all(object, object.status.readyReplicas == 3)",
        "objects.map(o, o.metadata.name) == ['api']",
        "objects.filter(o, o.status.readyReplicas < o.spec.replicas).size() == 0",
        "object.metadata.name == 'api' ? object.spec.replicas > 1 : false",
      })
  void whatHoldsIsOpen(String expression) {
    assertThat(ask(expression, API)).isEqualTo(new GateVerdict.Open());
  }

  @Test
  void oneOverEachObjectNamesThoseForWhichItDoesNotHold() {
    assertThat(ask("object.status.readyReplicas == object.spec.replicas", API, WEB))
        .isEqualTo(
            closed("does not hold for 1 of 2 (Deployment (apps/v1) in namespace prod): prod/web"));
  }

  @Test
  void whatItMeansComesFirst() {
    Gate gate = gate("objects.size() > 2").toBuilder().message("the shop is closed").build();
    assertThat(compile(gate).ask(List.of(object(API))))
        .isEqualTo(
            closed(
                "the shop is closed: does not hold for 1 object (Deployment (apps/v1) in namespace"
                    + " prod)"));
  }

  @Test
  void noObjectAtAllDoesNotHoldForEach() {
    assertThat(ask("object.status.readyReplicas == 3"))
        .isEqualTo(closed("there is no Deployment (apps/v1) in namespace prod"));
  }

  @Test
  void theListMayBeEmpty() {
    assertThat(ask("objects.size() == 0")).isEqualTo(new GateVerdict.Open());
  }

  static Stream<Arguments> errors() {
    return Stream.of(
        arguments("object.status.missing == 1", "key 'missing' is not present in map"),
        arguments("object.status.conditions[5].type == 'x'", "Index out of bounds: 5"),
        arguments("object.spec.replicas / (object.spec.replicas - 3) == 1", "/ by zero"),
        arguments("object.spec.replicas < 'a'", "No matching overload"),
        arguments("object.metadata.name.matches('((')", "error parsing regexp"),
        arguments("object.spec.replicas", "neither true nor false"),
        arguments("object.metadata.name + object.metadata.name == ''", "No matching overload"),
        arguments("objects[0].status.missing == 1", "key 'missing' is not present in map"));
  }

  @ParameterizedTest
  @MethodSource("errors")
  void whatCannotBeToldIsClosed(String expression, String why) {
    assertThat(ask(expression, API))
        .isInstanceOfSatisfying(
            GateVerdict.Closed.class,
            closed -> {
              assertThat(closed.reason()).isEqualTo("GateCheckFailed");
              assertThat(closed.message()).contains(why);
            });
  }

  @Test
  void anErrorNamesItsPlaceAndItsObjects() {
    assertThat(ask("object.status.load < 1.0", WEB, API))
        .isEqualTo(
            failed(
                "evaluation error at <input>:13: key 'load' is not present in map. for prod/web"));
  }

  static Stream<Arguments> nonsense() {
    return Stream.of(
        arguments("1 +", "at 1:4: mismatched input '<EOF>'"),
        arguments("object.x == 1 &&\n objct.y == 2", "at 2:2: undeclared reference to 'objct'"),
        arguments("object.status.x = 'x'", "at 1:17: token recognition error"),
        arguments("'yes'", "has to give true or false, and gives string"),
        arguments("1", "gives int"),
        arguments("object.a == 1 && objects.size() == 1", "both object and objects"),
        arguments("request.object.x == 1", "undeclared reference to 'request'"),
        arguments("'a' + 'b' == 'ab'", "no matching overload for '_+_'"),
        arguments("objects.map(o, o.metadata.name).join(',') == ''", "'join'"),
        arguments("(".repeat(200) + "true" + ")".repeat(200), "recursion limit"),
        arguments(
            "objects.all(a, objects.all(b, objects.all(c, objects.all(d, objects.all(e,"
                + " a == e)))))",
            "has 5 macros"));
  }

  @ParameterizedTest
  @MethodSource("nonsense")
  void nonsenseIsRefusedWithItsPlace(String expression, String why) {
    assertThat(refused(expression)).contains(why);
  }

  @Test
  void secretsAreRefusedByName() {
    Gate gate = gate("true").toBuilder().apiVersion("v1").kind("Secret").build();
    assertThat(COMPILER.compile(gate))
        .isEqualTo(new Compiled.Unusable("gates do not read Secrets"));
  }

  @Test
  void whatGoesRoundForTooLongIsClosed() {
    String[] objects = IntStream.range(0, 400).mapToObj(i -> API).toArray(String[]::new);
    assertThat(ask("objects.all(a, objects.all(b, a.spec.replicas == b.spec.replicas))", objects))
        .isInstanceOfSatisfying(
            GateVerdict.Closed.class,
            closed -> assertThat(closed.message()).contains("Iteration budget exceeded"));
  }

  /** Each macro makes it longer by {@code times}. */
  private static String growing(int times) {
    String list = "[object.metadata.name]";
    for (int i = 0; i < 4; i++) {
      list = "[" + list + "].map(a, [a" + ", a".repeat(times - 1) + "])";
    }
    return list + ".size() == 1";
  }

  @Test
  void whatGrowsAndGrowsIsRefusedOrEnds() {
    assertThat(ask(growing(4), API)).isEqualTo(new GateVerdict.Open());
    assertThat(growing(60)).hasSizeLessThan(1024);
    assertThat(refused(growing(60))).contains("more than 32 additions and elements");
    assertThat(refused("[object.a].map(a, a" + " + a".repeat(40) + ") == []"))
        .contains("more than 32 additions and elements");
    String names = "'a'" + ", 'a'".repeat(100);
    assertThat(ask("!(object.metadata.name in [" + names + "])", API))
        .isEqualTo(new GateVerdict.Open());
  }
}
