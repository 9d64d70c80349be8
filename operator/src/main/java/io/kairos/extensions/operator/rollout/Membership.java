package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.WaveStatus;
import io.kairos.extensions.api.v1alpha1.Wave;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.LabelSelectors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Which of a policy's nodes is of which wave of the revision that it gives.
 *
 * <p>A node that was admitted with a wave stays in it: its assignments say so. Any other is of the
 * first wave that it fits and that still takes nodes: one by labels takes what its selector
 * matches; one by number takes, of the nodes that need a change and can get it, as many as it
 * lacks, those that hold a slot already first, then by {@link Order}. A wave takes nobody any more
 * once all of it was through: who comes later is of a later wave. Who is of none is of the last
 * one, {@link Wave#REST}.
 */
final class Membership {
  private final Map<String, NavigableSet<String>> members = new LinkedHashMap<>();
  private final Map<String, String> waves = new HashMap<>();
  private final List<String> names;

  private Membership(List<Wave> specs) {
    names = new ArrayList<>(specs.stream().map(Wave::name).toList());
    names.add(Wave.REST);
    names.forEach(name -> members.put(name, new TreeSet<>()));
  }

  /**
   * What membership is decided from.
   *
   * @param revision the revision that is given
   * @param selected the policy's nodes, in the order in which they come
   * @param inNeed those that need an admission, or have no state yet that could tell
   * @param setAside those that cannot get it for long
   * @param holding those that hold a slot
   */
  record Basis(
      FleetSnapshot fleet,
      String policy,
      String revision,
      List<String> selected,
      Predicate<String> inNeed,
      Predicate<String> setAside,
      Predicate<String> holding) {}

  /** The members of the waves that a spec has, given how far they are. */
  static Membership of(List<Wave> specs, RolloutStatus rollout, Basis basis) {
    Membership result = new Membership(specs);
    for (String node : basis.selected()) {
      stamped(basis, node).ifPresent(wave -> result.join(node, wave));
    }
    for (Wave spec : specs) {
      if (!isClosed(rollout, spec.name())) {
        result.fill(spec, basis);
      }
    }
    basis.selected().stream().filter(result::isFree).forEach(node -> result.join(node, Wave.REST));
    return result;
  }

  private static boolean isClosed(RolloutStatus rollout, String wave) {
    return status(rollout, wave)
        .map(s -> !s.soakStartTime().isEmpty() || !s.completionTime().isEmpty())
        .orElse(false);
  }

  /** What a status remembers of a wave. */
  static Optional<WaveStatus> status(RolloutStatus rollout, String wave) {
    return rollout.waves().stream().filter(s -> s.name().equals(wave)).findFirst();
  }

  /** Whether nodes of a wave could be admitted already. */
  static boolean isBegun(RolloutStatus rollout, String wave) {
    return status(rollout, wave).filter(s -> !s.startTime().isEmpty()).isPresent();
  }

  /** The wave that a node was admitted with for the revision that is given. */
  static Optional<String> stamped(Basis basis, String node) {
    return basis.fleet().state(node).stream()
        .flatMap(state -> state.spec().assignments().stream())
        .filter(a -> a.policy().equals(basis.policy()))
        .filter(a -> a.target().revision().equals(basis.revision()) && !a.wave().isEmpty())
        .map(a -> a.wave())
        .findFirst();
  }

  private void fill(Wave spec, Basis basis) {
    spec.selector()
        .ifPresent(
            selector ->
                basis.selected().stream()
                    .filter(this::isFree)
                    .filter(
                        node ->
                            LabelSelectors.matches(
                                selector, basis.fleet().nodes().get(node).labels()))
                    .forEach(node -> join(node, spec.name())));
    spec.nodes()
        .ifPresent(
            amount -> {
              int size = Amount.atLeastOne(amount, basis.selected().size());
              take(spec, basis, basis.holding(), size);
              take(spec, basis, node -> true, size);
            });
  }

  private void take(Wave spec, Basis basis, Predicate<String> which, int size) {
    basis.selected().stream()
        .filter(this::isFree)
        .filter(basis.inNeed())
        .filter(basis.setAside().negate())
        .filter(which)
        .limit(Math.max(0, size - members.get(spec.name()).size()))
        .toList()
        .forEach(node -> join(node, spec.name()));
  }

  private boolean isFree(String node) {
    return !waves.containsKey(node);
  }

  /** A wave that the spec no longer has has become part of the last one. */
  private void join(String node, String wave) {
    String name = members.containsKey(wave) ? wave : Wave.REST;
    waves.put(node, name);
    members.get(name).add(node);
  }

  /** The waves in order, the last one included. */
  List<String> names() {
    return Collections.unmodifiableList(names);
  }

  /** The members of a wave. */
  NavigableSet<String> members(String wave) {
    return Collections.unmodifiableNavigableSet(members.get(wave));
  }

  /** The wave that a node is of; empty for one that the policy does not select. */
  Optional<String> waveOf(String node) {
    return Optional.ofNullable(waves.get(node));
  }

  /** The name under which a wave is known now. */
  String known(String wave) {
    return members.containsKey(wave) ? wave : Wave.REST;
  }
}
