package io.kairos.extensions.operator.rollout;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RemovalPending;
import io.kairos.extensions.api.v1alpha1.Removal;
import io.kairos.extensions.operator.plan.Course;
import io.kairos.extensions.operator.plan.Digests;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Plan.Claim;
import io.kairos.extensions.operator.plan.Plan.NodePlan;
import io.kairos.extensions.operator.plan.Plan.PolicyPlan;
import io.kairos.extensions.operator.plan.Problem;
import io.kairos.extensions.operator.plan.Samples;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Keeps an edit of a selector, of nodes or of extensions, from removing far and wide by mistake. If
 * something would be removed from more than {@code maxUnavailable} nodes, nothing is, until a
 * person says that it is meant, by an annotation that names this very removal.
 *
 * <p><b>What is an edit.</b> The selection (the node selector, and the names of the extensions that
 * the references match) whose removals were let through is remembered in the status. While the
 * selection is that one, removals pass: nodes that lose a label move on by themselves, bounded by
 * the slots. Another selection is looked at: it is let through if it removes from few nodes, or was
 * acknowledged. So a removal that has begun goes on to its end, and an acknowledgement of another
 * selection, or of another generation, is worth nothing.
 *
 * <p>Asked for by name already, and therefore free: deleting the policy or the extension; {@code
 * removal: Orphan}; and what an older revision, pinned or rolled back to, does not hold.
 */
public final class RemovalGuard {
  private static final int MAX_SAMPLES = 10;
  private static final int DIGITS = 8;

  private final FleetSnapshot fleet;
  private final Plan plan;

  private RemovalGuard(FleetSnapshot fleet, Plan plan) {
    this.fleet = fleet;
    this.plan = plan;
  }

  /** The plan, with removals that have to wait taken out of it. */
  public static Plan guard(FleetSnapshot fleet, Plan plan) {
    return new RemovalGuard(fleet, plan).guard();
  }

  private Plan guard() {
    NavigableMap<String, PolicyPlan> policies = new TreeMap<>(plan.policies());
    Map<String, Set<Claim>> waiting = new HashMap<>();
    for (Policy policy : fleet.policies().values()) {
      PolicyPlan planned = plan.policies().get(policy.name());
      if (!policy.deleting() && !planned.frozen()) {
        policies.put(policy.name(), guarded(policy, planned, waiting));
      }
    }
    NavigableMap<String, NodePlan> nodes = new TreeMap<>(plan.nodes());
    waiting.forEach(
        (node, claims) -> {
          Set<Claim> unresolved = new HashSet<>(plan.nodes().get(node).unresolved());
          unresolved.addAll(claims);
          nodes.put(node, new NodePlan(plan.nodes().get(node).wanted(), unresolved));
        });
    return new Plan(policies, nodes);
  }

  private PolicyPlan guarded(Policy policy, PolicyPlan planned, Map<String, Set<Claim>> waiting) {
    String selection = selection(policy, planned);
    Map<String, Set<Claim>> removals = removals(policy, planned);
    int cap =
        Amount.atLeastOne(policy.spec().rollout().maxUnavailable(), planned.matching().size());
    String token = policy.generation() + "-" + Digests.sha256(selection).substring(0, DIGITS);
    if (selection.equals(policy.status().selection())
        || removals.size() <= cap
        || token.equals(policy.annotation(Api.ACKNOWLEDGE_REMOVAL_ANNOTATION))) {
      return planned.withSelection(selection);
    }
    removals.forEach(
        (node, claims) -> waiting.computeIfAbsent(node, n -> new HashSet<>()).addAll(claims));
    Set<String> nodes = new TreeSet<>(removals.keySet());
    return planned
        .withSelection(policy.status().selection())
        .withRemovalPending(
            new RemovalPending(nodes.size(), nodes.stream().limit(MAX_SAMPLES).toList(), token),
            new Problem(
                Problem.Kind.REMOVAL_PENDING,
                "something would be removed from "
                    + Samples.nodes(nodes)
                    + ", more than maxUnavailable ("
                    + cap
                    + ") allows without a word: annotate the policy with "
                    + Api.ACKNOWLEDGE_REMOVAL_ANNOTATION
                    + "="
                    + token
                    + " if that is meant"));
  }

  /** By node, what a policy would take away because its selection is another one. */
  private Map<String, Set<Claim>> removals(Policy policy, PolicyPlan planned) {
    Map<String, Set<Claim>> result = new TreeMap<>();
    if (policy.spec().removal() != Removal.REMOVE) {
      return result;
    }
    for (String node : fleet.nodes().keySet()) {
      NodePlan nodePlan = plan.nodes().get(node);
      for (Assignment present :
          fleet.state(node).map(state -> state.spec().assignments()).orElse(List.of())) {
        Claim claim = new Claim(policy.name(), present.key());
        if (present.policy().equals(policy.name())
            && !present.remove()
            && !nodePlan.wanted().containsKey(present.key())
            && !nodePlan.unresolved().contains(claim)
            && isBySelection(node, present, planned)) {
          result.computeIfAbsent(node, n -> new HashSet<>()).add(claim);
        }
      }
    }
    return result;
  }

  private boolean isBySelection(String node, Assignment present, PolicyPlan planned) {
    if (!planned.matching().contains(node)) {
      return true;
    }
    Extension extension = fleet.extensions().get(present.extension());
    return planned.course() instanceof Course.Newest && extension != null && !extension.deleting();
  }

  /**
   * The node selector and the extensions matched. While an older revision is given it is not the
   * latter that decide, so what was let through stands for them.
   */
  private static String selection(Policy policy, PolicyPlan planned) {
    String nodes = Digests.sha256(text(policy.spec().nodeSelector())).substring(0, DIGITS);
    String before = policy.status().selection();
    String extensions =
        planned.course() instanceof Course.Newest
            ? Digests.sha256(String.join("\n", planned.wished())).substring(0, DIGITS)
            : before.substring(before.indexOf('.') + 1);
    return nodes + "." + extensions;
  }

  private static String text(LabelSelector selector) {
    Map<String, String> labels = Optional.ofNullable(selector.getMatchLabels()).orElse(Map.of());
    List<LabelSelectorRequirement> expressions =
        Optional.ofNullable(selector.getMatchExpressions()).orElse(List.of());
    return new TreeMap<>(labels)
        + expressions.stream()
            .map(e -> e.getKey() + " " + e.getOperator() + " " + sorted(e))
            .sorted(Comparator.naturalOrder())
            .toList()
            .toString();
  }

  private static Set<String> sorted(LabelSelectorRequirement requirement) {
    return new TreeSet<>(Optional.ofNullable(requirement.getValues()).orElse(List.of()));
  }
}
