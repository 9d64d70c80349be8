package io.kairos.extensions.operator.plan;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.kairos.extensions.api.v1alpha1.Api;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Label selectors, evaluated as the API server does: all requirements hold; {@code NotIn} and
 * {@code DoesNotExist} hold where the label is absent; an empty selector selects everything.
 */
public final class LabelSelectors {
  private LabelSelectors() {}

  /** Whether the labels fulfil every requirement; one with an unknown operator is never. */
  public static boolean matches(LabelSelector selector, Map<String, String> labels) {
    Map<String, String> exact = selector.getMatchLabels();
    if (exact != null
        && !exact.entrySet().stream().allMatch(e -> e.getValue().equals(labels.get(e.getKey())))) {
      return false;
    }
    return requirements(selector).stream().allMatch(r -> holds(r, labels));
  }

  /** What is wrong with a selector, for a person. */
  public static Optional<String> problem(LabelSelector selector) {
    return requirements(selector).stream()
        .filter(r -> !isKnown(r.getOperator()))
        .findFirst()
        .map(
            r ->
                "operator '"
                    + r.getOperator()
                    + "' on label "
                    + r.getKey()
                    + " is none of In, NotIn, Exists, DoesNotExist");
  }

  /**
   * What is wrong with a selector that asks for labels which this operator writes: what a policy
   * gives would decide whom it gives it to, and nodes would flap.
   */
  static Optional<String> ownLabel(LabelSelector selector) {
    Stream<String> exact =
        selector.getMatchLabels() == null
            ? Stream.empty()
            : selector.getMatchLabels().keySet().stream();
    return Stream.concat(
            exact, requirements(selector).stream().map(LabelSelectorRequirement::getKey))
        .filter(key -> key.startsWith(Api.SYSEXT_LABELS) || key.startsWith(Api.CONFEXT_LABELS))
        .findFirst()
        .map(
            key ->
                "label "
                    + key
                    + " says what is active on a node, it cannot decide what shall be: see"
                    + " spec.requires of a SystemExtension");
  }

  private static List<LabelSelectorRequirement> requirements(LabelSelector selector) {
    return selector.getMatchExpressions() == null ? List.of() : selector.getMatchExpressions();
  }

  private static boolean isKnown(String operator) {
    return operator != null && List.of("In", "NotIn", "Exists", "DoesNotExist").contains(operator);
  }

  private static boolean holds(LabelSelectorRequirement requirement, Map<String, String> labels) {
    if (!isKnown(requirement.getOperator())) {
      return false;
    }
    boolean present = labels.containsKey(requirement.getKey());
    List<String> values = requirement.getValues() == null ? List.of() : requirement.getValues();
    return switch (requirement.getOperator()) {
      case "In" -> present && values.contains(labels.get(requirement.getKey()));
      case "NotIn" -> !present || !values.contains(labels.get(requirement.getKey()));
      case "Exists" -> present;
      default -> !present;
    };
  }
}
