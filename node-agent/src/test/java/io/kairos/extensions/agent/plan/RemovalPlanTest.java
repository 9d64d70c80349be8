package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.live;
import static io.kairos.extensions.agent.plan.Wanted.nextBoot;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Action.DeleteImage;
import io.kairos.extensions.agent.plan.Action.UnlinkProfile;
import io.kairos.extensions.agent.plan.Action.UnlinkRoot;
import io.kairos.extensions.agent.plan.Action.UnlinkRun;
import io.kairos.extensions.agent.plan.Action.UnsetGood;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import org.junit.jupiter.api.Test;

/** Tombstones, and what absence does not do. */
class RemovalPlanTest extends PlanScenario {
  @Test
  void goesByProfileLinksRunLinkRefreshRootGoodAndImage() {
    agent.want(live("tool", "1", Profile.ACTIVE, Profile.PASSIVE)).settleForGood();
    agent.news();
    agent.remove("tool");
    assertThat(settleAndTell())
        .containsExactly(
            new UnlinkProfile(Profile.ACTIVE, "tool"),
            new UnlinkProfile(Profile.PASSIVE, "tool"),
            new UnlinkRun("tool"),
            ends("tool"),
            new UnlinkRoot("tool"),
            new UnsetGood("tool"),
            new DeleteImage(V1));
    assertThat(agent.standing("tool"))
        .returns(Phase.REMOVED, Standing::phase)
        .returns(Reasons.REMOVED, Standing::reason);
    assertThat(host.view().names()).isEmpty();
  }

  @Test
  void isNotDoneBeforeTheHostHasUnmerged() {
    agent.want(live("tool", "1")).settleForGood();
    host.refusing(true);
    agent.remove("tool").settle();
    assertThat(agent.standing("tool"))
        .returns(Phase.REMOVING, Standing::phase)
        .returns(Reasons.MERGE_FAILED, Standing::reason)
        .returns("an image is bad", Standing::message);
    assertThat(host.view().name("tool").root()).isPresent();
    assertThat(host.view().images()).contains(V1);

    host.refusing(false);
    agent.settleForGood();
    assertThat(agent.phase("tool")).isEqualTo(Phase.REMOVED);
  }

  @Test
  void ofWhatNeverWasHereIsDoneAtOnce() {
    agent.want(live("tool", "1")).remove("tool");
    assertThat(settleAndTell()).isEmpty();
    assertThat(agent.phase("tool")).isEqualTo(Phase.REMOVED);
  }

  @Test
  void takesWhateverVersionIsThere() {
    agent.want(live("tool", "1")).settleForGood();
    agent.want(live("tool", "2")).remove("tool").settleForGood();
    assertThat(host.view().names()).isEmpty();
    assertThat(host.view().images()).isEmpty();
  }

  @Test
  void leavesAnImageThatAnotherNameNeeds() {
    Assignment twin = live("tool", "1");
    agent
        .want(twin)
        .want(
            new Assignment(
                twin.type(), "twin", "twin", twin.policy(), twin.target(), twin.remove()))
        .settleForGood();
    agent.remove("twin").settleForGood();
    assertThat(agent.phase("twin")).isEqualTo(Phase.REMOVED);
    assertThat(host.view().images()).contains(V1);
    assertMerged("tool", "1");
  }

  @Test
  void leavesSomebodyElsesFileOfTheNameAlone() {
    assertThat(host.foreignRoot("tool")).isTrue();
    assertThat(host.foreignRun("tool")).isTrue();
    assertThat(host.foreignProfile(Profile.ACTIVE, "tool")).isTrue();
    assertThat(host.refresh()).isTrue();
    agent.want(live("tool", "1")).remove("tool");
    assertThat(settleAndTell()).isEmpty();
    assertThat(agent.phase("tool")).isEqualTo(Phase.REMOVED);
  }

  @Test
  void takenBackHalfWayKeepsWhatIsMerged() {
    agent.want(live("tool", "1")).settleForGood();
    agent.remove("tool").plan().actions().stream().limit(2).forEach(agent::act);
    assertThat(host.view().name("tool").run()).isEmpty();
    agent.crash();
    agent.want(nextBoot("tool", "2"), live("other", "1")).settleForGood();
    assertMerged("tool", "1");
    assertMerged("other", "1");
  }

  @Test
  void absenceRemovesNothing() {
    agent.want(live("tool", "1")).settleForGood();
    agent.news();
    agent.forget("tool");
    assertThat(settleAndTell()).isEmpty();
    assertMerged("tool", "1");
    assertThat(host.view().images()).contains(V1);
  }

  @Test
  void absenceEndsATrialThatWasCutOff() {
    host.bad(V2);
    agent.want(live("tool", "1")).settleForGood();
    agent.want(live("tool", "2")).round();
    agent.finishStaging();
    agent.plan().actions().stream().limit(1).forEach(agent::act);
    agent.crash();
    agent.forget("tool").want(live("other", "1")).settleForGood();
    assertMerged("tool", "1");
    assertMerged("other", "1");
  }
}
