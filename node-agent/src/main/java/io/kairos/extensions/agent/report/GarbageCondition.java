package io.kairos.extensions.agent.report;

import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.agent.plan.Failure;
import io.kairos.extensions.agent.plan.Setbacks;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Whether something that nobody needs takes room, and cannot be deleted. */
final class GarbageCondition {
  private static final int MOST_NAMED = 5;

  private GarbageCondition() {}

  static Optional<Condition> of(Evidence evidence) {
    List<String> texts =
        evidence.classes().stream()
            .map(Evidence.OfClass::undeleted)
            .flatMap(GarbageCondition::texts)
            .toList();
    return texts.isEmpty()
        ? Optional.empty()
        : Optional.of(
            NodeConditions.condition(
                Conditions.GARBAGE_LEFT,
                Conditions.TRUE,
                Reasons.STORE_ERROR,
                texts.size()
                    + " of the store cannot be deleted, and "
                    + (texts.size() == 1 ? "is" : "are")
                    + " tried again: "
                    + texts.stream().limit(MOST_NAMED).collect(Collectors.joining("; ")),
                evidence.generation()));
  }

  private static Stream<String> texts(Setbacks undeleted) {
    return undeleted.byFile().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(Map.Entry::getValue)
        .map(Failure::message);
  }
}
