package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.live;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Requirements;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What comes next: in the store before its turn, and nowhere else. */
class AheadPlanTest extends PlanScenario {
  private static final Staged UNFIT = new Staged.Unfit("OsMismatch", "made for another system");

  private static Assignment before(String version, String next) {
    return live("tool", version).toBuilder().nextOrNull(live("tool", next).target()).build();
  }

  private void settled() {
    agent.want(live("tool", "1")).settleForGood();
    agent.news();
  }

  @Test
  void itIsFetchedAndToldAndNothingIsLinked() {
    settled();

    agent.want(before("1", "2")).settleForGood();

    assertThat(agent.news()).isEmpty();
    assertThat(host.view().images()).contains(V1, V2);
    Standing standing = agent.standing("tool");
    assertThat(standing.phase()).isEqualTo(Phase.ACTIVE);
    assertThat(standing.stagedRevision()).isEqualTo("v1-2");
    assertThat(standing.nextFailure()).isEmpty();
    assertMerged("tool", "1");
  }

  @Test
  void itIsActivatedWithoutAnotherDownload() {
    settled();
    agent.want(before("1", "2")).settleForGood();
    agent.staging(assignment -> new Staged.NotStaged("DownloadRefused", "the server is gone"));

    agent.want(live("tool", "2")).settleForGood();

    assertMerged("tool", "2");
    assertThat(agent.standing("tool").phase()).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void whatIsWantedNowIsFetchedFirst() {
    agent.want(before("1", "2"), live("z", "1"));

    assertThat(agent.plan().stage()).isEmpty(); // taken into work
    assertThat(agent.memory().staging()).contains(Memory.use(live("tool", "1")));
    agent.finishStaging();
    Plan unused = agent.plan();
    assertThat(agent.memory().staging()).contains(Memory.use(live("z", "1")));
    agent.finishStaging();
    unused = agent.plan();
    assertThat(agent.memory().staging()).contains(Memory.use(live("tool", "2")));
  }

  @Test
  void itGivesWayToWhatIsWantedInTheMeantime() {
    settled();
    agent.want(before("1", "2"));
    Plan unused = agent.plan();
    assertThat(agent.memory().staging()).contains(Memory.use(live("tool", "2")));

    agent.want(live("z", "1"));
    unused = agent.plan();

    assertThat(agent.memory().staging()).contains(Memory.use(live("z", "1")));
    agent.settleForGood();
    assertMerged("z", "1");
    assertThat(agent.standing("tool").stagedRevision()).isEqualTo("v1-2");
  }

  @Test
  void whenItBecomesWantedItsDownloadGoesOn() {
    settled();
    agent.want(before("1", "2"));
    Plan unused = agent.plan();

    agent.want(live("tool", "2"));

    assertThat(agent.plan().preempt()).isFalse();
    assertThat(agent.memory().staging()).contains(Memory.use(live("tool", "2")));
  }

  @Test
  void whatIsWrongWithItIsToldAndDisturbsNothing() {
    settled();
    agent.staging(assignment -> UNFIT);

    agent.want(before("1", "2")).settleForGood();

    Standing standing = agent.standing("tool");
    assertThat(standing.phase()).isEqualTo(Phase.ACTIVE);
    assertThat(standing.attempts()).isZero();
    assertThat(standing.stagedRevision()).isEqualTo("v1-1");
    assertThat(standing.nextFailure())
        .contains(new Refusal(Phase.INCOMPATIBLE, "OsMismatch", "made for another system"));
    assertThat(agent.news()).isEmpty();
    assertMerged("tool", "1");
  }

  @Test
  void aFailedDownloadOfItIsTriedAgainByItself() {
    settled();
    agent.staging(assignment -> new Staged.NotStaged("SourceUnreachable", "no route"));
    agent.want(before("1", "2")).settle();
    assertThat(agent.standing("tool").nextFailure())
        .contains(new Refusal(Phase.FAILED, "SourceUnreachable", "no route"));
    assertThat(agent.standing("tool").phase()).isEqualTo(Phase.ACTIVE);
    agent.staging(assignment -> new Staged.Ready(false, Optional.empty()));

    agent.settleForGood();

    assertThat(agent.standing("tool").stagedRevision()).isEqualTo("v1-2");
    assertThat(agent.standing("tool").nextFailure()).isEmpty();
  }

  @Test
  void whatTheHostLacksIsToldAheadToo() {
    settled();
    Assignment next = before("1", "2");
    agent
        .want(
            next.toBuilder()
                .nextOrNull(
                    next.next().orElseThrow().toBuilder()
                        .requiresOrNull(new Requirements(">=9999", "", List.of()))
                        .build())
                .build())
        .settleForGood();

    assertThat(agent.standing("tool").nextFailure().map(Refusal::reason))
        .contains(Reasons.REQUIREMENT_NOT_MET);
  }

  @Test
  void whatIsNewAltogetherIsFetchedAndToldAndNothingIsLinked() {
    settled();
    agent.upcoming(live("other", "1"));

    Plan plan = agent.settleForGood();

    assertThat(agent.news()).isEmpty();
    assertThat(plan.upcoming())
        .singleElement()
        .satisfies(
            other -> {
              assertThat(other.phase()).isEqualTo(Phase.STAGED);
              assertThat(other.reason()).isEqualTo(Reasons.AWAITING_ADMISSION);
              assertThat(other.stagedRevision()).isEqualTo("v1-1");
            });
    assertThat(host.view().names()).containsOnlyKeys("tool");
    agent.staging(assignment -> new Staged.NotStaged("DownloadRefused", "the server is gone"));

    agent.upcoming().want(live("tool", "1"), live("other", "1")).settleForGood();

    assertMerged("other", "1");
  }

  @Test
  void whatIsNewAndDoesNotFitIsToldAndDisturbsNothing() {
    settled();
    agent.staging(assignment -> UNFIT);
    agent.upcoming(live("other", "1"));

    Plan plan = agent.settleForGood();

    assertThat(plan.upcoming().get(0).phase()).isEqualTo(Phase.INCOMPATIBLE);
    assertThat(plan.upcoming().get(0).reason()).isEqualTo("OsMismatch");
    assertThat(agent.standing("tool").phase()).isEqualTo(Phase.ACTIVE);
    assertThat(agent.news()).isEmpty();
  }

  @Test
  void whatIsNotToComeAfterAllIsCollected() {
    settled();
    agent.upcoming(live("other", "1")).settleForGood();
    String image = live("other", "1").target().image().sha256();
    assertThat(host.view().images()).contains(image);

    agent.upcoming().settleForGood();

    assertThat(host.view().images()).doesNotContain(image);
  }

  @Test
  void aNewAttemptLooksIntoItAgain() {
    settled();
    agent.staging(assignment -> UNFIT);
    agent.want(before("1", "2")).settleForGood();
    agent.staging(assignment -> new Staged.Ready(false, Optional.empty()));
    assertThat(agent.settleForGood().standings().get(0).nextFailure()).isPresent();

    agent.want(before("1", "2").toBuilder().attempt("again").build()).settleForGood();

    assertThat(agent.standing("tool").nextFailure()).isEmpty();
    assertThat(agent.standing("tool").stagedRevision()).isEqualTo("v1-2");
  }

  @Test
  void garbageIsWhatIsNeitherWantedNowNorNext() {
    settled();
    agent.want(before("1", "2")).settleForGood();

    agent.want(before("1", "3")).settleForGood();

    assertThat(host.view().images()).containsExactlyInAnyOrder(V1, V3);
  }

  @Test
  void aRemovalFetchesNothing() {
    settled();
    Assignment tombstone = before("1", "2").toBuilder().remove(true).build();

    agent.want(tombstone).settleForGood();

    assertThat(agent.phase("tool")).isEqualTo(Phase.REMOVED);
    assertThat(host.view().images()).isEmpty();
  }
}
