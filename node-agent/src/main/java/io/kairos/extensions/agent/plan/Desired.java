package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.Upcoming;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a node's spec asks for.
 *
 * @param assignments what shall be, tombstones included
 * @param upcoming what is to come of which nothing is assigned, as it will be assigned
 */
public record Desired(List<Assignment> assignments, List<Assignment> upcoming) {

  /** Takes copies; what is assigned is not to come any more. */
  public Desired {
    assignments = List.copyOf(assignments);
    Set<ExtensionKey> assigned =
        assignments.stream().map(Assignment::key).collect(Collectors.toUnmodifiableSet());
    upcoming = upcoming.stream().filter(one -> !assigned.contains(one.key())).toList();
  }

  /** What a spec says. */
  public static Desired of(NodeExtensionStateSpec spec) {
    return new Desired(
        spec.assignments(), spec.upcoming().stream().map(Upcoming::assigned).toList());
  }

  /** Assignments, and nothing to come but what they name themselves. */
  public static Desired only(List<Assignment> assignments) {
    return new Desired(assignments, List.of());
  }

  /** What of it is of one class. */
  public Desired of(ExtensionType type) {
    return new Desired(
        assignments.stream().filter(one -> one.type() == type).toList(),
        upcoming.stream().filter(one -> one.type() == type).toList());
  }

  /** Whether nothing is asked for. */
  public boolean isEmpty() {
    return assignments.isEmpty() && upcoming.isEmpty();
  }

  /**
   * What may be fetched ahead of its turn, as if it were wanted now: what comes next of an
   * assignment, and what is to come.
   */
  List<Assignment> ahead() {
    return Stream.concat(
            assignments.stream().flatMap(one -> Ahead.of(one).stream()), upcoming.stream())
        .toList();
  }
}
