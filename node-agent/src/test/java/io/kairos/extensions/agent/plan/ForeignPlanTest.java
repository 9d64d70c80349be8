package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.live;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of others under a name of ours. */
class ForeignPlanTest extends PlanScenario {
  @ParameterizedTest
  @ValueSource(strings = {"root", "run", "profile", "other profile", "rival"})
  void aFileOfTheNameStopsEverythingForIt(String where) {
    switch (where) {
      case "root" -> host.foreignRoot("tool");
      case "run" -> host.foreignRun("tool");
      case "profile" -> host.foreignProfile(Profile.ACTIVE, "tool");
      case "other profile" -> host.foreignProfile(Profile.RECOVERY, "tool");
      default -> host.rival("tool");
    }
    agent.want(live("tool", "1"), live("other", "1")).settleForGood();
    assertThat(agent.standing("tool"))
        .returns(Phase.FAILED, Standing::phase)
        .returns(Reasons.FOREIGN_FILE, Standing::reason);
    assertThat(agent.standing("tool").message()).contains("tool", "is not ours");
    assertThat(agent.phase("other")).isEqualTo(Phase.ACTIVE);

    host.removeForeign();
    agent.settleForGood();
    assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void aTrialThatWasCutOffDoesNotBlockTheOthersBehindIt() {
    host.bad(V1);
    agent.want(live("tool", "1")).round();
    agent.finishStaging();
    agent.plan().actions().stream().limit(1).forEach(agent::act);
    agent.crash();
    host.foreignRoot("tool");
    agent.want(live("other", "1")).settleForGood();
    assertMerged("other", "1");
    assertThat(host.view().name("tool").run()).isEmpty();
  }
}
