package io.kairos.extensions.operator.rollout;

import static io.kairos.extensions.operator.plan.Fleets.NOW;
import static io.kairos.extensions.operator.plan.Fleets.extension;
import static io.kairos.extensions.operator.plan.Fleets.fleet;
import static io.kairos.extensions.operator.plan.Fleets.node;
import static io.kairos.extensions.operator.plan.Fleets.policy;
import static io.kairos.extensions.operator.plan.Fleets.reported;
import static io.kairos.extensions.operator.plan.Fleets.state;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Planner;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An agent that does not answer is given up in time, and no sooner. */
class DeadlinesTest {
  private static final long DEADLINE = 600;

  private final Assignment hello =
      Planner.plan(
              fleet(
                  List.of(policy("base", "hello")),
                  List.of(extension("hello", "1")),
                  List.of(node("n1"))))
          .nodes()
          .get("n1")
          .wanted()
          .firstEntry()
          .getValue()
          .toBuilder()
          .admittedTime(NOW.toString())
          .build();

  private Standing standing(State state, Instant now) {
    FleetSnapshot fleet =
        fleet(
            List.of(policy("base", "hello")),
            List.of(extension("hello", "1")),
            List.of(node("n1")),
            state);
    return new Evidence(fleet, new Alarm(now)).standing(state, hello);
  }

  @Test
  void anAgentThatNeverAnswersHasFailedAtTheDeadline() {
    State silent = state(node("n1"), hello);

    assertThat(standing(silent, NOW.plusSeconds(DEADLINE - 1))).isEqualTo(Standing.WORKING);
    assertThat(standing(silent, NOW.plusSeconds(DEADLINE))).isEqualTo(Standing.FAILED);
  }

  @Test
  void whatAnotherPolicyWritesOnTheNodeMakesNoOldAdmissionLate() {
    State active = reported(state(node("n1"), hello), Phase.ACTIVE);
    Instant muchLater = NOW.plusSeconds(100 * DEADLINE);
    assertThat(standing(active, muchLater)).isEqualTo(Standing.IN_EFFECT);

    State written =
        active.toBuilder()
            .generation(active.generation() + 1)
            .boundGeneration(active.generation() + 1)
            .boundSince(muchLater)
            .build();

    assertThat(standing(written, muchLater)).isEqualTo(Standing.WORKING);
    assertThat(standing(written, muchLater.plusSeconds(DEADLINE - 1))).isEqualTo(Standing.WORKING);
    assertThat(standing(written, muchLater.plusSeconds(DEADLINE)))
        .as("it does not answer to that either")
        .isEqualTo(Standing.FAILED);
  }
}
