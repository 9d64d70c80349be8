package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import java.util.List;
import java.util.Set;

/**
 * The extensions of the other classes, as far as one class may require them.
 *
 * @param assignments those of the other classes
 * @param merged the SystemExtensions of these whose names are merged
 */
public record Elsewhere(List<Assignment> assignments, Set<String> merged) {
  /** There is no other class. */
  public static final Elsewhere NOTHING = new Elsewhere(List.of(), Set.of());

  /** Takes copies. */
  public Elsewhere {
    assignments = List.copyOf(assignments);
    merged = Set.copyOf(merged);
  }
}
