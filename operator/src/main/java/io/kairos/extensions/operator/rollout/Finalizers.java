package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.rollout.Write.AddFinalizer;
import io.kairos.extensions.operator.rollout.Write.Kind;
import io.kairos.extensions.operator.rollout.Write.RemoveFinalizer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * Where our finalizer has to be: on every policy, and on every extension in use (matched by a
 * policy, or assigned to a node), so that nodes are cleaned before the object goes. It goes when no
 * node carries anything of the object any more; a node that is gone is forgotten. An extension that
 * falls out of use loses it without being deleted, so that it can be deleted without an operator.
 *
 * <p>A node that has not been Ready for longer than {@code progressDeadlineSeconds} holds up no
 * deletion: what it carries is released, and stays on its host if it ever comes back.
 */
public final class Finalizers {
  private Finalizers() {}

  /** The finalizers to add, before anything is assigned. */
  public static List<Write> toAdd(FleetSnapshot fleet, Plan plan) {
    List<Write> writes = new ArrayList<>();
    for (Policy policy : fleet.policies().values()) {
      if (!policy.deleting() && !policy.hasFinalizer() && mayBeAsked(fleet, policy.name())) {
        writes.add(new AddFinalizer(Kind.POLICY, policy.name(), List.of(policy.name())));
      }
    }
    Set<String> used = extensionsInUse(fleet, plan);
    for (Extension extension : fleet.extensions().values()) {
      if (!extension.deleting() && !extension.hasFinalizer() && used.contains(extension.name())) {
        List<String> users = users(plan, extension.name());
        if (users.isEmpty() || users.stream().anyMatch(user -> mayBeAsked(fleet, user))) {
          writes.add(new AddFinalizer(Kind.EXTENSION, extension.name(), users));
        }
      }
    }
    return writes;
  }

  /** Not soon again, if the API server has just refused something of a policy. */
  private static boolean mayBeAsked(FleetSnapshot fleet, String policy) {
    return !fleet.refusals().containsKey(policy);
  }

  private static List<String> users(Plan plan, String extension) {
    return plan.policies().entrySet().stream()
        .filter(policy -> policy.getValue().extensions().contains(extension))
        .map(Map.Entry::getKey)
        .toList();
  }

  /** The finalizers to remove, after everything else. */
  public static List<Write> toRemove(
      FleetSnapshot fleet, Plan plan, Decisions decisions, Evidence evidence) {
    List<Write> writes = new ArrayList<>();
    for (Policy policy : fleet.policies().values()) {
      if (policy.deleting()
          && policy.hasFinalizer()
          && decisions.policies().get(policy.name()).settled()
          && carriers(fleet, policy, evidence).isEmpty()) {
        writes.add(new RemoveFinalizer(Kind.POLICY, policy.name()));
      }
    }
    Set<String> used = extensionsInUse(fleet, plan);
    Set<String> needed = extensionsInUse(fleet, plan, evidence::isUnreachable);
    for (Extension extension : fleet.extensions().values()) {
      boolean goes = !(extension.deleting() ? needed : used).contains(extension.name());
      if (extension.hasFinalizer() && goes) {
        writes.add(new RemoveFinalizer(Kind.EXTENSION, extension.name()));
      }
    }
    return writes;
  }

  /** The nodes that carry an assignment or a tombstone of a policy, and may yet get rid of it. */
  private static List<String> carriers(FleetSnapshot fleet, Policy policy, Evidence evidence) {
    return fleet.nodes().values().stream()
        .filter(node -> !evidence.isUnreachable(node, policy.name()))
        .map(Node::name)
        .filter(
            node ->
                assignments(fleet, node).stream()
                    .anyMatch(assignment -> assignment.policy().equals(policy.name())))
        .toList();
  }

  private static Set<String> extensionsInUse(FleetSnapshot fleet, Plan plan) {
    return extensionsInUse(fleet, plan, (node, policy) -> false);
  }

  /**
   * Extensions that a policy gives, or that a node carries.
   *
   * @param isLost whether a node does not count for what a policy, by its name, has given it
   */
  private static Set<String> extensionsInUse(
      FleetSnapshot fleet, Plan plan, BiPredicate<Node, String> isLost) {
    Set<String> used = new HashSet<>();
    plan.policies().values().forEach(policy -> used.addAll(policy.extensions()));
    for (Node node : fleet.nodes().values()) {
      assignments(fleet, node.name()).stream()
          .filter(assignment -> !isLost.test(node, assignment.policy()))
          .forEach(assignment -> used.add(assignment.extension()));
    }
    return used;
  }

  private static List<Assignment> assignments(FleetSnapshot fleet, String node) {
    return fleet.state(node).map(state -> state.spec().assignments()).orElse(List.of());
  }
}
