package io.kairos.extensions.operator.status;

import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.WaveStatus;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Wave;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Plan.PolicyPlan;
import io.kairos.extensions.operator.plan.Samples;
import io.kairos.extensions.operator.rollout.Decisions.PolicyDecision;
import io.kairos.extensions.operator.rollout.Hold;
import io.kairos.extensions.operator.rollout.ObjectEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The turns of a rollout, for people: what the status of a policy says now and did not say before.
 *
 * <p>The status itself is the memory of what was told. It is written before its events are, by a
 * write that only one leader gets through; so no pass, no restart and no second leader tells a turn
 * again. An operator that dies right between the two writes leaves that turn untold; conditions
 * tell where a rollout stands, events how it came there.
 *
 * <ul>
 *   <li>{@code RolloutStarted}: another revision is given, or a person's retry begins.
 *   <li>{@code WaveCompleted}: for each wave that the spec names.
 *   <li>{@code RolloutPaused}: a person, a window, a gate, or an approval that is missing, holds
 *       nodes back. {@code RolloutResumed}: the person let it go on.
 *   <li>{@code RolloutHalted}: the failure budget is exceeded; what follows is in the note.
 *   <li>{@code RolledBack}: what failed is gone from the nodes.
 *   <li>{@code RolloutCompleted}: the last wave is through. Failures within the budget are told.
 *       Nodes that join later are no rollout.
 * </ul>
 */
final class RolloutEvents {
  private static final Set<String> PAUSES =
      Set.of(
          Reasons.PAUSED,
          Reasons.OUTSIDE_WINDOW,
          Reasons.AWAITING_APPROVAL,
          Reasons.GATE_CLOSED,
          Reasons.GATE_CHECK_FAILED);

  private final Policy policy;
  private final PolicyPlan planned;
  private final PolicyDecision decision;
  private final NodeExtensionPolicyStatus after;
  private final RolloutStatus was;
  private final RolloutStatus is;
  private final List<ObjectEvent> events = new ArrayList<>();

  private RolloutEvents(
      Policy policy, PolicyPlan planned, PolicyDecision decision, NodeExtensionPolicyStatus after) {
    this.policy = policy;
    this.planned = planned;
    this.decision = decision;
    this.after = after;
    this.was = policy.status().rollout();
    this.is = after.rollout();
  }

  /**
   * What there is to tell once a status is written, in the order in which it happened.
   *
   * @param policy with the status that it has now
   * @param after the status that it gets
   */
  static List<ObjectEvent> of(
      Policy policy, PolicyPlan planned, PolicyDecision decision, NodeExtensionPolicyStatus after) {
    return policy.deleting()
        ? List.of()
        : new RolloutEvents(policy, planned, decision, after).tell();
  }

  private List<ObjectEvent> tell() {
    boolean rollingBack = !is.rollbackTo().isEmpty();
    boolean anew = !was.revision().equals(is.revision());
    boolean retried =
        !anew
            && was.rollbackTo().isEmpty()
            && !after.observedRetry().equals(policy.status().observedRetry());
    if (!rollingBack && (anew || retried)) {
      say(Reasons.ROLLOUT_STARTED, false, started());
    }
    for (WaveStatus wave : is.waves()) {
      if (!wave.completionTime().isEmpty()
          && (anew || !completion(was, wave.name()).equals(wave.completionTime()))) {
        complete(wave, rollingBack);
      }
    }
    boolean halts = !is.halted().isEmpty() && !is.halted().equals(was.halted());
    if (halts || (rollingBack && was.rollbackTo().isEmpty())) {
      say(Reasons.ROLLOUT_HALTED, true, "revision " + is.halted() + ": " + halted());
    }
    String before = reason(policy.status());
    String now = reason(after);
    if (PAUSES.contains(now) && !now.equals(before)) {
      say(Reasons.ROLLOUT_PAUSED, false, now + ": " + message());
    } else if (before.equals(Reasons.PAUSED)
        && Set.of(Reasons.ROLLOUT_IN_PROGRESS, Reasons.NODES_FAILED).contains(now)
        && events.isEmpty()) {
      say(Reasons.ROLLOUT_RESUMED, false, message());
    }
    return List.copyOf(events);
  }

  private void say(String reason, boolean warning, String note) {
    events.add(new ObjectEvent(reason, warning, note));
  }

  private String started() {
    List<String> waves = policy.spec().rollout().waves().stream().map(Wave::name).toList();
    return "revision "
        + is.revision()
        + " ("
        + HistorySummary.summary(planned.course().content())
        + ") for "
        + Samples.count(after.desired(), "node")
        + (waves.isEmpty() ? "" : "; waves: " + Samples.of(waves, waves.size()) + ", " + Wave.REST)
        + (after.observedRetry().isEmpty() ? "" : "; attempt " + after.observedRetry());
  }

  private void complete(WaveStatus wave, boolean rollingBack) {
    boolean last = wave.name().equals(Wave.REST);
    if (rollingBack) {
      if (last) {
        say(Reasons.ROLLED_BACK, true, message());
      }
    } else if (last) {
      say(Reasons.ROLLOUT_COMPLETED, after.failed() > 0, is.revision() + ": " + message());
    } else {
      String failed = wave.failed() == 0 ? "" : "; " + wave.failed() + " failed";
      say(
          Reasons.WAVE_COMPLETED,
          wave.failed() > 0,
          "wave " + wave.name() + " of revision " + is.revision() + failed + ": " + progress());
    }
  }

  private String progress() {
    int through = after.ready() + after.pendingReboot();
    return through + " of " + Samples.count(after.desired(), "node") + " are up to date";
  }

  /** Why, and what comes now. */
  private String halted() {
    String why = decision.hold().map(Hold::message).orElse("the failure budget was exceeded");
    if (is.rollbackTo().isEmpty()) {
      return why;
    }
    return why
        + (is.rollbackTo().equals(RolloutStatus.NOTHING)
            ? "; there is none before it, it is removed from the nodes that were told of it"
            : "; the nodes that were told of it go back to " + is.rollbackTo());
  }

  private String message() {
    return Conditions.find(after.conditions(), Conditions.READY)
        .map(Condition::getMessage)
        .orElse("");
  }

  private static String reason(NodeExtensionPolicyStatus status) {
    return Conditions.find(status.conditions(), Conditions.READY)
        .map(Condition::getReason)
        .orElse("");
  }

  private static String completion(RolloutStatus rollout, String wave) {
    return rollout.waves().stream()
        .filter(status -> status.name().equals(wave))
        .findFirst()
        .map(WaveStatus::completionTime)
        .orElse("");
  }
}
