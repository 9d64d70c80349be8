package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Target;
import io.kairos.extensions.api.v1alpha1.Upcoming;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Planner;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What nodes may download ahead of their turn: {@code next} of an assignment that is there already,
 * and {@code upcoming}, of which there is nothing yet. It is never linked, so it takes no slot,
 * waits for no wave, and goes on outside of windows. {@code maxStaging} nodes do so at once; one
 * whose download failed tries again by itself and is not counted, nor is one that is not Ready: it
 * may never come back.
 *
 * <p>It is a limit for the sake of networks and servers, not of nodes: two leaders may exceed it
 * for a moment.
 */
final class Staging {
  private final Map<String, Node> nodes;
  private final Map<String, NodeWork> work;
  private final Map<String, NavigableMap<ExtensionKey, Optional<Target>>> changes = new HashMap<>();
  private final Map<String, NavigableMap<ExtensionKey, Upcoming>> fresh = new HashMap<>();

  Staging(Map<String, Node> nodes, Map<String, NodeWork> work) {
    this.nodes = nodes;
    this.work = work;
  }

  /**
   * Stages for one policy.
   *
   * @param candidates the nodes that need an admission and are not admitted now, in order
   * @param mayBegin whether new nodes may begin; what is no longer wanted is taken back anyway
   * @param selected how many nodes the policy selects
   */
  void stage(Policy policy, List<String> candidates, Set<String> mayBegin, int selected) {
    int room = Amount.atLeastOne(policy.spec().rollout().maxStaging(), selected);
    for (NodeWork node : work.values()) {
      if (isReady(node) && isStaging(policy, node)) {
        room--;
      }
    }
    for (NodeWork node : work.values()) {
      takeBack(policy, node);
    }
    for (String name : candidates) {
      NodeWork node = work.get(name);
      NavigableMap<ExtensionKey, Optional<Target>> wanted = wanted(policy, node);
      NavigableMap<ExtensionKey, Upcoming> missing = missing(policy, node);
      if (room > 0 && mayBegin.contains(name) && !(wanted.isEmpty() && missing.isEmpty())) {
        changes.computeIfAbsent(name, n -> new TreeMap<>()).putAll(wanted);
        fresh.computeIfAbsent(name, n -> new TreeMap<>()).putAll(missing);
        room--;
      }
    }
  }

  /** What is new to a node altogether, and not told it yet. */
  private static NavigableMap<ExtensionKey, Upcoming> missing(Policy policy, NodeWork node) {
    NavigableMap<ExtensionKey, Upcoming> missing = new TreeMap<>();
    node.changesOf(policy.name()).values().stream()
        .filter(change -> isNew(node, change))
        .map(Upcoming::of)
        .filter(upcoming -> !node.state().spec().upcoming().contains(upcoming))
        .forEach(upcoming -> missing.put(upcoming.key(), upcoming));
    return missing;
  }

  private static boolean isNew(NodeWork node, Assignment change) {
    return !change.remove()
        && change.target().activation() != Activation.STAGE
        && node.state().spec().assignments().stream()
            .noneMatch(present -> present.key().equals(change.key()));
  }

  /** Whether what a node was told is to come is to come still. */
  private static boolean isStillWanted(NodeWork node, Upcoming upcoming) {
    return Optional.ofNullable(node.changesOf(upcoming.policy()).get(upcoming.key()))
        .filter(change -> isNew(node, change) && Upcoming.of(change).equals(upcoming))
        .isPresent();
  }

  /** What is wanted next on a node and not there yet. */
  private static NavigableMap<ExtensionKey, Optional<Target>> wanted(Policy policy, NodeWork node) {
    NavigableMap<ExtensionKey, Optional<Target>> wanted = new TreeMap<>();
    for (Assignment present : own(policy, node)) {
      next(policy, node, present)
          .filter(target -> !Optional.of(target).equals(present.next()))
          .ifPresent(target -> wanted.put(present.key(), Optional.of(target)));
    }
    return wanted;
  }

  private void takeBack(Policy policy, NodeWork node) {
    for (Assignment present : own(policy, node)) {
      if (present.next().isPresent() && !present.next().equals(next(policy, node, present))) {
        changes
            .computeIfAbsent(node.state().node(), n -> new TreeMap<>())
            .put(present.key(), Optional.empty());
      }
    }
  }

  /** What an assignment is to become, if that is another image. */
  private static Optional<Target> next(Policy policy, NodeWork node, Assignment present) {
    return Optional.ofNullable(node.changesOf(policy.name()).get(present.key()))
        .filter(change -> !change.remove())
        .map(Assignment::target)
        .filter(target -> target.activation() != Activation.STAGE)
        .filter(target -> !target.image().sha256().equals(present.target().image().sha256()));
  }

  private static List<Assignment> own(Policy policy, NodeWork node) {
    return node.state().spec().assignments().stream()
        .filter(a -> a.policy().equals(policy.name()) && !a.remove())
        .toList();
  }

  private boolean isReady(NodeWork node) {
    return Optional.ofNullable(nodes.get(node.state().node())).filter(Node::ready).isPresent();
  }

  private static boolean isStaging(Policy policy, NodeWork node) {
    State state = node.state();
    return own(policy, node).stream()
            .anyMatch(
                a ->
                    a.next().isPresent()
                        && a.next().equals(next(policy, node, a))
                        && !isSettled(state, a, a.next().get().revision()))
        || state.spec().upcoming().stream()
            .filter(one -> one.policy().equals(policy.name()) && isStillWanted(node, one))
            .anyMatch(one -> !isSettled(state, one.assigned(), one.target().revision()));
  }

  /** Whether the download is through, or failed. */
  private static boolean isSettled(State state, Assignment assignment, String revision) {
    Optional<ExtensionStatus> entry = Standing.entry(state, assignment);
    return entry.filter(e -> e.stagedRevision().equals(revision)).isPresent()
        || entry
            .flatMap(ExtensionStatus::lastFailure)
            .filter(failure -> failure.revision().equals(revision))
            .isPresent();
  }

  /** Whether something changes on a node. */
  boolean changes(String node) {
    NodeWork its = work.get(node);
    return changes.containsKey(node)
        || !upcoming(node, its.freely().navigableKeySet()).equals(its.state().spec().upcoming());
  }

  /**
   * What is to come on a node. No more than fits beside what is assigned.
   *
   * @param assigned what is assigned there from now on
   */
  List<Upcoming> upcoming(String node, Set<ExtensionKey> assigned) {
    NavigableMap<ExtensionKey, Upcoming> result = new TreeMap<>();
    work.get(node).state().spec().upcoming().stream()
        .filter(one -> isStillWanted(work.get(node), one))
        .forEach(one -> result.put(one.key(), one));
    result.putAll(fresh.getOrDefault(node, new TreeMap<>()));
    result.keySet().removeAll(assigned);
    return result.values().stream()
        .limit(Math.max(0, Planner.MAX_ASSIGNMENTS - assigned.size()))
        .toList();
  }

  /** A node's assignments with what comes next. */
  NavigableMap<ExtensionKey, Assignment> on(
      String node, NavigableMap<ExtensionKey, Assignment> assignments) {
    NavigableMap<ExtensionKey, Assignment> result = new TreeMap<>(assignments);
    changes
        .getOrDefault(node, new TreeMap<>())
        .forEach(
            (key, next) ->
                result.computeIfPresent(
                    key,
                    (k, a) ->
                        a.remove() ? a : a.toBuilder().nextOrNull(next.orElse(null)).build()));
    return result;
  }
}
