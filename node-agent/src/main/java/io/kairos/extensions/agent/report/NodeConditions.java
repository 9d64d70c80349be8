package io.kairos.extensions.agent.report;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The conditions of a node as kstatus reads them, by the entries of its extensions. A failure that
 * is tried again is {@code Reconciling}; one that is not, {@code Stalled}.
 */
final class NodeConditions {
  /** Phases of what is not as wanted. */
  static final Set<Phase> FAILED = EnumSet.of(Phase.FAILED, Phase.INCOMPATIBLE, Phase.ROLLED_BACK);

  /** Nothing but another target moves these on. */
  private static final Set<Phase> STALLED = EnumSet.of(Phase.INCOMPATIBLE, Phase.ROLLED_BACK);

  private static final Set<Phase> SETTLED =
      EnumSet.of(Phase.ACTIVE, Phase.PENDING_REBOOT, Phase.REMOVED, Phase.RELEASED);

  /** What stays as it was said while a host does not answer. */
  private static final List<String> STAYING =
      List.of(
          Conditions.REBOOT_REQUIRED,
          Conditions.WEAK_IMAGE_POLICY,
          Conditions.UNMERGED_AT_BOOT,
          Conditions.GARBAGE_LEFT,
          Conditions.FILES_OVERLAP);

  private NodeConditions() {}

  /** Those of a host that does not answer. What waited for a boot still does. */
  static List<Condition> unreachable(List<Condition> previous, long generation, String message) {
    String reason = Reasons.HOST_UNREACHABLE;
    List<Condition> wanted = new ArrayList<>();
    wanted.add(condition(Conditions.READY, Conditions.FALSE, reason, message, generation));
    wanted.add(condition(Conditions.DEGRADED, Conditions.TRUE, reason, message, generation));
    wanted.add(
        condition(Conditions.RECONCILING, Conditions.TRUE, reason, "tries again", generation));
    STAYING.forEach(type -> Conditions.find(previous, type).ifPresent(wanted::add));
    return wanted;
  }

  /** Those of a host that answers. */
  static List<Condition> of(List<ExtensionStatus> entries, Evidence evidence) {
    long generation = evidence.generation();
    List<ExtensionStatus> failed =
        entries.stream().filter(e -> FAILED.contains(e.phase())).toList();
    List<ExtensionStatus> working =
        entries.stream().filter(e -> !isSettled(e) && !STALLED.contains(e.phase())).toList();
    List<ExtensionStatus> waiting =
        entries.stream().filter(e -> e.phase() == Phase.PENDING_REBOOT).toList();
    List<Condition> conditions = new ArrayList<>();
    if (!failed.isEmpty()) {
      String message =
          failed.stream()
              .limit(10)
              .map(e -> ExtensionEntries.name(e) + ": " + e.message())
              .collect(Collectors.joining("; "));
      conditions.add(
          condition(
              Conditions.READY, Conditions.FALSE, Reasons.EXTENSIONS_FAILED, message, generation));
      conditions.add(
          condition(
              Conditions.DEGRADED,
              Conditions.TRUE,
              Reasons.EXTENSIONS_FAILED,
              message,
              generation));
    } else {
      conditions.add(
          working.isEmpty()
              ? condition(
                  Conditions.READY,
                  Conditions.TRUE,
                  waiting.isEmpty() ? Reasons.ALL_ACTIVE : Reasons.AWAITING_REBOOT,
                  waiting.isEmpty() ? "" : names(waiting) + " wait for a boot",
                  generation)
              : condition(
                  Conditions.READY,
                  Conditions.FALSE,
                  Reasons.IN_PROGRESS,
                  names(working),
                  generation));
      conditions.add(
          condition(Conditions.DEGRADED, Conditions.FALSE, Reasons.ALL_ACTIVE, "", generation));
    }
    conditions.add(rebootRequired(waiting, evidence));
    if (!working.isEmpty()) {
      conditions.add(
          condition(
              Conditions.RECONCILING,
              Conditions.TRUE,
              Reasons.IN_PROGRESS,
              names(working),
              generation));
    } else if (!failed.isEmpty()) {
      conditions.add(
          condition(
              Conditions.STALLED,
              Conditions.TRUE,
              Reasons.EXTENSIONS_FAILED,
              names(failed),
              generation));
    }
    return conditions;
  }

  private static Condition rebootRequired(List<ExtensionStatus> waiting, Evidence evidence) {
    if (waiting.isEmpty()) {
      return condition(
          Conditions.REBOOT_REQUIRED,
          Conditions.FALSE,
          Reasons.NOTHING_PENDING,
          "",
          evidence.generation());
    }
    String reason = Reasons.LINKED_FOR_NEXT_BOOT;
    String message = names(waiting);
    if (evidence.reboot() instanceof Evidence.Reboot.Begun) {
      reason = Reasons.REBOOTING;
    } else if (evidence.reboot() instanceof Evidence.Reboot.Refused refused) {
      reason = Reasons.REBOOT_REFUSED;
      message = names(waiting) + ": " + refused.message();
    }
    return condition(
        Conditions.REBOOT_REQUIRED, Conditions.TRUE, reason, message, evidence.generation());
  }

  /** What the policy wants no more of is as good as active. */
  private static boolean isSettled(ExtensionStatus entry) {
    return SETTLED.contains(entry.phase()) || entry.reason().equals(Reasons.STAGED_ONLY);
  }

  private static String names(List<ExtensionStatus> entries) {
    return entries.stream()
        .map(e -> ExtensionEntries.name(e) + " " + e.phase().text())
        .collect(Collectors.joining(", "));
  }

  /** One condition, without its time. */
  static Condition condition(
      String type, String status, String reason, String message, long generation) {
    return new ConditionBuilder()
        .withType(type)
        .withStatus(status)
        .withReason(reason)
        .withMessage(Messages.cut(message, Messages.CHARACTERS))
        .withObservedGeneration(generation)
        .build();
  }
}
