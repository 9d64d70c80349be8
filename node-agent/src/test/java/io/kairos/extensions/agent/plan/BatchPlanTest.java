package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.digest;
import static io.kairos.extensions.agent.plan.Wanted.live;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Action.Refresh;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Several changes at once: one refresh, and the search for the bad one. */
class BatchPlanTest extends PlanScenario {
  @Test
  void allChangesOfANodeGoIntoOneRefresh() {
    agent.want(live("gone", "1")).settleForGood();
    agent.remove("gone");
    agent.want(live("one", "1"), live("two", "1"));
    agent.plan();
    agent.finishStaging();
    agent.plan();
    agent.finishStaging();
    agent.news();
    agent.round();
    assertThat(agent.news())
        .filteredOn(Refresh.class::isInstance)
        .singleElement()
        .isInstanceOfSatisfying(
            Refresh.class,
            refresh -> {
              assertThat(refresh.expected().keySet())
                  .containsExactlyInAnyOrder("gone", "one", "two");
              assertThat(refresh.expected().get("gone")).isEmpty();
              assertThat(refresh.trials()).hasSize(2);
            });
  }

  private void stageAllFirst(Assignment... assignments) {
    agent.want(assignments);
    for (Assignment ignored : assignments) {
      agent.plan();
      agent.finishStaging();
    }
  }

  @Test
  void afterABatchThatFailedEachIsTriedAlone() {
    Assignment fine = live("alpha", "1");
    Assignment bad = live("beta", "1");
    Assignment alsoFine = live("gamma", "1");
    host.bad(digest("beta", "1"));
    stageAllFirst(fine, bad, alsoFine);
    agent.settle();
    assertThat(agent.news())
        .filteredOn(Refresh.class::isInstance)
        .containsExactly(tries(fine, bad, alsoFine), tries(fine), tries(bad), tries(alsoFine));
    assertThat(host.merged()).containsOnlyKeys("alpha", "gamma");
    assertThat(agent.phase("beta")).isEqualTo(Phase.FAILED);
    assertThat(agent.phase("alpha")).isEqualTo(Phase.ACTIVE);
    assertThat(agent.phase("gamma")).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void whoWaitsForATurnSaysSo() {
    host.bad(digest("beta", "1"));
    stageAllFirst(live("alpha", "1"), live("beta", "1"));
    agent.round();
    assertThat(agent.standing("beta"))
        .returns(Phase.STAGED, Standing::phase)
        .returns(Reasons.IN_PROGRESS, Standing::reason);
    assertThat(agent.standing("beta").message()).contains("one by one");
    assertThat(agent.phase("alpha")).isEqualTo(Phase.ACTIVATING);
  }

  @Test
  void aSuspectIsForgottenWithItsImage() {
    host.bad(digest("beta", "1"));
    stageAllFirst(live("alpha", "1"), live("beta", "1"));
    agent.round();
    assertThat(agent.memory().alone()).hasSize(2);
    agent.want(live("beta", "2")).settleForGood();
    assertThat(agent.memory().alone()).isEmpty();
    assertMerged("beta", "2");
  }

  @Test
  void oneImageAtATimeIsFetched() {
    agent.want(live("alpha", "1"), live("beta", "1"));
    Plan plan = agent.plan();
    assertThat(plan.stage()).isEmpty();
    assertThat(ModelAgent.standing(plan, "alpha").phase()).isEqualTo(Phase.FETCHING);
    assertThat(ModelAgent.standing(plan, "beta").phase()).isEqualTo(Phase.PENDING);
    agent.finishStaging();
    assertThat(agent.standing("beta").phase()).isEqualTo(Phase.FETCHING);
  }

  @Test
  void aDownloadThatFailsLetsTheOthersGoFirst() {
    agent.staging(
        a ->
            a.name().equals("alpha")
                ? new Staged.NotStaged(Reasons.DOWNLOAD_REFUSED, "HTTP 404")
                : new Staged.Ready(false, Optional.empty()));
    agent.want(live("alpha", "1"), live("beta", "1")).settle();
    assertThat(agent.standing("alpha"))
        .returns(Phase.FAILED, Standing::phase)
        .returns(Reasons.DOWNLOAD_REFUSED, Standing::reason)
        .returns("HTTP 404", Standing::message);
    assertThat(agent.phase("beta")).isEqualTo(Phase.ACTIVE);
  }
}
