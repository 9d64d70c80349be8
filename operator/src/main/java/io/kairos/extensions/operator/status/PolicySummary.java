package io.kairos.extensions.operator.status;

import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.FailedNode;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.operator.plan.Course;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Plan.PolicyPlan;
import io.kairos.extensions.operator.plan.Problem;
import io.kairos.extensions.operator.plan.Samples;
import io.kairos.extensions.operator.rollout.Decisions.PolicyDecision;
import io.kairos.extensions.operator.rollout.Evidence;
import io.kairos.extensions.operator.rollout.HealthGates;
import io.kairos.extensions.operator.rollout.Hold;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The status of a policy: how many nodes are how far, at most ten of those that failed, and
 * conditions.
 *
 * <p>Which situation a policy is in, the first that fits: being deleted; a problem that a person
 * has to put right; halted by the failure budget; rolled back; a dry run, or paused, with work
 * left; nodes failed; waiting for a person's word or a window; work left, by itself or only on
 * nodes that were skipped; no node selected; all done, or done but for boots. {@code Reconciling}
 * says that the operator or an agent gets on with it by itself, {@code Stalled} that nothing will
 * happen until a person acts, or a failed node's agent succeeds in a further try.
 */
public final class PolicySummary {
  private static final int MAX_SAMPLES = 10;
  private static final int MAX_NAMED = 5;

  private final FleetSnapshot fleet;
  private final Policy policy;
  private final PolicyPlan planned;
  private final PolicyDecision decision;
  private final List<NodeProgress> nodes = new ArrayList<>();

  private PolicySummary(
      FleetSnapshot fleet,
      Plan plan,
      Evidence evidence,
      PolicyDecision decision,
      Map<String, String> drains,
      Policy policy) {
    this.fleet = fleet;
    this.policy = policy;
    this.planned = plan.policies().get(policy.name());
    this.decision = decision;
    NavigableSet<String> concerned = new TreeSet<>(planned.selected());
    concerned.addAll(carriers());
    for (String node : concerned) {
      nodes.add(
          NodeProgress.of(
              fleet,
              plan,
              evidence,
              policy.name(),
              decision,
              Optional.ofNullable(drains.get(node)),
              node));
    }
  }

  /**
   * The status that a policy shall have.
   *
   * @param drains how far the policy's drains are, by node
   * @param now RFC 3339, for conditions whose status moves
   */
  public static NodeExtensionPolicyStatus of(
      FleetSnapshot fleet,
      Plan plan,
      Evidence evidence,
      PolicyDecision decision,
      Map<String, String> drains,
      Policy policy,
      String now) {
    return new PolicySummary(fleet, plan, evidence, decision, drains, policy).summarize(now);
  }

  private List<String> carriers() {
    return fleet.nodes().keySet().stream()
        .filter(
            node ->
                fleet
                    .state(node)
                    .map(state -> state.spec().assignments())
                    .orElse(List.of())
                    .stream()
                    .map(Assignment::policy)
                    .anyMatch(policy.name()::equals))
        .toList();
  }

  private NodeExtensionPolicyStatus summarize(String now) {
    return policy.status().toBuilder()
        .observedGeneration(policy.generation())
        .revision(planned.revision())
        .conditions(Conditions.transition(policy.status().conditions(), conditions(), now))
        .desired(planned.selected().size())
        .updated(count(NodeProgress::updated))
        .ready(count(NodeProgress::ready))
        .pendingReboot(count(NodeProgress::awaitingReboot))
        .failed(count(node -> node.failure().isPresent()))
        .unavailable(decision.slots().size())
        .failedNodes(failedNodes())
        .observedRetry(decision.attempt())
        .rollout(decision.rollout())
        .previewOrNull(decision.preview().orElse(null))
        .history(
            HistorySummary.of(fleet, policy, planned, nodes.stream().allMatch(NodeProgress::done)))
        .selection(planned.selection())
        .removalPendingOrNull(planned.removalPending().orElse(null))
        .build();
  }

  private int count(Predicate<NodeProgress> predicate) {
    return (int) nodes.stream().filter(predicate).count();
  }

  private List<FailedNode> failedNodes() {
    return nodes.stream()
        .filter(node -> node.failure().isPresent())
        .limit(MAX_SAMPLES)
        .map(
            node ->
                new FailedNode(
                    node.node(),
                    node.failure().orElseThrow().reason(),
                    node.failure().orElseThrow().message()))
        .toList();
  }

  private List<Condition> conditions() {
    boolean failed = count(node -> node.failure().isPresent()) > 0;
    boolean workLeft = !nodes.stream().allMatch(NodeProgress::done);
    boolean moving = nodes.stream().anyMatch(NodeProgress::moving);
    boolean waits = nodes.stream().anyMatch(n -> !n.done() && !n.moving());
    boolean turns = // of those that have not failed
        !moving && (failed ? nodes.stream().anyMatch(n -> !n.done() && !n.isGivenUp()) : workLeft);
    Optional<HealthGates.Obstacle> closed = HealthGates.obstacle(fleet, policy);
    ConditionList list = new ConditionList(policy.generation());
    if (policy.deleting()) {
      list.unready(Reasons.REMOVING, removing(), true, failed, failed && !moving);
    } else if (!planned.problems().isEmpty()) {
      list.unready(
          planned.problems().get(0).kind().reason(), problems(workLeft), false, true, true);
    } else if (isHeld(Reasons.FAILURE_BUDGET_EXCEEDED) && (workLeft || failed)) {
      list.unready(Reasons.FAILURE_BUDGET_EXCEEDED, held() + "; " + failures(), false, true, true);
    } else if (isRollingBack()) {
      boolean back = !workLeft && !moving;
      list.unready(
          back ? Reasons.ROLLED_BACK_FROM : Reasons.ROLLING_BACK, rollback(), !back, true, back);
    } else if (isHeld(Reasons.DRY_RUN) && workLeft) {
      list.unready(Reasons.DRY_RUN, held() + "; " + progress(), false, failed, false);
    } else if (isHeld(Reasons.PAUSED) && workLeft) {
      list.unready(Reasons.PAUSED, held() + "; " + progress(), false, failed, false);
    } else if (closed.isPresent() && waits) {
      list.unready(
          closed.get().reason(), closed.get().message() + "; " + upToDate(), true, failed, false);
    } else if (isHeld(Reasons.OUTSIDE_WINDOW) && turns) {
      list.unready(Reasons.OUTSIDE_WINDOW, held() + "; " + failures(), false, failed, false);
    } else if (isHeld(Reasons.AWAITING_APPROVAL) && turns) {
      list.unready(Reasons.AWAITING_APPROVAL, held() + "; " + failures(), false, failed, false);
    } else if (failed) {
      boolean goesOn = moving || nodes.stream().anyMatch(n -> !n.done() && !n.isGivenUp());
      list.unready(Reasons.NODES_FAILED, failures(), goesOn, true, !goesOn);
    } else if (workLeft && nodes.stream().allMatch(n -> n.done() || n.isGivenUp())) {
      list.unready(Reasons.NODES_SKIPPED, progress(), false, true, true);
    } else if (workLeft) {
      list.unready(Reasons.ROLLOUT_IN_PROGRESS, progress(), true, false, false);
    } else if (planned.selected().isEmpty()) {
      list.ready(Reasons.NO_MATCHING_NODES, "spec.nodeSelector matches no node");
    } else if (count(NodeProgress::awaitingReboot) > 0) {
      list.ready(
          Reasons.AWAITING_REBOOT,
          upToDate()
              + "; the next boot merges it on "
              + named(NodeProgress::awaitingReboot, NodeProgress::node));
    } else if (planned.extensions().isEmpty()) {
      list.ready(Reasons.ALL_NODES_UP_TO_DATE, "spec.extensions matches no SystemExtension");
    } else {
      list.ready(Reasons.ALL_NODES_UP_TO_DATE, upToDate());
    }
    inform(list);
    return list.toList();
  }

  /** What is no trouble, but good to know. */
  private void inform(ConditionList list) {
    if (!planned.overridden().isEmpty()) {
      list.add(
          Conditions.OVERRIDDEN,
          Conditions.TRUE,
          Reasons.OVERRIDDEN,
          "of higher priority on "
              + Samples.nodes(planned.overridden())
              + ": policy "
              + Samples.of(planned.overriders(), MAX_NAMED));
    }
    if (!planned.overriding().isEmpty()) {
      list.add(
          Conditions.OVERRIDING,
          Conditions.TRUE,
          Reasons.OVERRIDING,
          "of lower priority on "
              + Samples.nodes(planned.overriding())
              + ": policy "
              + Samples.of(planned.losers(), MAX_NAMED));
    }
    if (planned.course() instanceof Course.Pinned) {
      list.add(
          Conditions.PINNED,
          Conditions.TRUE,
          Reasons.REVISION_PINNED,
          "spec.rollout.revision asks for " + planned.asked() + " instead of the newest");
    }
  }

  private String upToDate() {
    int done = count(NodeProgress::done);
    int desired = planned.selected().size();
    return done == desired
        ? Samples.count(desired, "node") + (desired == 1 ? " is" : " are") + " up to date"
        : done + " of " + Samples.count(desired, "node") + " are up to date";
  }

  /** {@code 2 of 3 nodes are up to date; waiting for: node-2 (Fetching)}. */
  private String progress() {
    List<NodeProgress> open = new ArrayList<>();
    nodes.stream().filter(n -> !n.done() && n.moving()).forEach(open::add);
    nodes.stream().filter(n -> !n.done() && !n.moving()).forEach(open::add);
    return open.isEmpty()
        ? upToDate()
        : upToDate()
            + "; waiting for: "
            + Samples.of(open.stream().map(PolicySummary::noted).toList(), MAX_NAMED)
            + slotsTakenByOthers();
  }

  /** Where nodes wait for a slot, those that have one for a reason that is not the policy's. */
  private String slotsTakenByOthers() {
    if (!decision.waiting().containsValue(PolicyDecision.NO_SLOT)) {
      return "";
    }
    List<String> away =
        decision.slots().stream()
            .map(fleet.nodes()::get)
            .filter(Objects::nonNull)
            .filter(node -> !node.ready() || node.othersWork().isPresent())
            .map(node -> node.name() + " (" + node.othersWork().orElse("not Ready") + ")")
            .toList();
    return away.isEmpty()
        ? ""
        : "; slots are taken by nodes that do not serve: " + Samples.of(away, MAX_NAMED);
  }

  private static String noted(NodeProgress node) {
    return node.node() + " (" + (node.selected() ? node.note() : "removal: " + node.note()) + ")";
  }

  private String removing() {
    if (nodes.isEmpty()) {
      return "nothing is left on any node";
    }
    return "removing from "
        + Samples.count(nodes.size(), "node")
        + "; waiting for: "
        + named(node -> true, node -> node.node() + " (" + node.note() + ")");
  }

  private String problems(boolean workLeft) {
    String message =
        planned.problems().stream().map(Problem::message).collect(Collectors.joining("; "));
    return workLeft ? message + "; " + progress() : message;
  }

  private String failures() {
    int failed = count(node -> node.failure().isPresent());
    return failed == 0
        ? progress()
        : upToDate()
            + "; failed on "
            + Samples.count(failed, "node")
            + ": "
            + named(
                node -> node.failure().isPresent(),
                node ->
                    node.node()
                        + ": "
                        + node.failure().orElseThrow().reason()
                        + ": "
                        + node.failure().orElseThrow().message());
  }

  private boolean isHeld(String reason) {
    return decision.hold().map(Hold::reason).filter(reason::equals).isPresent();
  }

  private String held() {
    return decision.hold().map(Hold::message).orElse("");
  }

  private boolean isRollingBack() {
    return !decision.rollout().rollbackTo().isEmpty();
  }

  private String rollback() {
    String to = decision.rollout().rollbackTo();
    return "revision "
        + decision.rollout().halted()
        + " failed on more nodes than the failure budget allows; "
        + (to.equals(RolloutStatus.NOTHING)
            ? "there is none before it, it is removed"
            : "revision " + to + " is given instead")
        + ": "
        + progress();
  }

  private String named(
      Predicate<NodeProgress> which, java.util.function.Function<NodeProgress, String> text) {
    return Samples.of(nodes.stream().filter(which).map(text).toList(), MAX_NAMED);
  }
}
