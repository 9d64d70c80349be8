package io.kairos.extensions.operator.rollout;

import static io.kairos.extensions.operator.plan.Fleets.extension;
import static io.kairos.extensions.operator.plan.Fleets.fleet;
import static io.kairos.extensions.operator.plan.Fleets.node;
import static io.kairos.extensions.operator.plan.Fleets.policy;
import static io.kairos.extensions.operator.plan.Fleets.reported;
import static io.kairos.extensions.operator.plan.Fleets.state;
import static io.kairos.extensions.operator.plan.Fleets.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Window;
import io.kairos.extensions.operator.plan.Circumstances;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Planner;
import io.kairos.extensions.operator.rollout.Decisions.PolicyDecision;
import io.kairos.extensions.operator.rollout.Write.UpdateState;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Nodes whose pods did not leave in time: when they are tried again. */
class RetriesTest {
  private static final Instant ADMITTED = Instant.parse("2026-06-01T02:00:00Z");
  private static final Instant SKIPPED = Instant.parse("2026-06-01T02:30:00Z");
  private static final Instant SAME_NIGHT = Instant.parse("2026-06-01T02:45:00Z");
  private static final Instant BY_DAY = Instant.parse("2026-06-01T12:00:00Z");
  private static final Instant NEXT_NIGHT = Instant.parse("2026-06-02T02:00:00Z");

  private final Extension hello = extension("hello", "1");
  private final Node n1 = node("n1");
  private final Node n2 = node("n2");
  private final Policy nightly =
      with(
          policy("base", "hello"),
          spec ->
              spec.activation(Activation.REBOOT)
                  .rollout(
                      policy("base").spec().rollout().toBuilder()
                          .windows(List.of(new Window("0 2 * * *", 60, "UTC")))
                          .build()));

  private State skipped(Policy policy, Node node) {
    Assignment assignment =
        Planner.plan(fleet(List.of(policy), List.of(hello), List.of(node), state(node)))
            .nodes()
            .get(node.name())
            .wanted()
            .firstEntry()
            .getValue()
            .toBuilder()
            .admittedTime(ADMITTED.toString())
            .build();
    return skipped(reported(state(node, assignment), Phase.PENDING_REBOOT), SKIPPED);
  }

  private static State skipped(State linked, Instant when) {
    Assignment assignment = linked.spec().assignments().get(0);
    Maintenance maintenance =
        Maintenance.builder()
            .policy(assignment.policy())
            .revision(assignment.target().revision())
            .attempt(assignment.attempt())
            .stage(Maintenance.Stage.SKIPPED)
            .time(when.toString())
            .reason("DrainTimedOut")
            .message("is being drained, 1 pod left: default/db")
            .build();
    return linked.toBuilder()
        .spec(new NodeExtensionStateSpec(List.of(assignment), List.of(maintenance)))
        .build();
  }

  private Decisions decide(Policy policy, Instant now, State... states) {
    return decide(policy, new Alarm(now), now, states);
  }

  private Decisions decide(Policy policy, Alarm alarm, Instant now, State... states) {
    FleetSnapshot fleet = fleet(List.of(policy), List.of(hello), List.of(n1, n2), states);
    return Admission.decide(
        fleet, Planner.plan(fleet), new Evidence(fleet, alarm), alarm, Circumstances.at(now));
  }

  @Test
  void notInTheWindowThatTheyWereSkippedInNorOutsideOfAny() {
    for (Instant now : List.of(SAME_NIGHT, BY_DAY)) {
      Alarm alarm = new Alarm(now);
      Decisions decisions = decide(nightly, alarm, now, skipped(nightly, n1), skipped(nightly, n2));

      assertThat(decisions.nodeWrites()).isEmpty();
      assertThat(decisions.policies().get("base").slots()).isEmpty();
      assertThat(alarm.next()).hasValueSatisfying(t -> assertThat(t).isBeforeOrEqualTo(NEXT_NIGHT));
    }
  }

  @Test
  void inTheNextWindowAndByTheSlotsThatThereAre() {
    Decisions decisions = decide(nightly, NEXT_NIGHT, skipped(nightly, n1), skipped(nightly, n2));

    PolicyDecision decision = decisions.policies().get("base");
    assertThat(decision.rollout().admitting()).containsExactly("n1");
    assertThat(decision.slots()).containsExactly("n1");
    assertThat(decision.waiting()).containsEntry("n2", "waits for a slot");
    UpdateState update = (UpdateState) decisions.nodeWrites().get(0);
    assertThat(update.node()).isEqualTo("n1");
    Assignment again = update.assignments().get(0);
    assertThat(again.isSameOrder(skipped(nightly, n1).spec().assignments().get(0))).isTrue();
    assertThat(again.admittedTime()).isEqualTo(NEXT_NIGHT.toString());
  }

  @Test
  void whatCameOfTheTryBeforeSaysNothingOfThisOne() {
    State before = skipped(nightly, n1);
    Assignment again =
        before.spec().assignments().get(0).toBuilder().admittedTime(NEXT_NIGHT.toString()).build();
    State anew =
        before.toBuilder()
            .spec(new NodeExtensionStateSpec(List.of(again), before.spec().maintenance()))
            .build();

    assertThat(Standing.of(before, before.spec().assignments().get(0))).isEqualTo(Standing.SKIPPED);
    assertThat(Standing.of(anew, again)).isEqualTo(Standing.WORKING);

    State skippedAgain = skipped(anew, NEXT_NIGHT.plusSeconds(600));
    assertThat(Standing.of(skippedAgain, again)).isEqualTo(Standing.SKIPPED);
    assertThat(
            decide(nightly, NEXT_NIGHT.plusSeconds(1200), skippedAgain, state(n2))
                .policies()
                .get("base")
                .rollout()
                .admitting())
        .containsExactly("n2");
  }

  @Test
  void notWhileTheirPolicyIsPaused() {
    Policy paused = with(nightly, spec -> spec.paused(true));

    assertThat(decide(paused, NEXT_NIGHT, skipped(paused, n1)).policies().get("base").rollout())
        .satisfies(rollout -> assertThat(rollout.admitting()).isEmpty());
  }

  @Test
  void withoutWindowsOnlyOnceAPersonAsksForIt() {
    Policy always =
        with(
            nightly,
            spec -> spec.rollout(nightly.spec().rollout().toBuilder().windows(List.of()).build()));
    assertThat(decide(always, NEXT_NIGHT, skipped(always, n1), state(n2)).policies().get("base"))
        .satisfies(d -> assertThat(d.rollout().admitting()).containsExactly("n2"));

    Policy asked =
        always.toBuilder()
            .annotations(Map.of(Api.RETRY_ANNOTATION, "again"))
            .status(always.status().toBuilder().observedRetry("again").build())
            .build();
    assertThat(decide(asked, NEXT_NIGHT, skipped(always, n1)).policies().get("base"))
        .satisfies(d -> assertThat(d.rollout().admitting()).containsExactly("n1"));
  }
}
