package io.kairos.extensions.operator.gate;

import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime.Program;
import io.kairos.extensions.api.v1alpha1.Gate;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.operator.plan.GateVerdict;
import io.kairos.extensions.operator.plan.Samples;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A compiled gate. What it says about objects depends on nothing but them.
 *
 * <p>Whatever goes wrong closes the gate: an expression that asks for a field that is not there, or
 * gives something else than true or false, has not found the cluster healthy.
 */
public final class GateExpression {
  private static final int MAX_NAMED = 5;

  private final Gate gate;
  private final String variable;
  private final Program program;

  GateExpression(Gate gate, String variable, Program program) {
    this.gate = gate;
    this.variable = variable;
    this.program = program;
  }

  /** Whether it is asked of each object by itself, so that objects need not be kept. */
  public boolean isAskedOfEach() {
    return variable.equals(GateCompiler.EACH);
  }

  /**
   * Asks it.
   *
   * @param objects all that the gate means
   */
  public GateVerdict ask(List<GateObject> objects) {
    return isAskedOfEach() ? sumUp(objects.stream().map(this::askOf).toList()) : askOfAll(objects);
  }

  /**
   * What an object answers, of a gate that is asked of each.
   *
   * @param object its name
   * @param holds whether the gate holds for it
   * @param error why that cannot be told, empty where it can
   */
  public record Answer(String object, boolean holds, String error) {}

  /** Asks it of one object. */
  public Answer askOf(GateObject object) {
    return evaluate(object.name(), CelValues.of(object.value()));
  }

  /** The verdict on a gate that is asked of each, from the answers of all objects. */
  public GateVerdict sumUp(List<Answer> answers) {
    List<Answer> errors = answers.stream().filter(answer -> !answer.error().isEmpty()).toList();
    List<Answer> closed = answers.stream().filter(a -> !a.holds() && a.error().isEmpty()).toList();
    if (answers.isEmpty()) {
      return new GateVerdict.Closed(Reasons.GATE_CLOSED, "there is no " + Gates.objects(gate));
    }
    if (!errors.isEmpty()) {
      return failed(
          errors.get(0).error()
              + " for "
              + Samples.of(errors.stream().map(Answer::object).toList(), MAX_NAMED));
    }
    if (closed.isEmpty()) {
      return new GateVerdict.Open();
    }
    return doesNotHold(
        "for "
            + closed.size()
            + " of "
            + answers.size()
            + " ("
            + Gates.objects(gate)
            + "): "
            + Samples.of(closed.stream().map(Answer::object).toList(), MAX_NAMED));
  }

  private GateVerdict askOfAll(List<GateObject> objects) {
    Answer answer =
        evaluate("", objects.stream().map(object -> CelValues.of(object.value())).toList());
    if (!answer.error().isEmpty()) {
      return failed(answer.error());
    }
    return answer.holds()
        ? new GateVerdict.Open()
        : doesNotHold(
            "for " + Samples.count(objects.size(), "object") + " (" + Gates.objects(gate) + ")");
  }

  private Answer evaluate(String object, Object value) {
    try {
      Object result = program.eval(Map.of(variable, value));
      return result instanceof Boolean holds
          ? new Answer(object, holds, "")
          : new Answer(object, false, "the expression gives neither true nor false");
    } catch (CelEvaluationException e) {
      return new Answer(object, false, Gates.text(e.getMessage()));
    }
  }

  private GateVerdict doesNotHold(String where) {
    return new GateVerdict.Closed(
        Reasons.GATE_CLOSED,
        Stream.of(gate.message(), "does not hold " + where)
            .filter(text -> !text.isEmpty())
            .reduce((one, other) -> one + ": " + other)
            .orElseThrow());
  }

  private static GateVerdict failed(String why) {
    return new GateVerdict.Closed(Reasons.GATE_CHECK_FAILED, why);
  }
}
