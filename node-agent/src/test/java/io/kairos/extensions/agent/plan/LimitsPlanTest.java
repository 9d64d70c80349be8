package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.live;
import static io.kairos.extensions.agent.plan.Wanted.nextBoot;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a host, a path or a mount table cannot take. */
class LimitsPlanTest extends PlanScenario {
  @Nested
  class Limits {
    private static final int NAME_BYTES = 63;
    private static final int MOST = 3_999 / (32 + "/usr".length() + NAME_BYTES);

    private Assignment[] many(Activation activation, int count) {
      return IntStream.range(0, count)
          .mapToObj(i -> ("n%0" + (NAME_BYTES - 1) + "d").formatted(i))
          .map(name -> Wanted.assignment(name, "1", activation, 0))
          .toArray(Assignment[]::new);
    }

    @ParameterizedTest
    @ValueSource(strings = {"LIVE", "NEXT_BOOT"})
    void theOverlayTakesNoMoreThanItsOptionsHold(String activation) {
      Assignment[] all = many(Activation.valueOf(activation), MOST + 2);
      agent.want(all);
      for (Assignment ignored : all) {
        agent.plan();
        agent.finishStaging();
      }
      agent.settleForGood();
      Map<Phase, Long> phases =
          agent.plan().standings().stream()
              .collect(Collectors.groupingBy(Standing::phase, Collectors.counting()));
      assertThat(phases)
          .containsEntry(Phase.FAILED, 2L)
          .containsEntry(
              activation.equals("LIVE") ? Phase.ACTIVE : Phase.PENDING_REBOOT, (long) MOST);
      assertThat(agent.plan().standings())
          .filteredOn(standing -> standing.phase() == Phase.FAILED)
          .allSatisfy(
              standing -> assertThat(standing.reason()).isEqualTo(Reasons.TOO_MANY_EXTENSIONS));
    }

    @Test
    void theLongestFolderThatIsMergedCounts() {
      host.hierarchies("/usr/local/sbin", "/opt");
      int most = 3_999 / (32 + "/usr/local/sbin".length() + NAME_BYTES);
      Assignment[] all = many(Activation.LIVE, most + 1);
      agent.want(all);
      for (Assignment ignored : all) {
        agent.plan();
        agent.finishStaging();
      }
      agent.settleForGood();
      assertThat(host.merged()).hasSize(most);
    }

    @Test
    void whatIsMergedAlreadyMayBeUpgradedAtTheLimit() {
      Assignment[] all = many(Activation.LIVE, MOST);
      agent.want(all).settleForGood();
      String name = all[0].name();
      agent.want(live(name, "2")).settleForGood();
      assertMerged(name, "2");
    }

    @Test
    void aRemovalMakesRoom() {
      Assignment[] all = many(Activation.LIVE, MOST + 1);
      agent.want(all).settleForGood();
      assertThat(agent.phase(all[MOST].name())).isEqualTo(Phase.FAILED);
      agent.remove(all[0].name()).settleForGood();
      assertThat(agent.phase(all[MOST].name())).isEqualTo(Phase.ACTIVE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../etc/cron.d/x", "a/b", "..", ".hidden", "", "a b", "a..b"})
    void aNameThatIsNoFileNameNeverBecomesAPath(String name) {
      agent.want(live(name, "1")).settleForGood();
      assertThat(agent.news()).isEmpty();
      assertThat(agent.memory().staged()).isEmpty();
      assertThat(agent.standing(name))
          .returns(Phase.INCOMPATIBLE, Standing::phase)
          .returns(Reasons.INVALID_SPEC, Standing::reason);
    }

    @Test
    void aDigestThatIsNoneNeverBecomesAPath() {
      Assignment proper = live("tool", "1");
      String path = "../".repeat(21) + "x";
      Target target =
          proper.target().toBuilder().image(new Target.ResolvedImage("https://x/y", path)).build();
      agent
          .want(
              new Assignment(
                  proper.type(), "tool", "tool", proper.policy(), target, proper.remove()))
          .settleForGood();
      assertThat(agent.news()).isEmpty();
      assertThat(agent.memory().staged()).isEmpty();
      assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.INVALID_SPEC);
    }
  }

  @Nested
  class NestedMounts {
    @Test
    void aMergeThatWouldHideThemIsRefusedWithTheirNamesAndGoesOnByItselfWithoutThem() {
      host.mounted("/usr/b", "/usr/a");
      agent.want(live("tool", "1")).settle();
      assertThat(agent.phase("tool")).isEqualTo(Phase.FAILED);
      assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.HIDES_MOUNTS);
      assertThat(agent.standing("tool").message()).contains("/usr/a, /usr/b:");
      assertThat(agent.news()).isEmpty();

      host.mounted();
      agent.settleForGood();
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
      assertMerged("tool", "1");
    }

    @Test
    void anImageThatHasNothingForTheHierarchyIsMerged() {
      agent.staging(a -> new Staged.Ready(false, Optional.empty(), Set.of("/opt")));
      host.mounted("/usr/a");
      agent.want(live("tool", "1")).settleForGood();
      assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
    }

    @Test
    void whatIsMergedStaysAndANewVersionWaits() {
      agent.want(live("tool", "1")).settleForGood();
      host.mounted("/usr/a");
      agent.want(live("tool", "2")).settle();
      assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.HIDES_MOUNTS);
      assertMerged("tool", "1");
    }

    @Test
    void whatIsMergedStaysThoughNobodyKnowsItsBytes() {
      agent.want(live("tool", "1")).settleForGood();
      agent.news();
      host.mounted("/usr/a");
      host.forgetImage("tool");
      agent.settle();
      assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.HIDES_MOUNTS);
      assertThat(agent.news()).isEmpty();
      assertThat(host.merged()).containsOnlyKeys("tool");
    }

    @Test
    void theNextBootComesBeforeThem() {
      host.mounted("/usr/a");
      agent.want(nextBoot("tool", "1")).settle();
      assertThat(agent.phase("tool")).isEqualTo(Phase.PENDING_REBOOT);
    }

    @Test
    void onlyAFewOfManyAreNamed() {
      host.mounted("/usr/1", "/usr/2", "/usr/3", "/usr/4", "/usr/5", "/usr/6", "/usr/7");
      agent.want(live("tool", "1")).settle();
      assertThat(agent.standing("tool").message()).contains("/usr/5 and 2 more:");
    }
  }
}
