package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.live;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Activation Stage: in the store, and whatever was linked before stays as it was. */
class StageOnlyPlanTest extends PlanScenario {
  private static Assignment stage(String version) {
    return Wanted.assignment("tool", version, Activation.STAGE, 0);
  }

  @Test
  void theImageIsInTheStoreAndNothingLinksIt() {
    agent.want(stage("1")).settleForGood();

    assertThat(agent.news()).isEmpty();
    assertThat(host.view().images()).containsExactly(V1);
    Standing standing = agent.standing("tool");
    assertThat(standing.phase()).isEqualTo(Phase.STAGED);
    assertThat(standing.reason()).isEqualTo(Reasons.STAGED_ONLY);
    assertThat(standing.stagedRevision()).isEqualTo("v1-1");
    agent.powerCut();
    agent.settleForGood();
    assertThat(host.merged()).isEmpty();
  }

  @Test
  void aVersionThatIsMergedStaysSoBesideTheStagedOne() {
    agent.want(live("tool", "1")).settleForGood();
    agent.news();

    agent.want(stage("2")).settleForGood();

    assertThat(agent.news()).isEmpty();
    assertMerged("tool", "1");
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V1);
    assertThat(host.view().images()).contains(V1, V2);
    agent.powerCut();
    agent.settleForGood();
    assertMerged("tool", "1");
  }

  @Test
  void aTrialThatWasCutOffIsEnded() {
    agent.want(live("tool", "1")).settleForGood();
    agent.want(live("tool", "2"));
    Plan unused = agent.plan();
    agent.finishStaging();
    agent.act(agent.plan().actions().get(0)); // the run link leads to it; the refresh is to come
    assertThat(host.view().name("tool").linkedForRun()).contains(V2);

    agent.want(stage("2")).settleForGood();

    assertMerged("tool", "1");
    assertThat(host.view().name("tool").linkedForRun()).contains(V1);
    assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.STAGED_ONLY);
  }

  @Test
  void anImageThatDoesNotFitIsTold() {
    agent.staging(assignment -> new Staged.Unfit("OsMismatch", "made for another system"));

    agent.want(stage("1")).settleForGood();

    assertThat(agent.standing("tool").phase()).isEqualTo(Phase.INCOMPATIBLE);
    assertThat(agent.standing("tool").reason()).isEqualTo("OsMismatch");
  }

  @Test
  void aFailedDownloadIsTriedAgain() {
    agent.staging(assignment -> new Staged.NotStaged("SourceUnreachable", "no route"));
    agent.want(stage("1")).settle();
    assertThat(agent.standing("tool").phase()).isEqualTo(Phase.FAILED);
    assertThat(agent.standing("tool").attempts()).isEqualTo(1);
    agent.staging(assignment -> new Staged.Ready(false, Optional.empty()));

    agent.settleForGood();

    assertThat(agent.standing("tool").phase()).isEqualTo(Phase.STAGED);
  }

  @Test
  void somebodyElsesFileOfTheNameIsInNobodysWay() {
    host.foreignProfile(Profile.ACTIVE, "tool");

    agent.want(stage("1")).settleForGood();

    assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.STAGED_ONLY);
  }

  @Test
  void itIsActivatedLaterWithoutADownload() {
    agent.want(stage("1")).settleForGood();
    agent.staging(assignment -> new Staged.NotStaged("DownloadRefused", "the server is gone"));

    agent.want(live("tool", "1")).settleForGood();

    assertMerged("tool", "1");
  }

  @Test
  void itsRemovalLeavesNothing() {
    agent.want(stage("1")).settleForGood();

    agent.remove("tool").settleForGood();

    assertThat(agent.phase("tool")).isEqualTo(Phase.REMOVED);
    assertThat(host.view().images()).isEmpty();
  }
}
