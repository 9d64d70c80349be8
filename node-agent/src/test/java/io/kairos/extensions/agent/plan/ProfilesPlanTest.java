package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.live;
import static io.kairos.extensions.agent.plan.Wanted.nextBoot;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Action.LinkProfile;
import io.kairos.extensions.agent.plan.Action.LinkRoot;
import io.kairos.extensions.agent.plan.Action.LinkRunToImage;
import io.kairos.extensions.agent.plan.Action.LinkRunToProfile;
import io.kairos.extensions.agent.plan.Action.SetGood;
import io.kairos.extensions.agent.plan.Action.UnlinkProfile;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is linked in which boot profile, and when. */
class ProfilesPlanTest extends PlanScenario {
  @Test
  void passiveAloneIsLinkedDirectly() {
    agent.want(live("tool", "1", Profile.PASSIVE));
    assertThat(settleAndTell())
        .containsExactly(new LinkProfile(Profile.PASSIVE, "tool", V1), new LinkRoot("tool", V1));
    assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.LINKED_IN_OTHER_PROFILE);
    assertThat(host.view().name("tool").good()).isEmpty();
  }

  @Test
  void passiveBesideActiveKeepsItsVersionUntilTheNewOneIsGood() {
    Profile[] both = {Profile.ACTIVE, Profile.PASSIVE};
    agent.want(live("tool", "1", both)).settleForGood();
    agent.want(nextBoot("tool", "2", both)).settleForGood();
    assertThat(host.view().name("tool").inProfile(Profile.PASSIVE)).contains(V1);
    agent.powerCut();
    agent.settleForGood();
    assertThat(host.view().name("tool").inProfile(Profile.PASSIVE)).contains(V2);
  }

  @Test
  void onAHostThatBootedPassiveAVersionIsStillProvenBeforePassiveGetsIt() {
    host.boot(Optional.of(Profile.PASSIVE));
    agent.want(live("tool", "1", Profile.ACTIVE, Profile.PASSIVE));
    assertThat(settleAndTell())
        .containsExactly(
            new LinkRunToImage("tool", V1),
            tries("tool", "1"),
            new LinkProfile(Profile.ACTIVE, "tool", V1),
            new LinkRoot("tool", V1),
            new SetGood("tool", V1),
            new LinkProfile(Profile.PASSIVE, "tool", V1),
            new LinkRunToProfile("tool", Profile.PASSIVE));
  }

  @Test
  void commonIsMergedWhateverIsBooted() {
    host.boot(Optional.of(Profile.RECOVERY));
    agent.want(live("tool", "1", Profile.COMMON)).settleForGood();
    assertThat(agent.news())
        .containsSubsequence(
            new LinkProfile(Profile.COMMON, "tool", V1),
            new LinkRunToProfile("tool", Profile.COMMON));
    assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void theWayToCommonUnlinksFirstAndKeepsWhatIsMerged() {
    agent.want(live("tool", "1")).settleForGood();
    agent.news();
    agent.want(live("tool", "1", Profile.COMMON));
    assertThat(settleAndTell())
        .containsExactly(
            new LinkRunToImage("tool", V1),
            new UnlinkProfile(Profile.ACTIVE, "tool"),
            new LinkProfile(Profile.COMMON, "tool", V1),
            new LinkRunToProfile("tool", Profile.COMMON));
  }

  @Test
  void theWayFromCommonUnlinksFirst() {
    agent.want(live("tool", "1", Profile.COMMON)).settleForGood();
    agent.news();
    agent.want(live("tool", "1", Profile.ACTIVE));
    assertThat(settleAndTell())
        .containsExactly(
            new LinkRunToImage("tool", V1),
            new UnlinkProfile(Profile.COMMON, "tool"),
            new LinkProfile(Profile.ACTIVE, "tool", V1),
            new LinkRunToProfile("tool", Profile.ACTIVE));
  }

  @Test
  void aCrashOnTheWayToCommonDoesNotLetAnotherRefreshUnmergeIt() {
    agent.want(live("tool", "1"), live("other", "1")).settleForGood();
    agent.want(live("tool", "1", Profile.COMMON)).plan().actions().stream()
        .limit(2)
        .forEach(agent::act);
    assertThat(host.view().name("tool").profiles()).isEmpty();
    agent.crash();
    agent.remove("other").settleForGood();
    assertMerged("tool", "1");
    assertThat(agent.done).filteredOn(ends("other")::equals).hasSize(1);
  }

  @Test
  void aProfileThatIsNoLongerWantedIsUnlinkedLast() {
    agent.want(live("tool", "1", Profile.ACTIVE, Profile.PASSIVE)).settleForGood();
    agent.news();
    agent.want(live("tool", "2", Profile.ACTIVE)).settleForGood();
    assertThat(agent.news())
        .containsSubsequence(
            new LinkProfile(Profile.ACTIVE, "tool", V2),
            new LinkRoot("tool", V2),
            new LinkRunToProfile("tool", Profile.ACTIVE),
            new UnlinkProfile(Profile.PASSIVE, "tool"));
  }

  @Test
  void aProfileChangeAwayFromTheBootedOneKeepsTheMergeUntilTheBoot() {
    agent.want(live("tool", "1")).settleForGood();
    agent.want(live("tool", "1", Profile.PASSIVE), live("other", "1")).settleForGood();
    assertMerged("tool", "1");
    agent.powerCut();
    assertThat(host.merged()).containsOnlyKeys("other");
  }
}
