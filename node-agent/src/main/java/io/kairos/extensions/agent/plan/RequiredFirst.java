package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The order of assignments: by key, but what one requires comes before it. In a circle the one that
 * is met first comes last.
 */
final class RequiredFirst {
  private RequiredFirst() {}

  static List<Assignment> sort(List<Assignment> assignments) {
    List<Assignment> byKey =
        assignments.stream().sorted(Comparator.comparing(Assignment::key)).toList();
    Map<String, List<Assignment>> byName = byName(byKey);
    Set<Assignment> sorted = new LinkedHashSet<>();
    Set<Assignment> entered = new HashSet<>();
    byKey.forEach(assignment -> visit(assignment, byName, entered, sorted));
    return List.copyOf(sorted);
  }

  private static Map<String, List<Assignment>> byName(List<Assignment> assignments) {
    Map<String, List<Assignment>> byName = new HashMap<>();
    assignments.forEach(a -> byName.computeIfAbsent(a.name(), n -> new ArrayList<>()).add(a));
    return byName;
  }

  private static void visit(
      Assignment assignment,
      Map<String, List<Assignment>> byName,
      Set<Assignment> entered,
      Set<Assignment> sorted) {
    if (entered.add(assignment)) { // no deeper than there are assignments: 64
      assignment
          .target()
          .requires()
          .extensions()
          .forEach(
              name ->
                  byName
                      .getOrDefault(name, List.of())
                      .forEach(required -> visit(required, byName, entered, sorted)));
      sorted.add(assignment);
    }
  }

  /** Whether an assignment requires a name, be it by way of others. */
  static boolean requires(List<Assignment> assignments, Assignment assignment, String name) {
    Map<String, List<Assignment>> byName = byName(assignments);
    Set<String> seen = new HashSet<>();
    Deque<Assignment> open = new ArrayDeque<>(List.of(assignment));
    while (!open.isEmpty()) {
      for (String required : open.pop().target().requires().extensions()) {
        if (seen.add(required)) {
          open.addAll(byName.getOrDefault(required, List.of()));
        }
      }
    }
    return seen.contains(name);
  }
}
