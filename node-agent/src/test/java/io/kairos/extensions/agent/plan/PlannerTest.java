package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.digest;
import static io.kairos.extensions.agent.plan.Wanted.live;
import static io.kairos.extensions.agent.plan.Wanted.nextBoot;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Action.DeleteImage;
import io.kairos.extensions.agent.plan.Action.DeleteStray;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What a plan does of itself: collecting garbage, leaving the host in peace. */
class PlannerTest extends PlanScenario {
  @Nested
  class Garbage {
    @Test
    void isWhatNoLinkNoMergeAndNoAssignmentNeeds() {
      agent.want(live("tool", "1", Profile.ACTIVE, Profile.PASSIVE)).settleForGood();
      agent.want(nextBoot("tool", "2", Profile.ACTIVE, Profile.PASSIVE)).settleForGood();
      host.image(V3).image(digest("other", "1"));
      host.stray("staging/" + V3 + ".part");
      host.stray("links/active-tool.raw");
      agent.news();
      assertThat(settleAndTell())
          .containsExactlyInAnyOrder(
              new DeleteImage(V3),
              new DeleteImage(digest("other", "1")),
              new DeleteStray("staging/" + V3 + ".part"),
              new DeleteStray("links/active-tool.raw"));
      assertThat(host.view().images()).containsExactlyInAnyOrder(V1, V2);
    }

    @Test
    void isNotWhatIsBeingFetched() {
      agent.want(live("tool", "1"));
      agent.plan();
      host.stray("staging/" + V1 + ".part");
      host.image(V1);
      agent.want(live("tool", "2"));
      assertThat(agent.plan().actions()).isEmpty();
    }

    @Test
    void isCollectedOnlyWhenNothingElseIsToDo() {
      host.image(V3);
      agent.want(live("tool", "1"));
      agent.plan();
      agent.finishStaging();
      assertThat(agent.plan().actions()).doesNotContain(new DeleteImage(V3));
      agent.settleForGood();
      assertThat(host.view().images()).doesNotContain(V3);
    }
  }

  @Nested
  class Trouble {
    @Test
    void aHostThatRefusesWhatTriesNothingNewIsLeftInPeaceForAGrowingPause() {
      agent.want(live("tool", "1"), live("other", "1")).settleForGood();
      host.refusing(true);
      agent.remove("tool");
      Plan first = agent.settle();
      assertThat(agent.memory().trouble()).isPresent();
      agent.news();
      agent.settle();
      assertThat(agent.news()).isEmpty();

      agent.passUntil(first.wakeAtMillis().orElseThrow());
      Plan second = agent.settle();
      assertThat(agent.news()).containsExactly(ends("tool"));
      assertThat(agent.memory().trouble().orElseThrow().attempts()).isEqualTo(2);
      assertThat(second.wakeAtMillis().orElseThrow())
          .isGreaterThan(first.wakeAtMillis().orElseThrow());
      assertMerged("other", "1");
    }

    @Test
    void endsWithTheFirstRefreshThatWorks() {
      agent.want(live("tool", "1")).settleForGood();
      host.refusing(true);
      agent.remove("tool").settle();
      host.refusing(false);
      agent.settleForGood();
      assertThat(agent.memory().trouble()).isEmpty();
    }
  }

  @Nested
  class Calm {
    @Test
    void aHostWithoutAssignmentsIsLeftAlone() {
      host.foreignRoot("theirs");
      assertThat(agent.round().actions()).isEmpty();
    }

    @Test
    void aHostThatIsAsWantedIsLeftAlone() {
      agent.want(live("tool", "1"), nextBoot("other", "1")).settleForGood();
      agent.news();
      Plan plan = agent.round();
      assertThat(plan.actions()).isEmpty();
      assertThat(plan.stage()).isEmpty();
      assertThat(plan.wakeAtMillis()).isEmpty();
    }

    @Test
    void aNewAgentOnItDoesNothingEither() {
      agent.want(live("tool", "1", Profile.ACTIVE, Profile.PASSIVE)).settleForGood();
      agent.news();
      agent.crash();
      assertThat(settleAndTell()).isEmpty();
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void standingsComeInTheOrderOfNames() {
      agent.want(live("b", "1"), live("c", "1"), live("a", "1"));
      assertThat(agent.plan().standings())
          .extracting(standing -> standing.assignment().name())
          .containsExactly("a", "b", "c");
    }
  }
}
