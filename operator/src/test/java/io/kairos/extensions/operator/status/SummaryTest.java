package io.kairos.extensions.operator.status;

import static io.kairos.extensions.operator.plan.Fleets.deleting;
import static io.kairos.extensions.operator.plan.Fleets.extension;
import static io.kairos.extensions.operator.plan.Fleets.fleet;
import static io.kairos.extensions.operator.plan.Fleets.node;
import static io.kairos.extensions.operator.plan.Fleets.policy;
import static io.kairos.extensions.operator.plan.Fleets.reported;
import static io.kairos.extensions.operator.plan.Fleets.selector;
import static io.kairos.extensions.operator.plan.Fleets.state;
import static io.kairos.extensions.operator.plan.Fleets.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Planner;
import io.kairos.extensions.operator.plan.SitePlan;
import io.kairos.extensions.operator.rollout.Admission;
import java.util.List;
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
  void done() {
    NodeExtensionPolicyStatus status =
        summary(
            base, reported(told(base, n1), Phase.ACTIVE), reported(told(base, n2), Phase.ACTIVE));

    assertThat(row(status)).isEqualTo("True/AllNodesUpToDate False False ");
    assertThat(counts(status))
        .isEqualTo("desired 2 updated 2 ready 2 reboot 0 failed 0 unavailable 0");
  }

  @Test
  void failedAndNothingElseCanGoOn() {
    NodeExtensionPolicyStatus status =
        summary(base, reported(told(base, n1), Phase.FAILED), state(n2));

    assertThat(row(status)).isEqualTo("False/NodesFailed False True Stalled");
    assertThat(message(status))
        .isEqualTo(
            "0 of 2 nodes are up to date; failed on 1 node: n1: DigestMismatch: hello: got 00,"
                + " wanted 11; each failed node takes a slot of maxUnavailable (1 of 1 taken), so"
                + " the others wait for it");
    assertThat(status.failedNodes())
        .containsExactly(
            new NodeExtensionPolicyStatus.FailedNode(
                "n1", "DigestMismatch", "hello: got 00, wanted 11"));
  }

  @Test
  void failedWhileOthersGoOn() {
    NodeExtensionPolicyStatus status =
        summary(
            base, reported(told(base, n1), Phase.FAILED), reported(told(base, n2), Phase.FETCHING));

    assertThat(row(status)).isEqualTo("False/NodesFailed True True Reconciling");
  }

  @Test
  void invalid() {
    assertThat(row(summary(policy("base", "nowhere"), state(n1), state(n2))))
        .isEqualTo("False/ExtensionNotFound False True Stalled");
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
        PolicySummary.of(
            fleet(List.of(later), List.of(hello), List.of(n1, n2), state(n1), state(n2)),
            plan(later),
            Admission.decide(
                    fleet(List.of(later), List.of(hello), List.of(n1, n2), state(n1), state(n2)),
                    plan(later))
                .policies()
                .get("base"),
            later,
            "2027-01-01T00:00:00Z");

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
        ExtensionSummary.of(fleet, Planner.plan(fleet), SitePlan.of(fleet), NOW).get("hello");

    assertThat(extensionRow(status)).isEqualTo("True/NotAssigned  0/0/0/0/0");
  }

  @Test
  void aFleetThatIsAsItShallBeGetsNoWrite() {
    State one = reported(told(base, n1), Phase.ACTIVE);
    FleetSnapshot fleet = fleet(List.of(base), List.of(hello), List.of(n1), one);
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
            ExtensionSummary.of(fleet, Planner.plan(fleet), SitePlan.of(fleet), NOW).get("hello"));

    assertThat(
            FleetPass.writes(
                fleet(List.of(settled), List.of(told), List.of(n1), one), "2027-01-01T00:00:00Z"))
        .isEmpty();
  }

  private NodeExtensionPolicyStatus summary(Policy policy, State one, State two) {
    return summary(fleet(List.of(policy), List.of(hello), List.of(n1, n2), one, two), policy);
  }

  private static NodeExtensionPolicyStatus summary(FleetSnapshot fleet, Policy policy) {
    Plan plan = Planner.plan(fleet);
    return PolicySummary.of(
        fleet, plan, Admission.decide(fleet, plan).policies().get(policy.name()), policy, NOW);
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
        ExtensionSummary.of(fleet, Planner.plan(fleet), SitePlan.of(fleet), NOW).get("hello"));
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
