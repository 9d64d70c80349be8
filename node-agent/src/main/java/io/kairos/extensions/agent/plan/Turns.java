package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import java.util.List;

/**
 * Which new images have their trial now, where a refresh of several failed: all that are under no
 * suspicion together, and only then the suspects, one by one. So one bad image costs the others one
 * more refresh, and is known when it fails alone.
 *
 * @param assignments all of them
 * @param memory knows the suspects
 */
record Turns(List<Assignment> assignments, Memory memory) {
  /** Takes a copy. */
  Turns {
    assignments = List.copyOf(assignments);
  }

  /**
   * Whose turn it is.
   *
   * @param trials what would be tried, in order
   */
  List<Assignment> now(List<Assignment> trials) {
    List<Assignment> suspects =
        trials.stream().filter(a -> memory.alone().contains(Memory.use(a))).toList();
    if (suspects.isEmpty()) {
      return trials;
    }
    List<Assignment> others =
        trials.stream()
            .filter(trial -> !suspects.contains(trial) && !requiresOne(suspects, trial))
            .toList();
    return others.isEmpty() ? List.of(first(suspects, trials)) : others;
  }

  private boolean requiresOne(List<Assignment> suspects, Assignment trial) {
    return suspects.stream()
        .anyMatch(suspect -> RequiredFirst.requires(assignments, trial, suspect.extension()));
  }

  /** The first suspect, or what is required by one and comes before it. */
  private Assignment first(List<Assignment> suspects, List<Assignment> trials) {
    return trials.stream()
        .filter(
            trial ->
                suspects.stream()
                    .anyMatch(
                        suspect ->
                            suspect.equals(trial)
                                || RequiredFirst.requires(assignments, suspect, trial.extension())))
        .findFirst()
        .orElseThrow();
  }
}
