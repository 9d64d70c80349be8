package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.Preview;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.api.v1alpha1.OnFailure;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Wave;
import io.kairos.extensions.operator.plan.Circumstances;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Plan.PolicyPlan;
import io.kairos.extensions.operator.plan.StoredRevision;
import io.kairos.extensions.operator.plan.Windows;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;

/**
 * Where the rollout of one policy is at the time of a pass: what it remembers from now on, and
 * which nodes may be admitted as far as it is concerned.
 *
 * <p>In this order: a person's retry, and a new revision, clear what was halted; failures are
 * counted; more than the budget allows halt it; waves move on. What clears or halts is written
 * before anything follows from it: such a pass admits nobody.
 */
final class PolicyRollout {
  private final FleetSnapshot fleet;
  private final Policy policy;
  private final PolicyPlan planned;
  private final Map<String, NodeWork> work;
  private final NavigableSet<String> inNeed;
  private final Evidence evidence;
  private final Circumstances circumstances;
  private final Alarm alarm;
  private final Slots slots;

  private final List<String> selected;
  private RolloutMemory memory;
  private Membership membership;
  private Optional<Waves> waves = Optional.empty();
  private Optional<Hold> hold = Optional.empty();

  /** Why nodes may not be changed now, as no window is open. */
  private Optional<Hold> closed = Optional.empty();

  private Optional<Preview> preview = Optional.empty();

  private PolicyRollout(
      Facts facts, Policy policy, PolicyPlan planned, NavigableSet<String> inNeed, Slots slots) {
    this.fleet = facts.fleet();
    this.work = facts.work();
    this.evidence = facts.evidence();
    this.circumstances = facts.circumstances();
    this.alarm = facts.alarm();
    this.policy = policy;
    this.planned = planned;
    this.inNeed = inNeed;
    this.slots = slots;
    this.memory = RolloutMemory.of(policy);
    this.selected =
        planned.selected().stream()
            .map(fleet.nodes()::get)
            .sorted(Order.of(circumstances.operatorNode()))
            .map(Node::name)
            .toList();
    this.membership = members(memory.rollout());
  }

  /** What all policies of a pass share. */
  record Facts(
      FleetSnapshot fleet,
      Map<String, NodeWork> work,
      Evidence evidence,
      Alarm alarm,
      Circumstances circumstances) {}

  /** While nodes of an earlier batch are still to be written: failures are counted, no more. */
  static PolicyRollout unfinished(
      Facts facts, Policy policy, PolicyPlan planned, NavigableSet<String> inNeed, Slots slots) {
    PolicyRollout ahead = new PolicyRollout(facts, policy, planned, inNeed, slots);
    if (!policy.deleting() && ahead.memory.rollout().revision().equals(planned.revision())) {
      ahead.judge();
    }
    return ahead;
  }

  /** Once an earlier batch, if there was one, is written. */
  static PolicyRollout of(
      Facts facts, Policy policy, PolicyPlan planned, NavigableSet<String> inNeed, Slots slots) {
    PolicyRollout ahead = new PolicyRollout(facts, policy, planned, inNeed, slots);
    ahead.closed = ahead.closedWindow(); // whatever else holds it up: drains wait for one, too
    if (policy.deleting()) {
      ahead.memory = ahead.memory.giving(planned.revision());
      if (policy.spec().activation() == Activation.LIVE
          || policy.spec().activation() == Activation.REBOOT) {
        ahead.hold = ahead.closed;
      }
    } else if (policy.spec().rollout().dryRun()) {
      ahead.hold = Optional.of(new Hold(Reasons.DRY_RUN, "dry run: nothing is changed", "dry run"));
      ahead.preview = Optional.of(ahead.dryRun());
    } else {
      ahead.move();
    }
    return ahead;
  }

  private void move() {
    RolloutMemory before = memory;
    memory = memory.retried(policy.retry()).asked(planned.asked());
    boolean isPlanned = memory.given(planned.asked()).equals(planned.revision());
    if (isPlanned) {
      memory = memory.giving(planned.revision());
      membership = members(memory.rollout());
      judge();
    }
    boolean retried = !before.attempt().equals(memory.attempt());
    boolean cleared = retried || isHaltMoved(before);
    // What was tried in vain is in need again once the retry is written; not through until then.
    if (!isStopped() && isPlanned && !retried) {
      advance();
    }
    hold = hold.or(() -> hold(cleared || !isPlanned));
  }

  private Preview dryRun() {
    RolloutMemory then = memory.retried(policy.retry()).giving(planned.revision());
    return DryRun.preview(
        policy.name(),
        planned.revision(),
        members(then.rollout()),
        candidates(),
        work,
        node -> lastingObstacle(node).isPresent() || !fleet.nodes().get(node).ready());
  }

  private boolean isHaltMoved(RolloutMemory before) {
    return !before.rollout().halted().equals(memory.rollout().halted())
        || !before.rollout().rollbackTo().equals(memory.rollout().rollbackTo());
  }

  private void judge() {
    Budget budget = new Budget(policy, basis(), membership, evidence);
    memory = memory.with(budget.count(memory.rollout(), memory.attempt()));
    Optional<String> exceeded = budget.exceeded(specs(memory.rollout()), memory.rollout());
    OnFailure consequence = policy.spec().rollout().onFailure();
    if (memory.isHalted() || exceeded.isPresent()) {
      memory = memory.exceeded(consequence, previous());
    }
    String why = exceeded.orElse("the failure budget was exceeded");
    if (isStopped()) {
      hold =
          Optional.of(
              new Hold(
                  Reasons.FAILURE_BUDGET_EXCEEDED,
                  why
                      + "; it takes a change of what is given, or another value of the annotation "
                      + Api.RETRY_ANNOTATION
                      + ", to go on",
                  "halted"));
    } else if (memory.isRollingBack() && exceeded.isPresent()) {
      hold =
          Optional.of(new Hold(Reasons.FAILURE_BUDGET_EXCEEDED, why + ", rolling back", "halted"));
    }
  }

  private boolean isStopped() {
    return memory.isHalted() && policy.spec().rollout().onFailure() != OnFailure.CONTINUE;
  }

  /** The revision to return to: the last that got through everywhere, or else the last one. */
  private String previous() {
    String last = memory.rollout().lastCompleted();
    List<String> kept =
        fleet.revisionsOf(policy).stream()
            .filter(stored -> stored.content().isPresent())
            .map(StoredRevision::revision)
            .filter(revision -> !revision.equals(memory.rollout().revision()))
            .toList();
    return kept.contains(last) ? last : kept.isEmpty() ? RolloutStatus.NOTHING : kept.get(0);
  }

  private void advance() {
    Waves moved =
        Waves.advance(
            policy,
            specs(memory.rollout()),
            memory.rollout(),
            basis(),
            membership,
            evidence,
            alarm,
            circumstances.now(),
            gate());
    RolloutStatus rollout =
        memory.rollout().toBuilder()
            .waves(moved.statuses())
            .lastCompleted(
                moved.isComplete() && !memory.isRollingBack()
                    ? planned.revision()
                    : memory.rollout().lastCompleted())
            .build();
    memory = memory.with(rollout);
    waves = Optional.of(moved);
  }

  private Optional<Hold> hold(boolean justMoved) {
    if (justMoved) {
      String note = "waits for what was just decided";
      return Optional.of(new Hold(Reasons.ROLLOUT_IN_PROGRESS, note, note));
    }
    return policy.spec().paused()
        ? Optional.of(new Hold(Reasons.PAUSED, "paused", "paused"))
        : closed.or(this::gate);
  }

  /** Why nodes may not be changed now, if they may not. What is in flight finishes. */
  private Optional<Hold> closedWindow() {
    Instant now = circumstances.now();
    Windows windows = new Windows(policy.spec().rollout().windows());
    Optional<Instant> until = windows.openUntil(now);
    if (until.isPresent()) {
      alarm.hasCome(until.get());
      return Optional.empty();
    }
    Optional<Instant> next = windows.nextOpening(now);
    next.ifPresent(alarm::hasCome);
    return Optional.of(
        new Hold(
            Reasons.OUTSIDE_WINDOW,
            "no window of spec.rollout.windows is open"
                + next.map(time -> "; the next one opens at " + time).orElse(""),
            "waits for a window"));
  }

  /**
   * What has to hold in the cluster before a wave begins, and while nodes are admitted. Not while
   * they go back: what closed the gate may be what they come from.
   */
  private Optional<Hold> gate() {
    return memory.isRollingBack()
        ? Optional.empty()
        : HealthGates.obstacle(fleet, policy)
            .map(closed -> new Hold(closed.reason(), closed.message(), closed.note()));
  }

  /** A rollback has no waves: its nodes have waited for their turn before. */
  private List<Wave> specs(RolloutStatus rollout) {
    return rollout.rollbackTo().isEmpty() && !policy.deleting()
        ? policy.spec().rollout().waves()
        : List.of();
  }

  private Membership members(RolloutStatus rollout) {
    return Membership.of(specs(rollout), rollout, basis());
  }

  private Membership.Basis basis() {
    return new Membership.Basis(
        fleet,
        policy.name(),
        planned.revision(),
        selected,
        node -> inNeed.contains(node) || !work.containsKey(node),
        node -> lastingObstacle(node).isPresent(),
        slots::isHolder);
  }

  /** Why a node cannot be admitted, and that may stay so for long. */
  Optional<String> lastingObstacle(String name) {
    Node node = fleet.nodes().get(name);
    if (!node.ready() && evidence.isUnreachable(node, policy)) {
      return Optional.of("Unreachable: not Ready for too long");
    }
    if (node.held()) {
      return Optional.of("on hold");
    }
    if (node.othersWork().isPresent()) {
      return node.othersWork();
    }
    String profile = fleet.state(name).map(state -> state.status().host().bootProfile()).orElse("");
    return profile.equals("passive") || profile.equals("recovery")
        ? Optional.of("booted into " + profile)
        : Optional.empty();
  }

  /** Why a node is not admitted as far as this policy is concerned, empty if it may be. */
  Optional<String> obstacle(String node) {
    return hold.map(Hold::note)
        .or(() -> lastingObstacle(node))
        .or(() -> fleet.nodes().get(node).ready() ? Optional.empty() : Optional.of("not Ready"))
        .or(() -> waves.flatMap(w -> w.obstacle(node)));
  }

  /**
   * Whether a node may download what it gets later: it takes no slot, no wave and no window for
   * that, and still is nothing that a paused or halted policy does.
   */
  boolean mayStage(String node) {
    return !policy.deleting()
        && hold.filter(h -> !h.reason().equals(Reasons.OUTSIDE_WINDOW)).isEmpty()
        && lastingObstacle(node).isEmpty()
        && fleet.nodes().get(node).ready();
  }

  /** What a node's assignments are written for. */
  NodeWork.Stamp stamp(String node) {
    return new NodeWork.Stamp(
        membership.waveOf(node).orElse(""), memory.attempt(), circumstances.time());
  }

  /** What is to be remembered, with a batch that is being admitted. */
  RolloutStatus remembering(List<String> batch) {
    return memory.rollout().toBuilder().admitting(batch).build();
  }

  /** The attempt that failures count for. */
  String attempt() {
    return memory.attempt();
  }

  /** What would happen, in a dry run. */
  Optional<Preview> preview() {
    return preview;
  }

  /** Why nobody is admitted, or nobody of a wave. */
  Optional<Hold> hold() {
    return hold.or(() -> waves.flatMap(Waves::hold));
  }

  /** The slots of the policy. */
  Slots slots() {
    return slots;
  }

  /** The nodes that need an admission, in the order in which they come. */
  List<String> candidates() {
    return inNeed.stream()
        .map(fleet.nodes()::get)
        .sorted(Order.of(circumstances.operatorNode()))
        .map(Node::name)
        .toList();
  }

  /** The selected nodes that have no state to write to. */
  List<String> stateless() {
    return selected.stream().filter(node -> !work.containsKey(node)).toList();
  }
}
