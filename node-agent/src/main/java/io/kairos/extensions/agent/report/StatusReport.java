package io.kairos.extensions.agent.report;

import io.kairos.extensions.agent.plan.Standing;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.DriftStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.FileOverlap;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Sums up a node: entries ({@link ExtensionEntries}), counts, and conditions ({@link
 * NodeConditions}), of which what is to come has no part.
 */
public final class StatusReport {
  /** What the schema takes. */
  private static final int MOST_UNMANAGED = 64;

  /** It becomes the note of an event, which is no longer than 1 KiB. */
  private static final int DRIFT_MESSAGE_CHARACTERS = 900;

  private StatusReport() {}

  /**
   * The status that the evidence calls for.
   *
   * @param previous the last one, for its times
   * @param now RFC 3339, for what moved
   */
  public static NodeExtensionStateStatus of(
      Evidence evidence, NodeExtensionStateStatus previous, String now) {
    List<ExtensionStatus> present = ExtensionEntries.present(evidence, previous, now);
    List<ExtensionStatus> entries =
        Stream.concat(present.stream(), ExtensionEntries.upcoming(evidence, previous, now).stream())
            .toList();
    List<FileOverlap> overlaps = OverlapCondition.overlaps(evidence, previous);
    List<Standing> wanted =
        evidence.standings().stream().filter(s -> !s.assignment().remove()).toList();
    return NodeExtensionStateStatus.builder()
        .observedGeneration(evidence.generation())
        .conditions(
            Conditions.transition(
                previous.conditions(),
                Stream.of(
                        NodeConditions.of(present, evidence).stream(),
                        ImagePolicyCondition.of(evidence.host(), evidence.generation()).stream(),
                        BootMergeCondition.of(evidence).stream(),
                        GarbageCondition.of(evidence).stream(),
                        OverlapCondition.of(overlaps, evidence.generation()).stream())
                    .flatMap(all -> all)
                    .toList(),
                now))
        .desired(wanted.size())
        .active((int) wanted.stream().filter(s -> s.phase() == Phase.ACTIVE).count())
        .failed(
            (int) wanted.stream().filter(s -> NodeConditions.FAILED.contains(s.phase())).count())
        .summary(
            entries.stream()
                .map(
                    e ->
                        ExtensionEntries.name(e)
                            + (e.version().isEmpty() ? " " : " " + e.version() + " ")
                            + e.phase().text())
                .collect(Collectors.joining(", ")))
        .host(evidence.host())
        .extensions(entries)
        .unmanaged(
            evidence.classes().stream()
                .flatMap(one -> one.view().unmanaged().stream())
                .limit(MOST_UNMANAGED)
                .toList())
        .overlaps(overlaps)
        .drift(drift(evidence.drift(), previous.drift(), now))
        .build();
  }

  private static DriftStatus drift(List<String> found, DriftStatus before, String now) {
    return found.isEmpty()
        ? before
        : new DriftStatus(
            before.count() + found.size(),
            now,
            Messages.cut(String.join("; ", found), DRIFT_MESSAGE_CHARACTERS));
  }

  /** The previous status with the one thing that is known: the host does not answer. */
  public static NodeExtensionStateStatus unreachable(
      NodeExtensionStateStatus previous, long generation, String message, String now) {
    return previous.toBuilder()
        .conditions(
            Conditions.transition(
                previous.conditions(),
                NodeConditions.unreachable(previous.conditions(), generation, message),
                now))
        .build();
  }
}
