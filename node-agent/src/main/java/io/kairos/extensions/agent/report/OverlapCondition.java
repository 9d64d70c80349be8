package io.kairos.extensions.agent.report;

import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.agent.plan.Standing;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.FileOverlap;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Whether extensions of a node carry the same files, of which a merge shows one's. */
public final class OverlapCondition {
  private OverlapCondition() {}

  /**
   * What extensions share. What was said of two stays said until they are compared anew, after a
   * restart of the agent or while a version is on its way, or one of them goes.
   */
  static List<FileOverlap> overlaps(Evidence evidence, NodeExtensionStateStatus previous) {
    return evidence.classes().stream().flatMap(one -> overlaps(one, previous)).toList();
  }

  private static Stream<FileOverlap> overlaps(
      Evidence.OfClass one, NodeExtensionStateStatus previous) {
    Set<String> wanted =
        one.standings().stream()
            .map(Standing::assignment)
            .filter(a -> !a.remove() && a.target().activation() != Activation.STAGE)
            .map(assignment -> assignment.name())
            .collect(Collectors.toSet());
    return Stream.concat(
        one.compared().overlaps().stream(),
        previous.overlaps().stream()
            .filter(known -> known.type() == one.type())
            .filter(known -> wanted.containsAll(List.of(known.hidden(), known.shown())))
            .filter(known -> !one.compared().isOf(known)));
  }

  static Optional<Condition> of(List<FileOverlap> overlaps, long generation) {
    return overlaps.isEmpty()
        ? Optional.empty()
        : Optional.of(
            NodeConditions.condition(
                Conditions.FILES_OVERLAP,
                Conditions.TRUE,
                Reasons.LAST_NAME_WINS,
                overlaps.stream().map(OverlapCondition::message).collect(Collectors.joining("; ")),
                generation));
  }

  /** What to say of two extensions. */
  public static String message(FileOverlap overlap) {
    int more = overlap.count() - overlap.files().size();
    return overlap.hidden()
        + " and "
        + overlap.shown()
        + " both carry "
        + String.join(", ", overlap.files())
        + (more > 0 ? " and " + more + " more" : "")
        + ": those of "
        + overlap.shown()
        + " are seen";
  }
}
