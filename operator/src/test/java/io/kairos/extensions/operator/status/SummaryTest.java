package io.kairos.extensions.operator.status;

import static io.kairos.extensions.operator.plan.Fleets.content;
import static io.kairos.extensions.operator.plan.Fleets.deleting;
import static io.kairos.extensions.operator.plan.Fleets.extension;
import static io.kairos.extensions.operator.plan.Fleets.fleet;
import static io.kairos.extensions.operator.plan.Fleets.gate;
import static io.kairos.extensions.operator.plan.Fleets.keeping;
import static io.kairos.extensions.operator.plan.Fleets.node;
import static io.kairos.extensions.operator.plan.Fleets.policy;
import static io.kairos.extensions.operator.plan.Fleets.reported;
import static io.kairos.extensions.operator.plan.Fleets.selector;
import static io.kairos.extensions.operator.plan.Fleets.state;
import static io.kairos.extensions.operator.plan.Fleets.stored;
import static io.kairos.extensions.operator.plan.Fleets.unready;
import static io.kairos.extensions.operator.plan.Fleets.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Approval;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.Gate;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.WaveStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Rollout;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Wave;
import io.kairos.extensions.api.v1alpha1.Window;
import io.kairos.extensions.operator.drain.Drains;
import io.kairos.extensions.operator.plan.Circumstances;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.GateVerdict;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Planner;
import io.kairos.extensions.operator.plan.SitePlan;
import io.kairos.extensions.operator.plan.StoredRevision;
import io.kairos.extensions.operator.rollout.Admission;
import io.kairos.extensions.operator.rollout.Alarm;
import io.kairos.extensions.operator.rollout.Decisions;
import io.kairos.extensions.operator.rollout.Evidence;
import io.kairos.extensions.operator.rollout.RemovalGuard;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The table of situations, row by row: {@code Ready/reason Progressing Degraded extra}. */
class SummaryTest {
  private static final String NOW = "2026-01-01T00:00:00Z";

  private final Extension hello = extension("hello", "1");
  private final Policy base = policy("base", "hello");
  private final Node n1 = node("n1");
  private final Node n2 = node("n2");

  @Test
  void rolling() {
    NodeExtensionPolicyStatus status =
        summary(base, reported(told(base, n1), Phase.FETCHING), state(n2));

    assertThat(row(status)).isEqualTo("False/RolloutInProgress True False Reconciling");
    assertThat(message(status))
        .isEqualTo(
            "0 of 2 nodes are up to date; waiting for: n1 (Fetching), n2 (waits for a slot)");
    assertThat(counts(status))
        .isEqualTo("desired 2 updated 1 ready 0 reboot 0 failed 0 unavailable 1");
  }

  @Test
  void whoTakesTheSlotsIsNamed() {
    Policy one = rollout(base, rollout -> rollout.maxUnavailable(new IntOrString(1)));
    Node cordoned = n2.toBuilder().cordon(FleetSnapshot.Cordon.THEIRS).build();

    assertThat(
            message(
                summary(
                    fleet(
                        List.of(one),
                        List.of(hello),
                        List.of(n1, cordoned),
                        state(n1),
                        reported(told(one, n2), Phase.ACTIVE)),
                    one)))
        .isEqualTo(
            "1 of 2 nodes are up to date; waiting for: n1 (waits for a slot); slots are taken by"
                + " nodes that do not serve: n2 (cordoned by somebody else)");
  }

  @Test
  void drains() {
    Policy reboots = with(base, spec -> spec.activation(Activation.REBOOT));
    State linked = reported(told(reboots, n1), Phase.PENDING_REBOOT);

    assertThat(message(summary(reboots, linked, state(n2))))
        .isEqualTo(
            "0 of 2 nodes are up to date; waiting for: n1 (is about to be drained), n2 (waits for"
                + " a slot)");

    State claimed =
        linked.toBuilder()
            .spec(
                new NodeExtensionStateSpec(
                    linked.spec().assignments(),
                    List.of(
                        Maintenance.builder()
                            .policy("base")
                            .revision(linked.spec().assignments().get(0).target().revision())
                            .stage(Maintenance.Stage.DRAIN)
                            .time(NOW)
                            .build())))
            .build();
    assertThat(message(summary(reboots, claimed, state(n2)))).contains("n1 (is being cordoned)");
    assertThat(summary(reboots, claimed, state(n2)).conditions())
        .as("the same in a later pass")
        .isEqualTo(
            summary(
                    fleet(List.of(reboots), List.of(hello), List.of(n1, n2), claimed, state(n2)),
                    reboots,
                    Instant.parse("2026-01-01T00:01:00Z"))
                .conditions()
                .stream()
                .map(condition -> condition.edit().withLastTransitionTime(NOW).build())
                .toList());
  }

  /** Ready would be taken back once more when the agent hears that the maintenance is over. */
  @Test
  void aNodeThatIsNotGivenBackYetIsNotReady() {
    State first = reported(told(base, n1), Phase.ACTIVE);
    State drained = drained(reported(told(base, n2), Phase.ACTIVE));

    NodeExtensionPolicyStatus status = summary(base, first, drained);

    assertThat(row(status)).isEqualTo("False/RolloutInProgress True False Reconciling");
    assertThat(status.ready()).isEqualTo(1);
    assertThat(extensionRow(first, drained))
        .isEqualTo("False/RolloutInProgress Reconciling 2/2/1/0/0");
  }

  private static State drained(State state) {
    return state.toBuilder()
        .spec(
            new NodeExtensionStateSpec(
                state.spec().assignments(),
                List.of(
                    Maintenance.builder()
                        .policy("base")
                        .revision(state.spec().assignments().get(0).target().revision())
                        .stage(Maintenance.Stage.ACTIVATE)
                        .time(NOW)
                        .build())))
        .build();
  }

  @Test
  void skipped() {
    Policy reboots = with(base, spec -> spec.activation(Activation.REBOOT));
    State linked = reported(told(reboots, n1), Phase.PENDING_REBOOT);
    State skipped =
        linked.toBuilder()
            .spec(
                new NodeExtensionStateSpec(
                    linked.spec().assignments(),
                    List.of(
                        Maintenance.builder()
                            .policy("base")
                            .revision(linked.spec().assignments().get(0).target().revision())
                            .stage(Maintenance.Stage.SKIPPED)
                            .time(NOW)
                            .reason("DrainTimedOut")
                            .message("is being drained, 1 pod left: default/db")
                            .build())))
            .build();

    NodeExtensionPolicyStatus last =
        summary(reboots, skipped, reported(told(reboots, n2), Phase.ACTIVE));
    assertThat(row(last)).isEqualTo("False/NodesSkipped False True Stalled");
    assertThat(message(last))
        .isEqualTo(
            "1 of 2 nodes are up to date; waiting for: n1 (DrainTimedOut: is being drained, 1 pod"
                + " left: default/db)");
    assertThat(row(summary(reboots, skipped, state(n2))))
        .isEqualTo("False/RolloutInProgress True False Reconciling");
    Policy tolerant = budget(reboots, 1);
    assertThat(row(summary(tolerant, skipped, reported(told(tolerant, n2), Phase.FAILED))))
        .isEqualTo("False/NodesFailed False True Stalled");
  }

  @Test
  void done() {
    NodeExtensionPolicyStatus status =
        summary(
            base, reported(told(base, n1), Phase.ACTIVE), reported(told(base, n2), Phase.ACTIVE));

    assertThat(row(status)).isEqualTo("True/AllNodesUpToDate False False ");
    assertThat(counts(status))
        .isEqualTo("desired 2 updated 2 ready 2 reboot 0 failed 0 unavailable 0");
  }

  @Test
  void moreFailedThanTheBudgetAllows() {
    NodeExtensionPolicyStatus status =
        summary(base, reported(told(base, n1), Phase.FAILED), state(n2));

    assertThat(row(status)).isEqualTo("False/FailureBudgetExceeded False True Stalled");
    assertThat(message(status))
        .startsWith("1 node failed, the failure budget is 0; ")
        .contains("extensions.kairos.io/retry")
        .endsWith(
            "; 0 of 2 nodes are up to date; failed on 1 node: n1: DigestMismatch: hello: got 00,"
                + " wanted 11");
    assertThat(status.failedNodes())
        .containsExactly(
            new NodeExtensionPolicyStatus.FailedNode(
                "n1", "DigestMismatch", "hello: got 00, wanted 11"));
  }

  @Test
  void failedWithinTheBudget() {
    Policy ready = budget(base, 1);
    State failed = reported(told(ready, n1), Phase.FAILED);

    assertThat(row(summary(ready, failed, reported(told(ready, n2), Phase.FETCHING))))
        .isEqualTo("False/NodesFailed True True Reconciling");
    assertThat(row(summary(ready, failed, reported(told(ready, n2), Phase.ACTIVE))))
        .isEqualTo("False/NodesFailed False True Stalled");
  }

  /** Else nobody would know what to write to make it go on. */
  @Test
  void failedWithinTheBudgetAndWaitingForAPersonOrAWindow() {
    Wave canary =
        Wave.builder()
            .name("canary")
            .nodesOrNull(new IntOrString(1))
            .failureBudget(new IntOrString(1))
            .approval(Approval.MANUAL)
            .build();
    Policy approved = rollout(budget(base, 1), rollout -> rollout.waves(List.of(canary)));
    Assignment first = told(approved, n1).spec().assignments().get(0);
    State canaryFailed =
        reported(state(n1, first.toBuilder().wave("canary").build()), Phase.FAILED);
    NodeExtensionPolicyStatus status = summary(approved, canaryFailed, state(n2));
    assertThat(row(status)).isEqualTo("False/AwaitingApproval False True Reconciling");
    assertThat(message(status)).contains("extensions.kairos.io/approve", "failed on 1 node: n1");

    Policy nightly =
        rollout(
            budget(base, 1),
            rollout -> rollout.windows(List.of(new Window("0 13 * * *", 60, "UTC"))));
    State failed = reported(told(nightly, n1), Phase.FAILED);
    assertThat(row(summary(nightly, failed, state(n2))))
        .isEqualTo("False/OutsideWindow False True Reconciling");
    assertThat(row(summary(nightly, failed, reported(told(nightly, n2), Phase.ACTIVE))))
        .as("no window mends it")
        .isEqualTo("False/NodesFailed False True Stalled");
  }

  /** It was counted when it went dark; what it reported before is worth nothing. */
  @Test
  void wentDarkWithWhatItWasGiven() {
    Instant later = Instant.parse(NOW).plusSeconds(600);
    State active = reported(told(base, n1), Phase.ACTIVE);
    RolloutStatus counted =
        summary(base, active, state(n2)).rollout().toBuilder()
            .waves(
                List.of(
                    WaveStatus.builder().name("rest").failed(1).failedNodes(List.of("n1")).build()))
            .failed(1)
            .admitting(List.of())
            .build();
    Policy known = with(budget(base, 1), base.status().toBuilder().rollout(counted).build());
    Node dark = unready(n1).toBuilder().unreadySince(Instant.parse(NOW)).build();
    FleetSnapshot fleet =
        fleet(
            List.of(known),
            List.of(hello),
            List.of(dark, n2),
            active,
            reported(told(base, n2), Phase.ACTIVE));

    NodeExtensionPolicyStatus status = summary(fleet, known, later);

    assertThat(row(status)).isEqualTo("False/NodesFailed False True Stalled");
    assertThat(message(status)).contains("n1: Unreachable");
    assertThat(counts(status))
        .isEqualTo("desired 2 updated 2 ready 1 reboot 0 failed 1 unavailable 0");
  }

  private static Policy rollout(Policy policy, UnaryOperator<Rollout.RolloutBuilder> change) {
    return with(
        policy, spec -> spec.rollout(change.apply(policy.spec().rollout().toBuilder()).build()));
  }

  private static Policy budget(Policy policy, int nodes) {
    return rollout(policy, rollout -> rollout.failureBudget(new IntOrString(nodes)));
  }

  @Test
  void invalid() {
    assertThat(row(summary(policy("base", "nowhere"), state(n1), state(n2))))
        .isEqualTo("False/ExtensionNotFound False True Stalled");
  }

  @Test
  void gateClosed() {
    Gate shop = gate("shop");
    Policy gated =
        with(
            base,
            spec ->
                spec.rollout(
                    Rollout.builder()
                        .maxUnavailable(new IntOrString(1))
                        .gates(List.of(shop))
                        .build()));
    FleetSnapshot waiting =
        fleet(
            List.of(gated),
            List.of(hello),
            List.of(n1, n2),
            reported(told(base, n1), Phase.ACTIVE),
            state(n2));
    FleetSnapshot closed =
        waiting.withGates(Map.of(shop, new GateVerdict.Closed("GateCheckFailed", "no such kind")));

    assertThat(row(summary(waiting, gated))).isEqualTo("False/GateClosed True False Reconciling");
    assertThat(message(summary(waiting, gated)))
        .isEqualTo("gate shop was not asked yet; 1 of 2 nodes are up to date");
    assertThat(row(summary(closed, gated)))
        .isEqualTo("False/GateCheckFailed True False Reconciling");
    assertThat(row(summary(waiting.withGates(Map.of(shop, new GateVerdict.Open())), gated)))
        .isEqualTo("False/RolloutInProgress True False Reconciling");
  }

  @Test
  void aGateThatMakesNoSenseIsInvalidAndTakesNothingAway() {
    Gate shop = gate("shop");
    Policy gated =
        with(
            base,
            spec ->
                spec.rollout(
                    Rollout.builder()
                        .maxUnavailable(new IntOrString(1))
                        .gates(List.of(shop))
                        .build()));
    NodeExtensionPolicyStatus status =
        summary(
            fleet(
                    List.of(gated),
                    List.of(hello),
                    List.of(n1, n2),
                    reported(told(base, n1), Phase.ACTIVE),
                    state(n2))
                .withGates(Map.of(shop, new GateVerdict.Invalid("at 1:4: no"))),
            gated);

    assertThat(row(status)).isEqualTo("False/InvalidSpec False True Stalled");
    assertThat(message(status)).startsWith("spec.rollout.gates[0] (shop): at 1:4: no; 1 of 2");
  }

  @Test
  void paused() {
    Policy paused = with(base, spec -> spec.paused(true));

    assertThat(row(summary(paused, state(n1), state(n2))))
        .isEqualTo("False/Paused False False Reconciling");
    assertThat(
            row(
                summary(
                    paused,
                    reported(told(base, n1), Phase.ACTIVE),
                    reported(told(base, n2), Phase.ACTIVE))))
        .isEqualTo("True/AllNodesUpToDate False False ");
  }

  @Test
  void noNode() {
    Policy nowhere = with(base, spec -> spec.nodeSelector(selector("no", "where")));

    assertThat(row(summary(nowhere, state(n1), state(n2))))
        .isEqualTo("True/NoMatchingNodes False False ");
  }

  @Test
  void awaitingReboot() {
    Policy later = with(base, spec -> spec.activation(Activation.NEXT_BOOT));
    NodeExtensionPolicyStatus status =
        summary(
            later,
            reported(told(later, n1), Phase.PENDING_REBOOT),
            reported(told(later, n2), Phase.ACTIVE));

    assertThat(row(status)).isEqualTo("True/AwaitingReboot False False ");
    assertThat(message(status)).isEqualTo("2 nodes are up to date; the next boot merges it on n1");
    assertThat(counts(status))
        .isEqualTo("desired 2 updated 2 ready 1 reboot 1 failed 0 unavailable 0");
  }

  @Test
  void removing() {
    NodeExtensionPolicyStatus status =
        summary(
            deleting(base),
            reported(told(base, n1), Phase.ACTIVE),
            reported(told(base, n2), Phase.ACTIVE));

    assertThat(row(status)).isEqualTo("False/Removing True False Reconciling");
    assertThat(message(status)).contains("2 nodes", "n2 (waits for a slot)");
  }

  @Test
  void overriddenIsOnlyToldOf() {
    Policy high = with(policy("high", "hello"), spec -> spec.priority(1));
    FleetSnapshot fleet =
        fleet(
            List.of(base, high),
            List.of(hello),
            List.of(n1),
            reported(told(high, n1), Phase.ACTIVE));

    NodeExtensionPolicyStatus status = summary(fleet, base);

    assertThat(row(status)).isEqualTo("True/AllNodesUpToDate False False Overridden");
    assertThat(Conditions.find(status.conditions(), Conditions.OVERRIDDEN))
        .hasValueSatisfying(c -> assertThat(c.getMessage()).contains("1 node (n1)", "high"));
  }

  @Test
  void conditionsSpeakOfTheirGenerationAndKeepTheirTimes() {
    NodeExtensionPolicyStatus before = summary(base, state(n1), state(n2));
    Policy later = with(base, before);
    NodeExtensionPolicyStatus after =
        summary(
            fleet(List.of(later), List.of(hello), List.of(n1, n2), state(n1), state(n2)),
            later,
            Instant.parse("2027-01-01T00:00:00Z"));

    assertThat(after.conditions())
        .allMatch(c -> c.getObservedGeneration() == 1L)
        .allMatch(c -> c.getLastTransitionTime().equals(NOW));
  }

  @Test
  void anExtensionIsReadyWhenInEffectWhereverItIsGiven() {
    State active = reported(told(base, n1), Phase.ACTIVE);
    State fetching = reported(told(base, n2), Phase.FETCHING);
    State linked = reported(told(base, n2), Phase.PENDING_REBOOT);
    State failed = reported(told(base, n2), Phase.FAILED);

    assertThat(extensionRow(active, reported(told(base, n2), Phase.ACTIVE)))
        .isEqualTo("True/AllNodesUpToDate  2/2/2/0/0");
    assertThat(extensionRow(active, fetching))
        .isEqualTo("False/RolloutInProgress Reconciling 2/1/1/0/0");
    assertThat(extensionRow(active, linked))
        .isEqualTo("False/AwaitingReboot Reconciling 2/2/1/1/0");
    assertThat(extensionRow(active, failed)).isEqualTo("False/NodesFailed Stalled 2/1/1/0/1");
  }

  @Test
  void anExtensionThatNobodyGivesIsReady() {
    FleetSnapshot fleet = fleet(List.of(), List.of(hello), List.of(n1));
    SystemExtensionStatus status =
        ExtensionSummary.of(fleet, Planner.plan(fleet), SitePlan.of(fleet), evidence(fleet), NOW)
            .get("hello");

    assertThat(extensionRow(status)).isEqualTo("True/NotAssigned  0/0/0/0/0");
  }

  @Test
  void aFleetThatIsAsItShallBeGetsNoWrite() {
    State one = reported(told(base, n1), Phase.ACTIVE);
    FleetSnapshot fleet = keeping(fleet(List.of(base), List.of(hello), List.of(n1), one));
    Policy settled = with(base, summary(fleet, base));
    Extension told =
        new Extension(
            "hello",
            1,
            false,
            true,
            hello.labels(),
            "hello",
            hello.spec(),
            ExtensionSummary.of(
                    fleet, Planner.plan(fleet), SitePlan.of(fleet), evidence(fleet), NOW)
                .get("hello"));

    assertThat(
            FleetPass.of(
                    keeping(fleet(List.of(settled), List.of(told), List.of(n1), one)),
                    Circumstances.at(Instant.parse("2027-01-01T00:00:00Z")))
                .writes())
        .isEmpty();
  }

  @Test
  void anExtensionSaysWhoWithholdsItsPresentGeneration() {
    Extension newer = extension("hello", "2");
    StoredRevision before = stored(base, 1, content(base, hello));
    Policy pinned =
        with(
            base,
            spec ->
                spec.rollout(
                    base.spec().rollout().toBuilder().revision(before.revision()).build()));
    FleetSnapshot fleet =
        fleet(List.of(pinned), List.of(newer), List.of(n1), reported(told(base, n1), Phase.ACTIVE))
            .withRevisions(List.of(before));
    SystemExtensionStatus status =
        ExtensionSummary.of(fleet, Planner.plan(fleet), SitePlan.of(fleet), evidence(fleet), NOW)
            .get("hello");

    assertThat(extensionRow(status)).isEqualTo("False/RevisionPinned Stalled 1/1/1/0/0");
    assertThat(status.conditions().get(0).getMessage())
        .isEqualTo(
            "this generation is not given by policy base, whose spec.rollout.revision asks for "
                + before.revision());
    NodeExtensionPolicyStatus policy = summary(fleet, pinned);
    assertThat(Conditions.find(policy.conditions(), Conditions.READY).orElseThrow().getStatus())
        .isEqualTo("True");
    assertThat(Conditions.find(policy.conditions(), Conditions.PINNED)).isPresent();
  }

  @Test
  void theHistorySaysWhatBecameOfEachRevision() {
    Extension newer = extension("hello", "2");
    StoredRevision first = stored(base, 1, content(base, hello));
    StoredRevision second = stored(base, 2, content(base, newer));
    State active = reported(told(base, n1), Phase.ACTIVE);
    Policy done =
        with(
            base,
            summary(
                fleet(List.of(base), List.of(hello), List.of(n1), active)
                    .withRevisions(List.of(first)),
                base));
    Policy next =
        with(
            done,
            summary(
                fleet(List.of(done), List.of(newer), List.of(n1), active)
                    .withRevisions(List.of(first, second)),
                done));
    Policy back =
        with(
            next,
            next.status().toBuilder()
                .rollout(
                    next.status().rollout().toBuilder()
                        .halted(second.revision())
                        .rollbackTo(first.revision())
                        .build())
                .build());

    assertThat(history(done)).containsExactly("1 Completed hello 1");
    assertThat(history(next)).containsExactly("2 InProgress hello 2", "1 Completed hello 1");
    assertThat(
            history(
                with(
                    back,
                    summary(
                        fleet(List.of(back), List.of(newer), List.of(n1), active)
                            .withRevisions(List.of(first, second)),
                        back))))
        .containsExactly("2 RolledBack hello 2", "1 Completed hello 1");
    assertThat(
            history(
                with(
                    next,
                    summary(
                        fleet(List.of(next), List.of(hello), List.of(n1), active)
                            .withRevisions(List.of(first, second)),
                        next))))
        .containsExactly("2 Superseded hello 2", "1 Completed hello 1");
  }

  private static List<String> history(Policy policy) {
    return policy.status().history().stream()
        .map(entry -> entry.number() + " " + entry.outcome() + " " + entry.summary())
        .toList();
  }

  private NodeExtensionPolicyStatus summary(Policy policy, State one, State two) {
    return summary(fleet(List.of(policy), List.of(hello), List.of(n1, n2), one, two), policy);
  }

  private static NodeExtensionPolicyStatus summary(FleetSnapshot fleet, Policy policy) {
    return summary(fleet, policy, Instant.parse(NOW));
  }

  private static NodeExtensionPolicyStatus summary(
      FleetSnapshot fleet, Policy policy, Instant now) {
    Plan plan = RemovalGuard.guard(fleet, Planner.plan(fleet));
    Alarm alarm = new Alarm(now);
    Evidence evidence = new Evidence(fleet, alarm);
    Decisions decisions = Admission.decide(fleet, plan, evidence, alarm, Circumstances.at(now));
    return PolicySummary.of(
        fleet,
        plan,
        evidence,
        decisions.policies().get(policy.name()),
        Drains.decide(fleet, decisions, now).notes(policy.name()),
        policy,
        now.toString());
  }

  private static Evidence evidence(FleetSnapshot fleet) {
    return new Evidence(fleet, new Alarm(Instant.parse(NOW)));
  }

  private Plan plan(Policy policy) {
    return Planner.plan(fleet(List.of(policy), List.of(hello), List.of(n1, n2)));
  }

  private State told(Policy policy, Node node) {
    return state(
        node, plan(policy).nodes().get(node.name()).wanted().values().toArray(Assignment[]::new));
  }

  private static String row(NodeExtensionPolicyStatus status) {
    List<Condition> conditions = status.conditions();
    return ready(conditions)
        + " "
        + value(conditions, Conditions.PROGRESSING)
        + " "
        + value(conditions, Conditions.DEGRADED)
        + " "
        + extra(conditions);
  }

  private static String ready(List<Condition> conditions) {
    Condition ready = Conditions.find(conditions, Conditions.READY).orElseThrow();
    return ready.getStatus() + "/" + ready.getReason();
  }

  private static String value(List<Condition> conditions, String type) {
    return Conditions.find(conditions, type).orElseThrow().getStatus();
  }

  private static String extra(List<Condition> conditions) {
    return conditions.stream()
        .map(Condition::getType)
        .filter(
            type ->
                !List.of(Conditions.READY, Conditions.PROGRESSING, Conditions.DEGRADED)
                    .contains(type))
        .collect(Collectors.joining(" "));
  }

  private static String message(NodeExtensionPolicyStatus status) {
    return Conditions.find(status.conditions(), Conditions.READY).orElseThrow().getMessage();
  }

  private static String counts(NodeExtensionPolicyStatus status) {
    return "desired %d updated %d ready %d reboot %d failed %d unavailable %d"
        .formatted(
            status.desired(),
            status.updated(),
            status.ready(),
            status.pendingReboot(),
            status.failed(),
            status.unavailable());
  }

  private String extensionRow(State one, State two) {
    FleetSnapshot fleet = fleet(List.of(base), List.of(hello), List.of(n1, n2), one, two);
    return extensionRow(
        ExtensionSummary.of(fleet, Planner.plan(fleet), SitePlan.of(fleet), evidence(fleet), NOW)
            .get("hello"));
  }

  private static String extensionRow(SystemExtensionStatus status) {
    return ready(status.conditions())
        + " "
        + extra(status.conditions())
        + " "
        + status.nodes().desired()
        + "/"
        + status.nodes().staged()
        + "/"
        + status.nodes().active()
        + "/"
        + status.nodes().pendingReboot()
        + "/"
        + status.nodes().failed();
  }
}
