package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Approval;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.WaveStatus;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Wave;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Samples;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * How far a rollout is, wave by wave. One wave is open at a time: its nodes are admitted, and those
 * of the waves before that need something still. It is <b>through</b> when each of its nodes has
 * all that it shall get in effect, or linked for the next boot if the wave has no soak; or has
 * failed, which the budget judges; or cannot be admitted for long (on hold, gone dark, booted into
 * another profile). Then it <b>soaks</b>, by the operator's clock, and begins anew when one of its
 * nodes falls back or is no longer Ready. Then it is <b>complete</b>, and the next one opens,
 * unless that takes a person's word.
 *
 * <p>No evidence is no success: a wave whose nodes can all not be admitted is not through. A person
 * who knows better approves it. A wave that has no nodes is complete at once.
 *
 * <p>The last wave takes everybody who is left, stays open for those who come late, and its
 * completion is that of the rollout.
 */
final class Waves {
  /** How far a node is in its wave. */
  private enum Progress {
    OPEN,
    IDLE,
    THROUGH,
    FAILED,
    SET_ASIDE
  }

  private final Policy policy;
  private final Membership.Basis basis;
  private final Membership membership;
  private final Evidence evidence;
  private final Alarm alarm;
  private final Instant now;
  private final Map<String, Wave> specs;

  private final List<WaveStatus> statuses = new ArrayList<>();
  private String open = "";
  private boolean complete;
  private Optional<Hold> hold = Optional.empty();

  private Waves(
      Policy policy,
      List<Wave> specs,
      Membership.Basis basis,
      Membership membership,
      Evidence evidence,
      Alarm alarm,
      Instant now) {
    this.policy = policy;
    this.specs = specs.stream().collect(Collectors.toMap(Wave::name, Function.identity()));
    this.basis = basis;
    this.membership = membership;
    this.evidence = evidence;
    this.alarm = alarm;
    this.now = now;
  }

  /**
   * How far the waves are now.
   *
   * @param before what is remembered of them
   * @param gate why the rollout may not go on, for a reason outside of its nodes: no wave begins,
   *     and none soaks
   */
  static Waves advance(
      Policy policy,
      List<Wave> specs,
      RolloutStatus before,
      Membership.Basis basis,
      Membership membership,
      Evidence evidence,
      Alarm alarm,
      Instant now,
      Optional<Hold> gate) {
    Waves waves = new Waves(policy, specs, basis, membership, evidence, alarm, now);
    waves.advance(before, gate);
    return waves;
  }

  private void advance(RolloutStatus before, Optional<Hold> gate) {
    boolean reached = false;
    for (String name : membership.names()) {
      Optional<WaveStatus> known = Membership.status(before, name);
      if (reached) {
        known.ifPresent(statuses::add); // it was begun, and another put before it since
        continue;
      }
      if (!Membership.isBegun(before, name) && gate.isPresent()) {
        known.ifPresent(statuses::add);
        hold = gate;
        reached = true;
        continue;
      }
      open = name;
      WaveStatus status =
          step(known.orElseGet(() -> WaveStatus.builder().name(name).build()), gate);
      statuses.add(status);
      reached = status.completionTime().isEmpty() || isToBeApproved(name, before);
    }
    complete = !reached;
  }

  /** Begins a wave, lets it soak, completes it: as far as that goes now. */
  private WaveStatus step(WaveStatus before, Optional<Hold> gate) {
    if (!before.completionTime().isEmpty()) {
      return before;
    }
    WaveStatus begun =
        before.startTime().isEmpty()
            ? before.toBuilder().startTime(now.toString()).build()
            : before;
    int soak = Optional.ofNullable(specs.get(begun.name())).map(Wave::soakSeconds).orElse(0);
    if (!isThrough(begun.name(), soak > 0)) {
      return begun.toBuilder().soakStartTime("").build();
    }
    if (soak == 0) {
      return begun.toBuilder().completionTime(now.toString()).build();
    }
    if (gate.isPresent()) {
      hold = gate;
      return begun.toBuilder().soakStartTime("").build();
    }
    Instant since = Alarm.parse(begun.soakStartTime()).orElse(now);
    Instant until = since.plusSeconds(soak);
    WaveStatus soaking = begun.toBuilder().soakStartTime(since.toString()).build();
    if (alarm.hasCome(until)) {
      return soaking.toBuilder().completionTime(now.toString()).build();
    }
    hold =
        Optional.of(
            new Hold(
                Reasons.ROLLOUT_IN_PROGRESS,
                "wave " + begun.name() + " soaks until " + until,
                "waits for wave " + begun.name()));
    return soaking;
  }

  /** Whether a complete wave waits for a person's word: the next one has not begun. */
  private boolean isToBeApproved(String name, RolloutStatus before) {
    boolean manual =
        Optional.ofNullable(specs.get(name))
            .map(spec -> spec.approval() == Approval.MANUAL)
            .orElse(false);
    String next = membership.names().get(Math.min(place(name) + 1, membership.names().size() - 1));
    if (!manual || Membership.isBegun(before, next) || isApproved(name)) {
      return false;
    }
    hold =
        Optional.of(
            new Hold(
                Reasons.AWAITING_APPROVAL,
                "wave "
                    + name
                    + " is complete; the next one begins once the annotation "
                    + Api.APPROVE_ANNOTATION
                    + " says "
                    + approval(name),
                "waits for approval of wave " + name));
    return true;
  }

  private boolean isApproved(String wave) {
    return policy.annotation(Api.APPROVE_ANNOTATION).equals(approval(wave));
  }

  private String approval(String wave) {
    return wave + "@" + basis.revision();
  }

  private boolean isThrough(String wave, boolean soaks) {
    List<Progress> progress = new ArrayList<>();
    for (String node : membership.members(wave)) {
      progress.add(progress(node, soaks));
    }
    if (progress.contains(Progress.OPEN)) {
      return false;
    }
    boolean evident = progress.contains(Progress.THROUGH) || progress.contains(Progress.FAILED);
    boolean lacking =
        progress.contains(Progress.SET_ASIDE) || (isByNumber(wave) && isAnybodyLeft(wave));
    if (evident || !lacking || isApproved(wave)) {
      return true;
    }
    hold =
        Optional.of(
            new Hold(
                Reasons.ROLLOUT_IN_PROGRESS,
                "wave " + wave + " waits: none of its nodes can be admitted" + named(wave),
                "waits for wave " + wave));
    return false;
  }

  private String named(String wave) {
    return membership.members(wave).isEmpty()
        ? ""
        : " (" + Samples.of(membership.members(wave), 3) + ")";
  }

  private boolean isByNumber(String wave) {
    return Optional.ofNullable(specs.get(wave)).flatMap(Wave::nodes).isPresent();
  }

  /** Whether a node is left for a wave by number, if only one that cannot be admitted for long. */
  private boolean isAnybodyLeft(String wave) {
    return basis.selected().stream()
        .filter(basis.inNeed())
        .anyMatch(node -> membership.waveOf(node).map(w -> place(w) > place(wave)).orElse(false));
  }

  private Progress progress(String name, boolean soaks) {
    Optional<State> state = basis.fleet().state(name);
    if (state.isEmpty() || basis.inNeed().test(name)) {
      return basis.setAside().test(name) ? Progress.SET_ASIDE : Progress.OPEN;
    }
    List<Assignment> own =
        state.get().spec().assignments().stream()
            .filter(a -> a.policy().equals(policy.name()))
            .toList();
    List<Standing> standings = own.stream().map(a -> evidence.standing(state.get(), a)).toList();
    if (standings.contains(Standing.FAILED)) {
      return Progress.FAILED;
    }
    if (standings.contains(Standing.WORKING) || (soaks && standings.contains(Standing.LINKED))) {
      return Progress.OPEN;
    }
    if (standings.contains(Standing.SKIPPED)) {
      return Progress.SET_ASIDE; // it has proven nothing
    }
    Node node = basis.fleet().nodes().get(name);
    if (!node.ready()) {
      return unready(node, state.get());
    }
    return standings.isEmpty() ? Progress.IDLE : Progress.THROUGH;
  }

  /** A node that goes dark while its wave proves the revision has not proven it. */
  private Progress unready(Node node, State state) {
    if (!evidence.isUnreachable(node, policy)) {
      return Progress.OPEN;
    }
    boolean lost =
        Membership.stamped(basis, node.name())
            .map(membership::known)
            .filter(wave -> new Lost(policy, basis, evidence).isLost(state, wave))
            .isPresent();
    return lost ? Progress.FAILED : Progress.SET_ASIDE;
  }

  private int place(String wave) {
    return membership.names().indexOf(wave);
  }

  /** What is to be remembered of the waves. */
  List<WaveStatus> statuses() {
    return List.copyOf(statuses);
  }

  /** Why no node of a wave is admitted, if so. */
  Optional<Hold> hold() {
    return hold;
  }

  /** Whether all waves are complete. */
  boolean isComplete() {
    return complete;
  }

  /** Why a node has to wait for its wave, empty if it has not to. */
  Optional<String> obstacle(String node) {
    return membership
        .waveOf(node)
        .filter(wave -> place(wave) > place(open))
        .map(wave -> hold.map(Hold::note).orElse("waits for wave " + open));
  }
}
