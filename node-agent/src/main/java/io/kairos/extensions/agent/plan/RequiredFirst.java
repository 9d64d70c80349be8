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
    Map<String, List<Assignment>> byExtension = byExtension(byKey);
    Set<Assignment> sorted = new LinkedHashSet<>();
    Set<Assignment> entered = new HashSet<>();
    byKey.forEach(assignment -> visit(assignment, byExtension, entered, sorted));
    return List.copyOf(sorted);
  }

  private static Map<String, List<Assignment>> byExtension(List<Assignment> assignments) {
    Map<String, List<Assignment>> byExtension = new HashMap<>();
    assignments.forEach(
        a -> byExtension.computeIfAbsent(a.extension(), n -> new ArrayList<>()).add(a));
    return byExtension;
  }

  private static void visit(
      Assignment assignment,
      Map<String, List<Assignment>> byExtension,
      Set<Assignment> entered,
      Set<Assignment> sorted) {
    if (entered.add(assignment)) { // no deeper than there are assignments: 64
      assignment
          .target()
          .requires()
          .extensions()
          .forEach(
              name ->
                  byExtension
                      .getOrDefault(name, List.of())
                      .forEach(required -> visit(required, byExtension, entered, sorted)));
      sorted.add(assignment);
    }
  }

  /** Whether an assignment requires a SystemExtension, be it by way of others. */
  static boolean requires(List<Assignment> assignments, Assignment assignment, String name) {
    Map<String, List<Assignment>> byExtension = byExtension(assignments);
    Set<String> seen = new HashSet<>();
    Deque<Assignment> open = new ArrayDeque<>(List.of(assignment));
    while (!open.isEmpty()) {
      for (String required : open.pop().target().requires().extensions()) {
        if (seen.add(required)) {
          open.addAll(byExtension.getOrDefault(required, List.of()));
        }
      }
    }
    return seen.contains(name);
  }
}
