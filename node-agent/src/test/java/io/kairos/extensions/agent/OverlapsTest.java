package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.plan.Wanted;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import org.junit.jupiter.api.Test;

/** Files that two extensions both carry are named, and so is which of them is seen. */
class OverlapsTest extends AgentScenario {
  private Assignment named(String name, int version) {
    Assignment assignment =
        Wanted.assignment(name, String.valueOf(version), Activation.LIVE, 0, Profile.ACTIVE);
    Target target =
        assignment.target().toBuilder().image(tool.live(version).target().image()).build();
    return new Assignment(assignment.type(), name, name, "policy", target, false);
  }

  @Test
  void filesOfTwoExtensionsAreNamedWhileBothAreAssigned() throws Exception {
    want(named("tool-9", 1), named("tool-10", 2));
    start();
    await()
        .untilAsserted(
            () ->
                assertThat(Conditions.find(status().conditions(), Conditions.FILES_OVERLAP))
                    .hasValueSatisfying(
                        condition -> {
                          assertThat(condition.getStatus()).isEqualTo(Conditions.TRUE);
                          assertThat(condition.getReason()).isEqualTo(Reasons.LAST_NAME_WINS);
                          assertThat(condition.getMessage())
                              .startsWith("tool-9 and tool-10 both carry /usr/")
                              .endsWith("those of tool-10 are seen");
                        }));
    await()
        .untilAsserted(
            () ->
                assertThat(status().extensions())
                    .allSatisfy(entry -> assertThat(entry.phase()).isEqualTo(Phase.ACTIVE)));
    assertThat(status().overlaps())
        .singleElement()
        .satisfies(
            overlap -> {
              assertThat(overlap.hidden()).isEqualTo("tool-9");
              assertThat(overlap.shown()).isEqualTo("tool-10");
              assertThat(overlap.files()).isNotEmpty();
              assertThat(overlap.count()).isGreaterThanOrEqualTo(overlap.files().size());
            });
    assertThat(Conditions.find(status().conditions(), Conditions.READY).orElseThrow().getStatus())
        .as("it is a warning")
        .isEqualTo(Conditions.TRUE);

    want(named("tool-9", 1), named("tool-10", 2).tombstone());
    await()
        .untilAsserted(
            () ->
                assertThat(Conditions.find(status().conditions(), Conditions.FILES_OVERLAP))
                    .isEmpty());
  }
}
