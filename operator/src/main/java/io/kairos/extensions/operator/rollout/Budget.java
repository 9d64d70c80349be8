package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.WaveStatus;
import io.kairos.extensions.api.v1alpha1.Wave;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Samples;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The failure budget: how many distinct nodes failed a revision in one attempt, and whether that is
 * more than a person is ready to lose. Each wave has a budget of its own: a named one its own
 * {@code failureBudget}, the last one that of the rollout.
 *
 * <p>The count is part of the policy's status, and only grows: a node that recovers, or is gone
 * with its state, stays counted. To know it from one that fails later its name is kept, those of
 * gone nodes first, as many as there is room for. Beyond that a node that goes and another one that
 * fails may count as one.
 */
final class Budget {
  private static final int MAX_NAMES = 50;

  private final Policy policy;
  private final Membership.Basis basis;
  private final Membership membership;
  private final Evidence evidence;

  Budget(Policy policy, Membership.Basis basis, Membership membership, Evidence evidence) {
    this.policy = policy;
    this.basis = basis;
    this.membership = membership;
    this.evidence = evidence;
  }

  /**
   * A memory with all failures in it that nodes show.
   *
   * @param attempt the attempt that failures count for
   */
  RolloutStatus count(RolloutStatus before, String attempt) {
    Map<String, NavigableSet<String>> failing = new HashMap<>();
    for (State state : basis.fleet().states().values()) {
      if (!basis.fleet().isStale(state)) {
        failedIn(state, attempt)
            .ifPresent(
                wave -> failing.computeIfAbsent(wave, w -> new TreeSet<>()).add(state.node()));
      }
    }
    Map<String, WaveStatus> known = new LinkedHashMap<>();
    for (String wave : membership.names()) {
      Membership.status(before, wave)
          .or(() -> Optional.of(WaveStatus.builder().name(wave).build()))
          .filter(s -> failing.containsKey(wave) || Membership.status(before, wave).isPresent())
          .ifPresent(s -> known.put(wave, s));
    }
    failing.forEach((wave, nodes) -> known.put(wave, with(known.get(wave), nodes)));
    return before.toBuilder()
        .waves(List.copyOf(known.values()))
        .failed(
            Math.max(before.failed(), known.values().stream().mapToInt(WaveStatus::failed).sum()))
        .build();
  }

  private static WaveStatus with(WaveStatus before, NavigableSet<String> failing) {
    NavigableSet<String> gone = new TreeSet<>(before.failedNodes());
    gone.removeAll(failing);
    List<String> names = new ArrayList<>(gone);
    names.addAll(failing);
    return before.toBuilder()
        .failed(Math.max(before.failed(), names.size()))
        .failedNodes(
            names.size() > MAX_NAMES
                ? names.subList(0, MAX_NAMES)
                : names.stream().sorted().toList())
        .build();
  }

  /** The wave in which a node failed the revision, if it has. */
  private Optional<String> failedIn(State state, String attempt) {
    List<Assignment> own =
        state.spec().assignments().stream()
            .filter(a -> a.policy().equals(policy.name()))
            .filter(a -> a.target().revision().equals(basis.revision()))
            .filter(a -> a.attempt().equals(attempt))
            .toList();
    boolean failed = own.stream().anyMatch(a -> hasFailed(state, a));
    Optional<String> wave =
        own.stream()
            .map(Assignment::wave)
            .filter(w -> !w.isEmpty())
            .findFirst()
            .map(membership::known);
    boolean dark = wave.filter(w -> new Lost(policy, basis, evidence).isLost(state, w)).isPresent();
    return failed || dark
        ? Optional.of(wave.or(() -> membership.waveOf(state.node())).orElse(Wave.REST))
        : Optional.empty();
  }

  private boolean hasFailed(State state, Assignment assignment) {
    return evidence.failure(state, assignment).isPresent()
        || Standing.entry(state, assignment)
            .flatMap(entry -> Evidence.lastFailure(entry, assignment))
            .isPresent();
  }

  /** Why the budget of some wave is exceeded, for a person; empty if none is. */
  Optional<String> exceeded(List<Wave> specs, RolloutStatus rollout) {
    Map<String, Wave> named = new HashMap<>();
    specs.forEach(spec -> named.put(spec.name(), spec));
    for (WaveStatus wave : rollout.waves()) {
      Wave spec = named.get(wave.name());
      int allowed =
          spec == null
              ? Amount.of(policy.spec().rollout().failureBudget(), basis.selected().size())
              : Amount.of(spec.failureBudget(), membership.members(wave.name()).size());
      if (wave.failed() > allowed) {
        return Optional.of(
            Samples.count(wave.failed(), "node")
                + " failed"
                + (specs.isEmpty() ? "" : " in wave " + wave.name())
                + ", the failure budget is "
                + allowed);
      }
    }
    return Optional.empty();
  }
}
