package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.operator.plan.Circumstances;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Plan.PolicyPlan;
import io.kairos.extensions.operator.rollout.Decisions.PolicyDecision;
import io.kairos.extensions.operator.rollout.Write.ConfirmGone;
import io.kairos.extensions.operator.rollout.Write.CreateState;
import io.kairos.extensions.operator.rollout.Write.DeleteState;
import io.kairos.extensions.operator.rollout.Write.UpdateState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which of the planned changes are written now, so that no policy ever has more than its {@code
 * maxUnavailable} nodes in change at once, whoever dies when.
 *
 * <p><b>Slots</b> are {@link Slots}' matter: who has one, and whether there is a free one.
 *
 * <p><b>Two writes.</b> First the batch goes into {@code status.rollout} of the policy, by a write
 * that fails if the policy is no longer as it was read. Then each node of the batch is written,
 * each by a write that fails if the state is no longer as it was read, and together with the
 * <em>admission</em>: an annotation that names the policy (its uid) and the batch's revision. So an
 * entry of a batch has been written if and only if its state names the batch, and every write that
 * an admission allows is a change of the state, even if nothing is left to assign.
 *
 * <p>A batch is replaced only when each entry is written, or its state is gone. (A state whose Node
 * is gone, or another one of that name, is deleted; until then its host may still work on it, so it
 * keeps its slots.) Until then whoever leads, after a restart too, writes what is missing: what the
 * plan wants there <em>now</em>, paused or not. An entry cannot just be dropped because the plan
 * has changed: a predecessor that was put to sleep between its two writes may wake up and write the
 * node still. Writing the entry (with nothing but the admission, if nothing else is wanted) moves
 * the state's resourceVersion, and the late write fails.
 *
 * <p><b>Why the cap holds.</b> A node write of policy p at time t₂ follows, in the same pass, a
 * write of p's status at t₁ < t₂ that found p as the pass had read it, and finds the state as the
 * pass had read it, without the admission. The state therefore was without it at t₁ too, so the
 * batch of t₁, which names the node, could not be replaced before t₂, and the slot was p's. To make
 * "without it" mean this batch and not an earlier one, a node is not admitted while its state
 * carries the same admission from before; that one is wiped first, in a pass of its own.
 *
 * <p>Slots are counted, and entries seen as written, in caches, one a kind. That of the states may
 * be older than that of the policies: a batch that another leader has written and cleared may be
 * missing in it, and an admission that was wiped may be in it still. So whoever replaces or clears
 * a batch needs {@link Write.ConfirmStates} first: a consistent read of the states after the policy
 * was read. All of the policy's earlier batches were written before the policy became as it is, so
 * the read shows them. Whoever has written the policy last, and has done so since such a read, may
 * skip it: nobody else can have had a batch since.
 *
 * <p>One policy at a time: a node on which another policy's change is not through, or that is in
 * another's batch, is not admitted. A failed one does not hinder others, nor does one that waits
 * for an extension that another policy may bring.
 *
 * <p><b>Who is admitted</b> the {@link PolicyRollout} of each policy says: nobody while it is
 * paused or halted; else nodes of its open wave that are Ready, not on hold, with a state, and
 * booted into the active profile. Of those in this order: the ones that hold a slot already, then
 * by {@link Order}; out of one zone at a time, and one control-plane node at a time in all policies
 * together, none while another one is not Ready. Policies come by priority, then name. One that is
 * being deleted minds neither pause nor halt nor waves.
 */
public final class Admission {
  /** The longest batch: the schema's {@code maxItems}. */
  public static final int MAX_BATCH = 50;

  private final FleetSnapshot fleet;
  private final Plan plan;
  private final PolicyRollout.Facts facts;
  private final NavigableMap<String, NodeWork> work = new TreeMap<>();
  private final Map<String, NavigableSet<String>> inNeed = new HashMap<>();

  /** The policy whose changes are written to a node in this pass; one at most. */
  private final Map<String, String> writer = new HashMap<>();

  private final Map<String, PolicyRollout> rollouts = new HashMap<>();
  private final Set<String> wiped = new HashSet<>();
  private final NavigableMap<String, PolicyDecision> decisions = new TreeMap<>();

  private Admission(
      FleetSnapshot fleet, Plan plan, Evidence evidence, Alarm alarm, Circumstances circumstances) {
    this.fleet = fleet;
    this.plan = plan;
    this.facts = new PolicyRollout.Facts(fleet, work, evidence, alarm, circumstances);
  }

  /**
   * What of the plan is written now.
   *
   * @param evidence of the same fleet
   * @param alarm is told when the clock will change this
   */
  public static Decisions decide(
      FleetSnapshot fleet, Plan plan, Evidence evidence, Alarm alarm, Circumstances circumstances) {
    return new Admission(fleet, plan, evidence, alarm, circumstances).decide();
  }

  /** How the state of a node names the batch of a policy. */
  static String admission(Policy policy, String revision) {
    return policy.uid() + "/" + revision;
  }

  private Decisions decide() {
    String time = facts.circumstances().time();
    Retries retries =
        new Retries(fleet, facts.evidence(), facts.alarm(), facts.circumstances().now());
    for (Node node : fleet.nodes().values()) {
      fleet
          .state(node.name())
          .map(state -> NodeWork.of(fleet, plan, state, facts.evidence(), retries, time))
          .ifPresent(changes -> work.put(node.name(), changes));
    }
    work.forEach(
        (node, changes) ->
            changes
                .policiesInNeed()
                .forEach(p -> inNeed.computeIfAbsent(p, x -> new TreeSet<>()).add(node)));
    for (Policy policy : fleet.policies().values()) {
      if (!unwritten(policy).isEmpty()) {
        finishBatch(policy);
      }
    }
    fleet.policies().values().stream()
        .filter(policy -> !decisions.containsKey(policy.name()))
        .sorted(
            Comparator.comparing((Policy policy) -> -policy.spec().priority())
                .thenComparing(Policy::name))
        .forEach(this::admit);
    return new Decisions(decisions, nodeWrites());
  }

  private Slots slots(Policy policy) {
    return Slots.of(fleet, plan, work.values(), facts.evidence(), policy.name());
  }

  /** The entries of a policy's batch that have a state and are not seen written. */
  private List<String> unwritten(Policy policy) {
    RolloutStatus batch = policy.status().rollout();
    String admission = admission(policy, batch.revision());
    return batch.admitting().stream()
        .filter(node -> fleet.states().containsKey(node))
        .filter(node -> !fleet.states().get(node).admissions().contains(admission))
        .toList();
  }

  private void finishBatch(Policy policy) {
    RolloutStatus batch = policy.status().rollout();
    NavigableSet<String> written = new TreeSet<>();
    // one whose status the API server has just refused is not asked for again soon
    List<String> due = fleet.refusals().containsKey(policy.name()) ? List.of() : unwritten(policy);
    for (String node : due) {
      if (work.containsKey(node) && writer.putIfAbsent(node, policy.name()) == null) {
        written.add(node);
      }
    }
    PolicyRollout ahead =
        PolicyRollout.unfinished(facts, policy, planned(policy), inNeed(policy), slots(policy));
    Slots slots = ahead.slots();
    slots.hold(batch.admitting().stream().filter(fleet.states()::containsKey).toList());
    NavigableMap<String, String> waiting = new TreeMap<>();
    for (String node : ahead.candidates()) {
      if (!written.contains(node)) {
        waiting.put(node, "waits for the nodes admitted before");
      }
    }
    conclude(policy, ahead, batch.admitting(), written, false, waiting);
  }

  private void admit(Policy policy) {
    PolicyRollout ahead =
        PolicyRollout.of(facts, policy, planned(policy), inNeed(policy), slots(policy));
    Slots slots = ahead.slots();
    List<String> candidates = ahead.candidates();
    List<String> holders = candidates.stream().filter(slots::isHolder).toList();
    List<String> others = candidates.stream().filter(node -> !slots.isHolder(node)).toList();
    Neighbours neighbours =
        new Neighbours(fleet, policy, work.values(), facts.evidence(), writer, slots);
    List<String> batch = new ArrayList<>();
    NavigableMap<String, String> waiting = new TreeMap<>();
    for (String node : Stream.concat(holders.stream(), others.stream()).toList()) {
      Optional<String> obstacle =
          ahead
              .obstacle(node)
              .or(() -> otherPolicy(policy, node))
              .or(() -> neighbours.obstacle(node));
      if (obstacle.isPresent()) {
        waiting.put(node, obstacle.get());
      } else if (batch.size() >= MAX_BATCH || !slots.take(node)) {
        waiting.put(node, PolicyDecision.NO_SLOT);
      } else {
        writer.put(node, policy.name());
        neighbours.taken(node);
        if (carriesSameAdmission(policy, node)) {
          wiped.add(node);
          waiting.put(node, "is being prepared");
        } else {
          batch.add(node);
        }
      }
    }
    conclude(policy, ahead, batch, new TreeSet<>(batch), true, waiting);
  }

  private void conclude(
      Policy policy,
      PolicyRollout ahead,
      List<String> batch,
      NavigableSet<String> written,
      boolean settled,
      NavigableMap<String, String> waiting) {
    for (String node : ahead.stateless()) {
      waiting.put(node, "has no NodeExtensionState yet");
    }
    rollouts.put(policy.name(), ahead);
    boolean replaces =
        settled && !(batch.isEmpty() && policy.status().rollout().admitting().isEmpty());
    decisions.put(
        policy.name(),
        new PolicyDecision(
            ahead.remembering(batch),
            ahead.attempt(),
            replaces,
            !written.isEmpty(),
            ahead.slots().cap(),
            ahead.slots().taken(),
            written,
            settled,
            ahead.hold(),
            ahead.preview(),
            waiting));
  }

  private PolicyPlan planned(Policy policy) {
    return plan.policies().get(policy.name());
  }

  private NavigableSet<String> inNeed(Policy policy) {
    return inNeed.getOrDefault(policy.name(), new TreeSet<>());
  }

  private Optional<String> otherPolicy(Policy policy, String name) {
    NodeWork changes = work.get(name);
    String other = writer.getOrDefault(name, policy.name());
    if (!other.equals(policy.name())) {
      return Optional.of("policy " + other + " changes it");
    }
    return changes.holders().stream()
        .filter(holder -> !holder.equals(policy.name()) && changes.hindersOthers(holder))
        .findFirst()
        .map(holder -> "policy " + holder + " changes it");
  }

  private boolean carriesSameAdmission(Policy policy, String node) {
    return work.get(node)
        .state()
        .admissions()
        .contains(admission(policy, planned(policy).revision()));
  }

  private List<Write> nodeWrites() {
    List<Write> writes = new ArrayList<>();
    for (Node node : fleet.nodes().values()) {
      if (!fleet.states().containsKey(node.name())) {
        writes.add(new CreateState(node.name(), node.uid()));
      }
    }
    for (State state : fleet.states().values()) {
      if (fleet.isStale(state)) {
        if (!fleet.nodes().containsKey(state.node())) {
          writes.add(new ConfirmGone(Write.Kind.NODE, state.node()));
        }
        writes.add(new DeleteState(state.node()));
      }
    }
    Map<String, NavigableSet<String>> standing = standingAdmissions();
    Staging staging = staging();
    Set<ConfirmGone> confirmations = new HashSet<>();
    List<Write> updates = new ArrayList<>();
    work.forEach(
        (node, changes) -> {
          boolean admitted = writer.containsKey(node) && !wiped.contains(node);
          if (!admitted
              && !wiped.contains(node)
              && !changes.changesFreely()
              && !staging.changes(node)) {
            return;
          }
          NavigableSet<String> admissions = new TreeSet<>(changes.state().admissions());
          admissions.retainAll(standing.getOrDefault(node, new TreeSet<>()));
          NavigableMap<ExtensionKey, Assignment> assignments = staging.on(node, changes.freely());
          if (admitted) {
            Policy policy = fleet.policies().get(writer.get(node));
            assignments = changes.admitted(policy.name(), rollouts.get(policy.name()).stamp(node));
            admissions.add(admission(policy, decisions.get(policy.name()).rollout().revision()));
          }
          changes.releases().stream().filter(confirmations::add).forEach(updates::add);
          updates.add(
              new UpdateState(
                  node,
                  List.copyOf(assignments.values()),
                  staging.upcoming(node, assignments.navigableKeySet()),
                  admissions,
                  admitted || changes.changesFreely()));
        });
    writes.addAll(updates);
    return writes;
  }

  private Staging staging() {
    Staging staging = new Staging(fleet.nodes(), work);
    for (Policy policy : fleet.policies().values()) {
      PolicyRollout ahead = rollouts.get(policy.name());
      List<String> candidates =
          ahead.candidates().stream().filter(node -> !writer.containsKey(node)).toList();
      Set<String> mayBegin =
          candidates.stream().filter(ahead::mayStage).collect(Collectors.toUnmodifiableSet());
      staging.stage(policy, candidates, mayBegin, planned(policy).selected().size());
    }
    return staging;
  }

  /** For each node the admissions of the batches, as they are from now on, that name it. */
  private Map<String, NavigableSet<String>> standingAdmissions() {
    Map<String, NavigableSet<String>> result = new HashMap<>();
    decisions.forEach(
        (name, decision) -> {
          String admission = admission(fleet.policies().get(name), decision.rollout().revision());
          decision
              .rollout()
              .admitting()
              .forEach(node -> result.computeIfAbsent(node, n -> new TreeSet<>()).add(admission));
        });
    return result;
  }
}
