package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.digest;
import static io.kairos.extensions.agent.plan.Wanted.live;
import static io.kairos.extensions.agent.plan.Wanted.nextBoot;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Action.DeleteImage;
import io.kairos.extensions.agent.plan.Action.LinkProfile;
import io.kairos.extensions.agent.plan.Action.LinkRoot;
import io.kairos.extensions.agent.plan.Action.LinkRunToImage;
import io.kairos.extensions.agent.plan.Action.LinkRunToProfile;
import io.kairos.extensions.agent.plan.Action.SetGood;
import io.kairos.extensions.agent.plan.Action.UnlinkProfile;
import io.kairos.extensions.agent.plan.Action.UnlinkRun;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Commit first, and the boot proves it. */
class NextBootPlanTest extends PlanScenario {
  @Test
  void commitsWithoutMergingAndTheBootProvesIt() {
    agent.want(nextBoot("tool", "1"));
    assertThat(settleAndTell())
        .containsExactly(new LinkProfile(Profile.ACTIVE, "tool", V1), new LinkRoot("tool", V1));
    assertThat(agent.standing("tool"))
        .returns(Phase.PENDING_REBOOT, Standing::phase)
        .returns(Reasons.LINKED_FOR_NEXT_BOOT, Standing::reason);
    assertThat(host.merged()).isEmpty();

    agent.powerCut();
    assertMerged("tool", "1");
    assertThat(settleAndTell()).containsExactly(new SetGood("tool", V1));
    assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void aMergedVersionIsPinnedSoThatAnotherRefreshDoesNotSlipTheNewOneIn() {
    agent.want(live("tool", "1")).settleForGood();
    agent.news();
    agent.want(nextBoot("tool", "2"));
    assertThat(settleAndTell())
        .containsExactly(
            new LinkRunToImage("tool", V1),
            new LinkProfile(Profile.ACTIVE, "tool", V2),
            new LinkRoot("tool", V2));
    agent.want(live("other", "1")).settleForGood();
    assertMerged("tool", "1");
    assertThat(agent.phase("tool")).isEqualTo(Phase.PENDING_REBOOT);

    agent.powerCut();
    agent.settleForGood();
    assertMerged("tool", "2");
    assertThat(host.view().images()).doesNotContain(V1);
  }

  @Test
  void whatABootDidNotMergeIsRefreshedOnceThenTheGoodVersionComesBack() {
    agent.want(live("tool", "1")).settleForGood();
    bootsWithABadVersion("2");
    assertThat(host.merged()).isEmpty();

    agent.settle();
    assertThat(agent.news())
        .containsExactly(
            tries("tool", "2"),
            new LinkProfile(Profile.ACTIVE, "tool", V1),
            new LinkRoot("tool", V1),
            new LinkRunToImage("tool", V1),
            brings("tool", "1"));
    assertMerged("tool", "1");
    assertThat(agent.standing("tool"))
        .returns(Phase.FAILED, Standing::phase)
        .returns(Reasons.MERGE_FAILED, Standing::reason);
  }

  @Test
  void withoutAGoodVersionItIsUnlinked() {
    bootsWithABadVersion("1");
    agent.settle();
    assertThat(agent.news())
        .containsExactly(
            tries("tool", "1"), new UnlinkProfile(Profile.ACTIVE, "tool"), new UnlinkRun("tool"));
  }

  @Test
  void whatFailedAtABootIsNotLinkedForAnotherBootUntilItHasMerged() {
    bootsWithABadVersion("1");
    Plan failed = agent.settle();
    agent.news();
    agent.passUntil(failed.wakeAtMillis().orElseThrow());
    agent.settle();
    assertThat(agent.news())
        .containsExactly(new LinkRunToImage("tool", V1), tries("tool", "1"), new UnlinkRun("tool"));
    assertThat(host.view().name("tool").profiles()).isEmpty();
  }

  @Test
  void whatFailedToMergeIsNotLinkedForABootBecauseSomethingElseFailedSince() {
    bootsWithABadVersion("1");
    agent.settle();
    host.loseImage(V1);
    agent.staging(a -> new Staged.NotStaged(Reasons.DOWNLOAD_REFUSED, "HTTP 503"));
    Plan failed = agent.pass(300_000).settle();
    assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.DOWNLOAD_REFUSED);

    agent.staging(a -> new Staged.Ready(false, Optional.empty()));
    agent.passUntil(failed.wakeAtMillis().orElseThrow());
    agent.settle();
    assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.MERGE_FAILED);
    assertThat(host.view().name("tool").profiles()).isEmpty();
  }

  @Test
  void whatFailedToMergeIsNotLinkedForABootByAnAgentThatReadsSoInTheLastReport() {
    bootsWithABadVersion("1");
    Standing failed = ModelAgent.standing(agent.settle(), "tool");
    ExtensionStatus reported =
        ExtensionStatus.builder()
            .name("tool")
            .phase(failed.phase())
            .reason(failed.reason())
            .revision(nextBoot("tool", "1").target().revision())
            .build();
    assertThat(Memory.EMPTY.recalling(List.of(nextBoot("tool", "1")), List.of(reported)).alone())
        .containsExactly(Memory.use(nextBoot("tool", "1")));
    assertThat(Memory.EMPTY.recalling(List.of(nextBoot("tool", "2")), List.of(reported)).alone())
        .isEmpty();
  }

  @Test
  void aBadOneDoesNotCostAnotherItsPlace() {
    agent.want(live("tool", "1")).settleForGood();
    host.bad(digest("zap", "1"));
    agent.want(nextBoot("zap", "1"), nextBoot("another", "1")).settle();
    agent.powerCut();
    assertThat(host.merged()).isEmpty();
    agent.settle();
    agent.pass(10_000).settle();
    assertMerged("tool", "1");
    assertMerged("another", "1");
    assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    assertThat(agent.phase("zap")).isEqualTo(Phase.FAILED);

    agent.powerCut();
    assertMerged("tool", "1");
    assertMerged("another", "1");
  }

  /** Ten have been good before, so that the eleventh is the suspect. */
  @Test
  void aBootThatOneBadImageStoppedIsMendedByOneRefreshOfAllThatWereGood() {
    Assignment[] ten =
        IntStream.range(0, 10).mapToObj(i -> live("good-" + i, "1")).toArray(Assignment[]::new);
    Assignment odd = nextBoot("alpha", "1");
    agent.want(ten).settleForGood();
    host.bad(digest("alpha", "1"));
    agent.want(odd).settle();
    agent.powerCut();
    assertThat(host.merged()).isEmpty();
    agent.news();

    agent.settle();

    assertThat(agent.news())
        .filteredOn(Action.Refresh.class::isInstance)
        .map(refresh -> ((Action.Refresh) refresh).trials().size())
        .as("all of them, the ten, the bad one")
        .containsExactly(11, 10, 1);
    assertThat(host.merged()).hasSize(10);
    assertThat(agent.phase("alpha")).isEqualTo(Phase.FAILED);
    agent.powerCut();
    assertThat(host.merged()).hasSize(10);
  }

  @Test
  void whoHasToWaitForSuspectsAfterABootGetsATurnAllTheSame() {
    host.bad(digest("alpha", "1")).bad(digest("beta", "1"));
    agent.want(nextBoot("alpha", "1"), nextBoot("gamma", "1")).settle();
    agent.powerCut();
    agent.want(live("beta", "1"));
    for (Assignment ignored : agent.wanted()) {
      agent.plan();
      agent.finishStaging();
    }
    agent.round();
    assertThat(agent.memory().alone()).hasSize(3);
    agent.settle();
    assertMerged("gamma", "1");
    assertThat(agent.phase("gamma")).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void aGoodVersionStaysEnabledWhileSomebodyElsesImageLetsNothingMerge() {
    agent.want(live("tool", "1")).settleForGood();
    host.refusing(true);
    agent.powerCut();
    assertThat(host.merged()).isEmpty();
    agent.settle();
    assertThat(host.view().name("tool").inProfile(Profile.ACTIVE)).contains(V1);

    host.refusing(false);
    agent.pass(300_000).settleForGood();
    assertMerged("tool", "1");
  }

  @Test
  void whatABootDidNotMergeAndNobodyWantsAnyMoreGetsOutOfTheWay() {
    bootsWithABadVersion("1");
    agent.staging(
        a ->
            a.name().equals("tool")
                ? new Staged.NotStaged(Reasons.DOWNLOAD_REFUSED, "HTTP 404")
                : new Staged.Ready(false, Optional.empty()));
    agent.want(nextBoot("tool", "2"), live("other", "1")).settle();
    assertThat(agent.phase("tool")).isEqualTo(Phase.FAILED);
    agent.pass(10_000).settle();
    assertMerged("other", "1");
    assertThat(host.view().name("tool").profiles()).isEmpty();
  }

  @Test
  void theRuntimeIsAllowed() {
    agent.staging(a -> new Staged.Ready(true, Optional.of("/usr/bin/k3s")));
    agent.want(nextBoot("tool", "1")).settleForGood();
    agent.powerCut();
    agent.settleForGood();
    assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void theRuntimeStaysMergedAndLinkedThoughNobodyKnowsItsBytes() {
    agent.staging(a -> new Staged.Ready(true, Optional.of("/usr/bin/k3s")));
    agent.want(nextBoot("tool", "1")).settleForGood();
    agent.powerCut();
    agent.settleForGood();
    agent.news();
    host.forgetImage("tool");
    NameView before = host.view().name("tool");

    agent.settleForGood();

    assertThat(agent.news()).isEmpty();
    assertThat(host.merged()).containsOnlyKeys("tool");
    assertThat(host.view().name("tool")).isEqualTo(before);
  }

  @Test
  void aRuntimeWhoseFileIsGoneStaysMergedWhileTheNextOneWaitsForItsBoot() {
    agent.staging(a -> new Staged.Ready(true, Optional.of("/usr/bin/k3s")));
    agent.want(nextBoot("tool", "1")).settleForGood();
    agent.powerCut();
    agent.settleForGood();
    agent.news();
    host.loseImage(V1);
    agent.want(nextBoot("tool", "2")).settleForGood();

    assertThat(agent.news()).noneMatch(Action.Refresh.class::isInstance);
    assertMerged("tool", "1");
    assertThat(agent.standing("tool"))
        .returns(Phase.PENDING_REBOOT, Standing::phase)
        .returns(Reasons.LINKED_FOR_NEXT_BOOT, Standing::reason);

    agent.powerCut();
    agent.settleForGood();
    assertMerged("tool", "2");
    assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void aLinkToAnImageThatIsGoneIsNotLeftForTheBoot() {
    agent.want(nextBoot("tool", "1")).settleForGood();
    host.loseImage(V1);
    agent.settleForGood();
    assertThat(host.view().images()).contains(V1);
    assertThat(agent.phase("tool")).isEqualTo(Phase.PENDING_REBOOT);
  }

  @Test
  void goingBackToTheMergedVersionNeedsNoBoot() {
    agent.want(live("tool", "1")).settleForGood();
    agent.want(nextBoot("tool", "2")).settleForGood();
    agent.news();
    agent.want(nextBoot("tool", "1"));
    assertThat(settleAndTell())
        .containsExactly(
            new LinkProfile(Profile.ACTIVE, "tool", V1),
            new LinkRoot("tool", V1),
            new LinkRunToProfile("tool", Profile.ACTIVE),
            new DeleteImage(V2));
    assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
  }
}
