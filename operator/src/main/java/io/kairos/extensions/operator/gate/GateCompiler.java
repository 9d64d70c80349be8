package io.kairos.extensions.operator.gate;

import static dev.cel.extensions.CelStringExtensions.Function.CHAR_AT;
import static dev.cel.extensions.CelStringExtensions.Function.INDEX_OF;
import static dev.cel.extensions.CelStringExtensions.Function.LAST_INDEX_OF;
import static dev.cel.extensions.CelStringExtensions.Function.LOWER_ASCII;
import static dev.cel.extensions.CelStringExtensions.Function.SPLIT;
import static dev.cel.extensions.CelStringExtensions.Function.SUBSTRING;
import static dev.cel.extensions.CelStringExtensions.Function.TRIM;
import static dev.cel.extensions.CelStringExtensions.Function.UPPER_ASCII;

import dev.cel.checker.CelStandardDeclarations;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelIssue;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.CelValidationResult;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.ast.CelExpr.ExprKind.Kind;
import dev.cel.common.navigation.CelNavigableAst;
import dev.cel.common.navigation.CelNavigableExpr;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.extensions.CelExtensions;
import dev.cel.extensions.CelStringExtensions;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import dev.cel.runtime.CelStandardFunctions;
import dev.cel.runtime.standard.AddOperator.AddOverload;
import io.kairos.extensions.api.v1alpha1.Gate;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Compiles gates: CEL with its standard functions and macros, optional fields ({@code
 * object.?status}) and the string functions that make nothing longer.
 *
 * <p><b>Bounded.</b> An expression of a few hundred characters can ask for more than any machine
 * has: {@code [['x'].map(a, a + a + …)[0]].map(a, a + a + …)} doubles and doubles, and so does
 * {@code [x].map(a, [a, a, …])}. So strings and bytes are not concatenated; there are {@value
 * #MAX_MACROS} macros at most, and {@value #MAX_GROWTH} additions and elements of lists and maps
 * that are no constants; macros go round {@value #MAX_ITERATIONS} times at most, all together;
 * expressions are as short as the API's schema has them, and not nested more than {@value
 * #MAX_DEPTH} deep.
 *
 * <p>Making one takes some hundred milliseconds: keep it.
 */
public final class GateCompiler {
  /** What an expression calls one object. */
  static final String EACH = "object";

  /** What an expression calls the list. */
  static final String ALL = "objects";

  private static final int MAX_ITERATIONS = 20_000;
  private static final int MAX_MACROS = 4;
  private static final int MAX_GROWTH = 32;
  private static final int MAX_DEPTH = 64;
  private static final int MAX_LENGTH = 1024;
  private static final int MAX_REGEX = 1000;
  private static final int MAX_ISSUES = 3;
  private static final Set<String> CONCATENATIONS = Set.of("add_string", "add_bytes");

  private final CelCompiler each = compiler(EACH);
  private final CelCompiler all = compiler(ALL);
  private final CelCompiler both = compiler(EACH, ALL);
  private final CelRuntime runtime = runtime();

  /** What became of a gate's expression. */
  public sealed interface Compiled {
    /**
     * It can be asked.
     *
     * @param expression the expression
     */
    record Usable(GateExpression expression) implements Compiled {}

    /**
     * It makes no sense.
     *
     * @param message what is wrong and where, for a person
     */
    record Unusable(String message) implements Compiled {}
  }

  /** Compiles a gate. */
  public Compiled compile(Gate gate) {
    if (Gates.isRefused(gate)) {
      return new Compiled.Unusable("gates do not read Secrets");
    }
    CelValidationResult ofEach = each.compile(gate.expression());
    if (!ofEach.hasError()) {
      return finish(gate, EACH, ofEach);
    }
    CelValidationResult ofAll = all.compile(gate.expression());
    if (!ofAll.hasError()) {
      return finish(gate, ALL, ofAll);
    }
    CelValidationResult ofBoth = both.compile(gate.expression());
    return new Compiled.Unusable(
        ofBoth.hasError()
            ? ofBoth.getErrors().stream()
                .limit(MAX_ISSUES)
                .map(GateCompiler::text)
                .collect(Collectors.joining("; "))
            : "the expression speaks of both object and objects");
  }

  private Compiled finish(Gate gate, String variable, CelValidationResult result) {
    try {
      CelAbstractSyntaxTree ast = result.getAst();
      CelType type = ast.getResultType();
      if (!type.equals(SimpleType.BOOL) && !type.equals(SimpleType.DYN)) {
        return new Compiled.Unusable(
            "the expression has to give true or false, and gives " + type.name());
      }
      List<CelExpr> nodes =
          CelNavigableAst.fromAst(ast).getRoot().allNodes().map(CelNavigableExpr::expr).toList();
      long macros = nodes.stream().filter(node -> node.getKind() == Kind.COMPREHENSION).count();
      if (macros > MAX_MACROS) {
        return new Compiled.Unusable(
            "the expression has %d macros (all, exists, map, filter, …), and may have %d"
                .formatted(macros, MAX_MACROS));
      }
      if (nodes.stream().mapToLong(GateCompiler::growth).sum() > MAX_GROWTH) {
        return new Compiled.Unusable(
            "the expression has more than %d additions and elements of lists that are no constants"
                .formatted(MAX_GROWTH));
      }
      return new Compiled.Usable(new GateExpression(gate, variable, runtime.createProgram(ast)));
    } catch (CelValidationException | CelEvaluationException e) {
      return new Compiled.Unusable(Gates.text(e.getMessage()));
    }
  }

  /** By how much the values that a node gives can outgrow those that it takes. */
  private static long growth(CelExpr node) {
    return switch (node.getKind()) {
      case CALL -> node.call().function().equals("_+_") ? 1 : 0;
      case LIST -> node.list().elements().stream().filter(GateCompiler::isNoConstant).count();
      case MAP -> node.map().entries().stream().filter(e -> isNoConstant(e.value())).count();
      default -> 0;
    };
  }

  private static boolean isNoConstant(CelExpr node) {
    return node.getKind() != Kind.CONSTANT;
  }

  private static String text(CelIssue issue) {
    var location = issue.getSourceLocation();
    return "at "
        + location.getLine()
        + ":"
        + (location.getColumn() + 1)
        + ": "
        + Gates.text(
            issue
                .getMessage()
                .replace(" (in container '')", "")
                .replaceAll(" expecting [{].*", ""));
  }

  private static CelOptions options() {
    return CelOptions.current()
        .comprehensionMaxIterations(MAX_ITERATIONS)
        .maxExpressionCodePointSize(MAX_LENGTH)
        .maxParseRecursionDepth(MAX_DEPTH)
        .maxRegexProgramSize(MAX_REGEX)
        .enableHeterogeneousNumericComparisons(true)
        .build();
  }

  private static CelStringExtensions strings() {
    return CelExtensions.strings(
        CHAR_AT, INDEX_OF, LAST_INDEX_OF, LOWER_ASCII, SPLIT, SUBSTRING, TRIM, UPPER_ASCII);
  }

  private static CelCompiler compiler(String... variables) {
    CelCompilerBuilder builder =
        CelCompilerFactory.standardCelCompilerBuilder()
            .setOptions(options())
            .setStandardEnvironmentEnabled(false)
            .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .setStandardDeclarations(
                CelStandardDeclarations.newBuilder()
                    .filterFunctions(
                        (function, overload) ->
                            !CONCATENATIONS.contains(overload.celOverloadDecl().overloadId()))
                    .build())
            .addLibraries(strings(), CelExtensions.optional());
    for (String variable : variables) {
      builder.addVar(
          variable, variable.equals(ALL) ? ListType.create(SimpleType.DYN) : SimpleType.DYN);
    }
    return builder.build();
  }

  private static CelRuntime runtime() {
    return CelRuntimeFactory.plannerRuntimeBuilder()
        .setOptions(options())
        .setStandardFunctions(
            CelStandardFunctions.newBuilder()
                .filterFunctions(
                    (function, overload) ->
                        overload != AddOverload.ADD_STRING && overload != AddOverload.ADD_BYTES)
                .build())
        .addLibraries(strings(), CelExtensions.optional())
        .build();
  }
}
