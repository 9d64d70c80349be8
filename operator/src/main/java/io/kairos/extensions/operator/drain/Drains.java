package io.kairos.extensions.operator.drain;

import io.kairos.extensions.api.v1alpha1.Drain;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.operator.drain.NodeDrain.Step;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Cordon;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Windows;
import io.kairos.extensions.operator.rollout.Decisions;
import io.kairos.extensions.operator.rollout.Decisions.PolicyDecision;
import io.kairos.extensions.operator.rollout.Standing;
import io.kairos.extensions.operator.rollout.Write;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Takes nodes through what disturbs their pods, so that whoever dies when, no node stays cordoned,
 * and no cordon of anybody else is undone.
 *
 * <p><b>Two memories.</b> How far a node is stands in its state ({@link Maintenance}, one for each
 * policy), for the agent to see; that the cordon is ours stands on the Node, in an annotation that
 * is written and wiped together with {@code spec.unschedulable}. Nothing is remembered elsewhere.
 *
 * <ol>
 *   <li>A node that holds a slot, and whose agent says that all is linked (or in the store) and
 *       waits, is <b>claimed</b>: stage Drain. One policy at a time has a node; a policy has no
 *       more nodes, together with those that are away for other reasons, than {@code
 *       maxUnavailable}.
 *   <li>It is <b>cordoned</b>, unless somebody else did so in between: then there is nothing for us
 *       to undo.
 *   <li>Its pods are <b>evicted</b> ({@link PodRules}), by the API that heeds PodDisruptionBudgets.
 *       A refusal is tried again until {@code timeoutSeconds}; then the node is left as it is
 *       (Skip), has failed (Fail), or the rest is deleted (Force). What came of it stands until
 *       what it was for is admitted once more: for a retry, another revision, or in the next
 *       window.
 *   <li>Once they are gone, the agent is <b>allowed</b> what it waits for, in this one boot: stage
 *       Activate or Reboot.
 *   <li>When the agent reports that all is through, soaked or failed, the maintenance ends, and the
 *       node is <b>uncordoned</b>. A reboot that does not come in time has failed; the node is
 *       uncordoned once its agent has seen that it may no longer reboot, or another deadline later.
 * </ol>
 *
 * <p><b>Given up before it is allowed</b> is a drain when the policy is paused, halted or gone, the
 * node is put on hold or reboots by itself, or something else is to be given to it. A person who
 * uncordons the node is obeyed: it is skipped. What has been allowed goes on: it cannot be taken
 * back for sure.
 *
 * <p><b>Order.</b> A state is written before its Node is uncordoned, and a claim before its Node is
 * cordoned; each write fails if its object is no longer as it was read. So whoever was put to sleep
 * between two writes cannot allow a node that another one has uncordoned to reboot: that other one
 * has changed its state first. And a cordon that comes late is found by its annotation, with no
 * maintenance behind it, and undone.
 */
public final class Drains {
  /** A pass is to be short: what is left comes with the next. */
  private static final int MOST_EVICTIONS = 32;

  private final FleetSnapshot fleet;
  private final Decisions decisions;
  private final Due due;

  private final NavigableMap<String, List<Maintenance>> maintained = new TreeMap<>();
  private final NavigableMap<String, List<Write>> onNodes = new TreeMap<>();
  private final NavigableMap<String, NavigableMap<String, String>> notes = new TreeMap<>();

  private Drains(FleetSnapshot fleet, Decisions decisions, Due due) {
    this.fleet = fleet;
    this.decisions = decisions;
    this.due = due;
  }

  /**
   * What is done now.
   *
   * @param writes in order, after those of the admissions
   * @param notes for each policy that drains nodes, how far it is on each of them
   */
  public record Outcome(
      List<Write> writes, NavigableMap<String, NavigableMap<String, String>> notes) {
    /** Copies what it is given. */
    public Outcome {
      writes = List.copyOf(writes);
      notes = Collections.unmodifiableNavigableMap(new TreeMap<>(notes));
    }

    /** How far the drains of a policy are, by node. */
    public NavigableMap<String, String> notes(String policy) {
      return Collections.unmodifiableNavigableMap(notes.getOrDefault(policy, new TreeMap<>()));
    }
  }

  /**
   * What is done now.
   *
   * @param decisions what is admitted in the same pass
   */
  public static Outcome decide(FleetSnapshot fleet, Decisions decisions, Instant now) {
    return new Drains(fleet, decisions, new Due(now)).decide();
  }

  /** The nodes whose pods have to be looked at before {@link #decide}. */
  public static Set<String> draining(FleetSnapshot fleet) {
    Set<String> result = new HashSet<>();
    for (Node node : fleet.nodes().values()) {
      boolean drains =
          fleet.state(node.name()).stream()
              .flatMap(state -> state.spec().maintenance().stream())
              .anyMatch(one -> one.stage() == Maintenance.Stage.DRAIN);
      if (drains && node.cordon().isUnschedulable()) {
        result.add(node.name());
      }
    }
    return result;
  }

  /** Whether passes are due while no object moves: pods go, and times come. */
  public static boolean isUnderWay(FleetSnapshot fleet) {
    return fleet.nodes().values().stream().anyMatch(node -> node.cordon().isMarked())
        || fleet.states().values().stream()
            .filter(state -> !fleet.isStale(state))
            .flatMap(state -> state.spec().maintenance().stream())
            .anyMatch(Maintenance::isActive);
  }

  private Outcome decide() {
    for (Node node : fleet.nodes().values()) {
      fleet.state(node.name()).ifPresent(state -> step(node, state));
    }
    fleet.policies().values().stream()
        .sorted(
            Comparator.comparing((Policy policy) -> -policy.spec().priority())
                .thenComparing(Policy::name))
        .forEach(this::claim);
    List<Write> writes = new ArrayList<>();
    maintained.forEach(
        (node, maintenance) -> {
          if (!maintenance.equals(fleet.states().get(node).spec().maintenance())) {
            writes.add(new Write.Maintain(node, maintenance));
          }
        });
    for (Node node : fleet.nodes().values()) {
      uncordon(node).ifPresent(writes::add);
    }
    int evictions = 0;
    for (List<Write> some : onNodes.values()) {
      for (Write write : some) {
        boolean cordons = write instanceof Write.Cordon;
        if (cordons || evictions++ < MOST_EVICTIONS) {
          writes.add(write);
        }
      }
    }
    return new Outcome(writes, notes);
  }

  private NodeDrain drain(Node node, State state, String policy) {
    return new NodeDrain(
        node,
        state,
        Optional.ofNullable(fleet.policies().get(policy)),
        Optional.ofNullable(fleet.pods().get(node.name())),
        due);
  }

  private void step(Node node, State state) {
    List<Maintenance> after = new ArrayList<>();
    for (Maintenance maintenance : state.spec().maintenance()) {
      Step step = drain(node, state, maintenance.policy()).step(maintenance);
      step.maintenance().ifPresent(after::add);
      if (!step.note().isEmpty()) {
        note(maintenance.policy(), node, step.note());
      }
      onNodes.computeIfAbsent(node.name(), n -> new ArrayList<>()).addAll(step.writes());
    }
    maintained.put(node.name(), after);
  }

  private void note(String policy, Node node, String text) {
    notes.computeIfAbsent(policy, p -> new TreeMap<>()).put(node.name(), text);
  }

  private void claim(Policy policy) {
    PolicyDecision decision = decisions.policies().get(policy.name());
    Set<String> disturbed = new HashSet<>();
    List<Node> waiting = new ArrayList<>();
    for (String name : decision.slots()) {
      Node node = fleet.nodes().get(name);
      if (node == null || !isCalm(node, policy.name())) {
        disturbed.add(name);
      } else if (!decision.admitted().contains(name)) {
        waiting.add(node);
      }
    }
    waiting.sort(Comparator.comparing(Node::created).thenComparing(Node::name));
    for (Node node : waiting) {
      Optional<Maintenance> begun =
          fleet.state(node.name()).flatMap(state -> begin(policy, node, state));
      if (begun.isEmpty()) {
        continue;
      }
      if (!isOpen(policy)) {
        note(policy.name(), node, "waits for a window");
        continue;
      }
      if (disturbed.size() >= decision.cap()) {
        note(policy.name(), node, "waits until fewer nodes are unavailable");
        continue;
      }
      disturbed.add(node.name());
      List<Maintenance> all = new ArrayList<>(maintained.get(node.name()));
      all.removeIf(one -> one.policy().equals(policy.name()));
      all.add(begun.get());
      maintained.put(node.name(), all);
      note(policy.name(), node, "is about to be drained");
    }
  }

  /** Whether a drain may begin now; one that has begun goes on when its window closes. */
  private boolean isOpen(Policy policy) {
    return new Windows(policy.spec().rollout().windows()).openUntil(due.now()).isPresent();
  }

  /** Whether nothing disturbs a node on behalf of a policy, or of anybody else. */
  private boolean isCalm(Node node, String policy) {
    return node.isAvailable()
        && maintained.getOrDefault(node.name(), List.of()).stream()
            .noneMatch(one -> one.policy().equals(policy) && one.isActive());
  }

  /** The maintenance that a node waits for, if it may begin. */
  private Optional<Maintenance> begin(Policy policy, Node node, State state) {
    List<Maintenance> there = maintained.get(node.name());
    NodeDrain drain = drain(node, state, policy.name());
    Need need = Need.of(state, policy.name());
    boolean waits = need == Need.REBOOT || need == Need.ACTIVATE;
    boolean givenUp = there.stream().anyMatch(one -> one.policy().equals(policy.name()));
    boolean othersAtWork =
        there.stream().anyMatch(Maintenance::isActive) || othersWork(state, policy);
    if (!waits || givenUp || othersAtWork || !drain.mayDisturb()) {
      return Optional.empty();
    }
    boolean drains = policy.spec().rollout().drain().when() != Drain.When.NEVER;
    return Optional.of(drain.begin(need, drains));
  }

  /**
   * Whether the agent is at work for another policy, and waits for nobody. What waits for an
   * extension may well wait for the one that this drain is for.
   */
  private static boolean othersWork(State state, Policy policy) {
    return state.spec().assignments().stream()
        .filter(assignment -> !assignment.policy().equals(policy.name()))
        .filter(assignment -> !Standing.isWaitingForExtension(state, assignment))
        .anyMatch(assignment -> Need.of(state, assignment) == Need.WORK);
  }

  /** A cordon of ours goes when there is nothing behind it any more. */
  private Optional<Write> uncordon(Node node) {
    List<Maintenance> there = maintained.getOrDefault(node.name(), List.of());
    if (!node.cordon().isMarked() || there.stream().anyMatch(Maintenance::isActive)) {
      return Optional.empty();
    }
    if (node.cordon() != Cordon.OURS) {
      return Optional.of(new Write.Uncordon(node.name(), false));
    }
    boolean mayStillReboot =
        fleet.state(node.name()).stream()
            .anyMatch(
                state ->
                    there.stream()
                        .anyMatch(one -> drain(node, state, one.policy()).mayStillReboot(one)));
    return node.ready() && !mayStillReboot
        ? Optional.of(new Write.Uncordon(node.name(), true))
        : Optional.empty();
  }
}
