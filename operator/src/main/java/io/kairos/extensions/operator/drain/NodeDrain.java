package io.kairos.extensions.operator.drain;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.Drain;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.api.v1alpha1.Maintenance.Stage;
import io.kairos.extensions.api.v1alpha1.OnFailure;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Rollout;
import io.kairos.extensions.operator.plan.FleetSnapshot.Cordon;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Pod;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Samples;
import io.kairos.extensions.operator.rollout.Standing;
import io.kairos.extensions.operator.rollout.Write;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** One step of one policy's maintenance of one node. */
final class NodeDrain {
  /** A message of an outcome is no longer: the schema's bound. */
  private static final int MESSAGE_CHARACTERS = 1024;

  private static final int SAMPLES = 3;

  private final Node node;
  private final State state;
  private final Optional<Policy> policy;
  private final Optional<List<Pod>> pods;
  private final Due due;

  /**
   * A step on what is there.
   *
   * @param policy whose maintenance it is; empty where it is gone
   * @param pods those on the node, where somebody has looked
   */
  NodeDrain(Node node, State state, Optional<Policy> policy, Optional<List<Pod>> pods, Due due) {
    this.node = node;
    this.state = state;
    this.policy = policy;
    this.pods = pods;
    this.due = due;
  }

  /**
   * What comes of a step.
   *
   * @param maintenance what is to be remembered from now on; empty: nothing
   * @param writes to the Node and its pods
   * @param note how far it is, for a person
   */
  record Step(Optional<Maintenance> maintenance, List<Write> writes, String note) {
    static Step keep(Maintenance maintenance, String note) {
      return new Step(Optional.of(maintenance), List.of(), note);
    }

    static Step end() {
      return new Step(Optional.empty(), List.of(), "");
    }

    Step with(List<Write> more) {
      return new Step(maintenance, more, note);
    }
  }

  Step step(Maintenance maintenance) {
    return switch (maintenance.stage()) {
      case DRAIN -> draining(maintenance);
      case ACTIVATE, REBOOT -> granted(maintenance);
      case SKIPPED, FAILED -> outcome(maintenance);
    };
  }

  /** Begins it, without a drain where the policy wants none; for what was admitted last. */
  Maintenance begin(Need need, boolean drains) {
    Assignment own =
        Need.own(state, policy.orElseThrow().name()).stream()
            .filter(one -> Need.of(state, one) == need)
            .max(Comparator.comparing(one -> Due.parse(one.admittedTime())))
            .orElseThrow();
    return Maintenance.builder()
        .policy(own.policy())
        .revision(own.target().revision())
        .attempt(own.attempt())
        .bootId(bootId())
        .stage(drains ? Stage.DRAIN : grant(need))
        .time(due.time())
        .build();
  }

  private static Stage grant(Need need) {
    return need == Need.REBOOT ? Stage.REBOOT : Stage.ACTIVATE;
  }

  private Step draining(Maintenance maintenance) {
    Need need = Need.of(state, maintenance.policy());
    boolean wanted = need == Need.REBOOT || need == Need.ACTIVATE || need == Need.UNKNOWN;
    if (!wanted || !isThisBoot(maintenance) || !isFor(maintenance) || !mayDisturb()) {
      return Step.end();
    }
    if (node.cordon() == Cordon.UNDONE) {
      return give(
          maintenance,
          Stage.SKIPPED,
          Reasons.UNCORDONED_BY_HAND,
          "somebody made the node schedulable while it was being drained");
    }
    if (!node.cordon().isUnschedulable()) {
      return Step.keep(maintenance, "is being cordoned")
          .with(List.of(new Write.Cordon(node.name(), maintenance.policy())));
    }
    if (pods.isEmpty()) {
      return Step.keep(maintenance, "is being drained");
    }
    return drain(maintenance, need, pods.get().stream().filter(PodRules::hasToGo).toList());
  }

  private Step drain(Maintenance maintenance, Need need, List<Pod> going) {
    Drain rules = policy.orElseThrow().spec().rollout().drain();
    boolean late = due.hasCome(began(maintenance).plus(Duration.ofSeconds(rules.timeoutSeconds())));
    boolean force = late && rules.onTimeout() == Drain.OnTimeout.FORCE;
    List<Pod> left =
        force ? going.stream().filter(pod -> !PodRules.isOverdue(pod, due.now())).toList() : going;
    boolean known = need != Need.UNKNOWN && node.ready();
    if (left.isEmpty() && known) {
      return Step.keep(
          maintenance.toBuilder().stage(grant(need)).time(due.time()).build(),
          need == Need.REBOOT ? "is drained, and may reboot" : "is drained");
    }
    String note = note(left);
    if (force && isInVain(maintenance, rules, left)) {
      return give(
          maintenance,
          Stage.FAILED,
          Reasons.DRAIN_TIMED_OUT,
          timedOut(note, left, 2L * rules.timeoutSeconds()));
    }
    if (force) {
      return Step.keep(maintenance, note)
          .with(
              left.stream()
                  .filter(pod -> pod.endsBy().isEmpty())
                  .<Write>map(pod -> new Write.DeletePod(node.name(), pod))
                  .toList());
    }
    if (late) {
      boolean fails = rules.onTimeout() == Drain.OnTimeout.FAIL;
      return give(
          maintenance,
          fails ? Stage.FAILED : Stage.SKIPPED,
          Reasons.DRAIN_TIMED_OUT,
          timedOut(note, left, rules.timeoutSeconds()));
    }
    return Step.keep(maintenance, note)
        .with(
            PodRules.evictable(left, due.now()).stream()
                .<Write>map(pod -> new Write.Evict(node.name(), maintenance.policy(), pod))
                .toList());
  }

  /**
   * Whether deleting pods does not help: some come back, or are refused to be deleted, or nobody
   * answers, for as long again as there was for the drain. Those that end have their time for it.
   */
  private boolean isInVain(Maintenance maintenance, Drain rules, List<Pod> left) {
    return due.hasCome(began(maintenance).plus(Duration.ofSeconds(2L * rules.timeoutSeconds())))
        && left.stream().allMatch(pod -> pod.endsBy().isEmpty());
  }

  private String timedOut(String note, List<Pod> left, long seconds) {
    if (left.isEmpty()) {
      return node.ready() ? "the node's agent does not answer" : "the node is not Ready";
    }
    return note + ", after " + seconds + " s";
  }

  /** What is left, and what holds it there. */
  private String note(List<Pod> left) {
    if (left.isEmpty()) {
      return "is drained";
    }
    List<String> held =
        left.stream()
            .filter(pod -> !PodRules.comesAgain(pod) || pod.refusal().isPresent())
            .map(
                pod ->
                    pod.path()
                        + ": "
                        + pod.refusal()
                            .map(refusal -> refusal.message())
                            .orElse("no controller would make it anew"))
            .limit(SAMPLES)
            .toList();
    String names = Samples.of(left.stream().map(Pod::path).toList(), SAMPLES);
    return "is being drained, "
        + Samples.count(left.size(), "pod")
        + " left: "
        + (held.isEmpty() ? names : String.join("; ", held));
  }

  private Step granted(Maintenance maintenance) {
    Need need = Need.of(state, maintenance.policy());
    boolean rebooted = !isThisBoot(maintenance);
    boolean settled = need == Need.NOTHING || (rebooted && isRepeated(need, maintenance));
    if (settled && node.ready()) {
      return Step.end();
    }
    Instant until = began(maintenance).plus(patience(maintenance, rebooted));
    if (!due.hasCome(until)) {
      return Step.keep(maintenance, waitsFor(maintenance, rebooted));
    }
    if (rebooted || maintenance.stage() == Stage.ACTIVATE) {
      return give(
          maintenance,
          Stage.FAILED,
          Reasons.ACTIVATION_TIMED_OUT,
          "the node was drained, and yet what waited for it did not get through in time");
    }
    String why =
        Conditions.find(state.status().conditions(), Conditions.REBOOT_REQUIRED)
            .filter(condition -> Reasons.REBOOT_REFUSED.equals(condition.getReason()))
            .map(condition -> ": " + condition.getMessage())
            .orElse("");
    return give(
        maintenance,
        Stage.FAILED,
        Reasons.REBOOT_TIMED_OUT,
        "the host was allowed to reboot, and no new boot was seen in time" + why);
  }

  /** The boot has come, and what it was for waits again: it takes another maintenance. */
  private static boolean isRepeated(Need need, Maintenance maintenance) {
    return maintenance.stage() == Stage.REBOOT ? need == Need.REBOOT : need == Need.ACTIVATE;
  }

  private String waitsFor(Maintenance maintenance, boolean rebooted) {
    if (maintenance.stage() == Stage.ACTIVATE) {
      return "is drained, and being changed";
    }
    return rebooted ? "has rebooted, and is being watched" : "may reboot";
  }

  /** The agent's own deadlines apply as well; this one sees to it that no node stays cordoned. */
  private Duration patience(Maintenance maintenance, boolean rebooted) {
    Duration progress = Duration.ofSeconds(pace().progressDeadlineSeconds());
    return maintenance.stage() == Stage.REBOOT && !rebooted
        ? progress
        : progress.multipliedBy(2).plus(proof(maintenance));
  }

  private Duration proof(Maintenance maintenance) {
    return Need.own(state, maintenance.policy()).stream()
        .map(
            own ->
                Duration.ofSeconds(
                    own.target().soakSeconds()
                        + 2L
                            * own.target().healthChecks().stream()
                                .mapToLong(check -> check.timeoutSeconds())
                                .sum()))
        .max(Duration::compareTo)
        .orElse(Duration.ZERO);
  }

  private Step outcome(Maintenance maintenance) {
    Need need = Need.of(state, maintenance.policy());
    boolean over =
        policy.isEmpty() || need == Need.NOTHING || !isFor(maintenance) || isAnew(maintenance);
    return over && !mayStillReboot(maintenance)
        ? Step.end()
        : Step.keep(maintenance, maintenance.message());
  }

  /**
   * Whether an agent that has not heard that its grant is gone may yet act on it: until it has
   * heard, or the deadline has passed once more.
   */
  boolean mayStillReboot(Maintenance maintenance) {
    return maintenance.reason().equals(Reasons.REBOOT_TIMED_OUT)
        && isThisBoot(maintenance)
        && !(isRemembered(maintenance) && Standing.isObserved(state))
        && !due.hasCome(
            began(maintenance).plus(Duration.ofSeconds(pace().progressDeadlineSeconds())));
  }

  private boolean isRemembered(Maintenance maintenance) {
    return state.spec().maintenance().contains(maintenance);
  }

  private Step give(Maintenance maintenance, Stage stage, String reason, String message) {
    String cut =
        message.length() <= MESSAGE_CHARACTERS
            ? message
            : message.substring(0, MESSAGE_CHARACTERS - 1) + "…";
    return Step.keep(
        maintenance.toBuilder().stage(stage).time(due.time()).reason(reason).message(cut).build(),
        cut);
  }

  /** Whether the policy may go on disturbing the node as far as people and its budget go. */
  boolean mayDisturb() {
    return policy
        .filter(p -> p.deleting() || !p.spec().paused())
        .filter(p -> p.deleting() || !p.spec().rollout().dryRun())
        .filter(p -> !isHalted(p))
        .filter(p -> !node.held())
        .isPresent();
  }

  /** What goes back to the revision before goes on. */
  private boolean isHalted(Policy p) {
    String halted = p.status().rollout().halted();
    return !p.deleting()
        && !halted.isEmpty()
        && p.spec().rollout().onFailure() != OnFailure.CONTINUE
        && Need.own(state, p.name()).stream()
            .anyMatch(own -> !own.remove() && own.target().revision().equals(halted));
  }

  /** Whether it is for what the policy gives now. */
  private boolean isFor(Maintenance maintenance) {
    return Need.own(state, maintenance.policy()).stream()
        .anyMatch(
            own ->
                own.target().revision().equals(maintenance.revision())
                    && own.attempt().equals(maintenance.attempt()));
  }

  /** Whether what it was for has been admitted once more since. */
  private boolean isAnew(Maintenance maintenance) {
    return Need.own(state, maintenance.policy()).stream()
        .anyMatch(own -> Standing.isBefore(maintenance, own));
  }

  private boolean isThisBoot(Maintenance maintenance) {
    return maintenance.bootId().equals(bootId());
  }

  private String bootId() {
    return state.status().host().bootId();
  }

  /** One that cannot be read is long past. */
  private static Instant began(Maintenance maintenance) {
    return Due.parse(maintenance.time());
  }

  private Rollout pace() {
    return policy.map(p -> p.spec().rollout()).orElse(Rollout.DEFAULT);
  }
}
