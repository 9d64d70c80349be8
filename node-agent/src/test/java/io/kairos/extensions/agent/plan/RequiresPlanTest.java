package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.digest;
import static io.kairos.extensions.agent.plan.Wanted.live;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Action.Refresh;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Requirements;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Requirements of an extension. */
class RequiresPlanTest extends PlanScenario {
  private static Assignment requiring(Assignment assignment, Requirements requirements) {
    return new Assignment(
        assignment.type(),
        assignment.name(),
        assignment.extension(),
        assignment.policy(),
        assignment.target().toBuilder().requiresOrNull(requirements).build(),
        assignment.remove());
  }

  private static Assignment requiring(Assignment assignment, String... names) {
    return requiring(assignment, new Requirements("", "", List.of(names)));
  }

  private Set<String> merged() {
    return host.merged().keySet();
  }

  @Test
  void aSystemdThatIsTooOldIsNamedWithWhatIsRequired() {
    host.versions("252.38-1~deb12u1", "6.1.0");
    agent.want(requiring(live("tool", "1"), new Requirements(">=255", "", List.of()))).settle();
    assertThat(agent.phase("tool")).isEqualTo(Phase.INCOMPATIBLE);
    assertThat(agent.standing("tool").reason()).isEqualTo(Reasons.REQUIREMENT_NOT_MET);
    assertThat(agent.standing("tool").message()).contains(">=255", "252.38-1~deb12u1");
    assertThat(agent.news()).isEmpty();

    host.versions("257.13", "6.1.0");
    agent.settleForGood();
    assertThat(agent.phase("tool")).isEqualTo(Phase.ACTIVE);
  }

  @Test
  void soIsAKernel() {
    host.versions("257.13", "5.15.0-100-generic");
    agent.want(requiring(live("tool", "1"), new Requirements("", ">=6.1", List.of()))).settle();
    assertThat(agent.phase("tool")).isEqualTo(Phase.INCOMPATIBLE);
    assertThat(agent.standing("tool").message()).contains(">=6.1", "5.15.0-100-generic");
  }

  @Test
  void whatIsRequiredComesInTheSameRefreshOrBefore() {
    agent.want(requiring(live("app", "1"), "base"), live("base", "1")).settleForGood();
    assertThat(merged()).containsExactlyInAnyOrder("app", "base");
    assertThat(
            agent.news().stream()
                .filter(Refresh.class::isInstance)
                .map(refresh -> ((Refresh) refresh).expected().keySet())
                .findFirst())
        .hasValueSatisfying(first -> assertThat(first).contains("base"));
  }

  @Test
  void withoutWhatItRequiresItWaitsAndSaysForWhat() {
    host.bad(digest("base", "1"));
    agent.want(requiring(live("app", "1"), "base"), live("base", "1")).settle();
    agent.pass(1).settle();
    assertThat(merged()).isEmpty();
    assertThat(agent.phase("app")).isEqualTo(Phase.STAGED);
    assertThat(agent.standing("app").reason()).isEqualTo(Reasons.WAITS_FOR_EXTENSION);
    assertThat(agent.standing("app").message()).contains("base");

    agent.want(live("base", "2")).settleForGood();
    assertThat(agent.phase("app")).isEqualTo(Phase.ACTIVE);
    assertThat(merged()).containsExactlyInAnyOrder("app", "base");
  }

  @Test
  void aBadOneDoesNotHoldUpWhatItRequires() {
    host.bad(digest("app", "1"));
    agent.want(requiring(live("app", "1"), "base"), live("base", "1"));
    agent.settle();
    agent.pass(1).settle();
    assertThat(agent.phase("base")).isEqualTo(Phase.ACTIVE);
    assertThat(agent.standing("app").reason()).isEqualTo(Reasons.MERGE_FAILED);
  }

  @Test
  void thoseThatRequireOneAnotherComeTogether() {
    agent.want(
        requiring(live("app", "1"), "base"),
        requiring(live("base", "1"), "lib"),
        requiring(live("lib", "1"), "app"));
    agent.finishStaging();
    agent.settleForGood();
    assertThat(merged()).containsExactlyInAnyOrder("app", "base", "lib");
  }

  @Test
  void theOrderIsThatOfTheRequirements() {
    List<Assignment> sorted =
        RequiredFirst.sort(
            List.of(
                requiring(live("a", "1"), "c"),
                live("b", "1"),
                requiring(live("c", "1"), "d", "gone"),
                live("d", "1")));
    assertThat(sorted).extracting(Assignment::name).containsExactly("d", "c", "a", "b");
  }

  private static Assignment configOf(String name) {
    Assignment plain = live(name, "config");
    return new Assignment(
        ExtensionType.CONFEXT,
        plain.name(),
        name + "-config",
        plain.policy(),
        plain.target(),
        plain.remove());
  }

  @Test
  void whatIsRequiredOfAnotherClassHasToBeMergedThere() {
    Assignment config = configOf("app");
    agent.want(requiring(live("app", "1"), "app-config"));
    agent.elsewhere(new Elsewhere(List.of(config), Set.of())).settle();
    assertThat(agent.standing("app").reason()).isEqualTo(Reasons.WAITS_FOR_EXTENSION);
    assertThat(agent.standing("app").message()).contains("app-config");
    assertThat(merged()).isEmpty();

    agent.elsewhere(new Elsewhere(List.of(config), Set.of("app-config"))).settleForGood();
    assertThat(merged()).containsExactly("app");
  }

  @Test
  void twoOfTwoClassesThatRequireOneAnotherDoNotWaitForEver() {
    agent.want(requiring(live("app", "1"), "app-config"));
    agent
        .elsewhere(new Elsewhere(List.of(requiring(configOf("app"), "app")), Set.of()))
        .settleForGood();
    assertThat(merged()).containsExactly("app");
  }

  @Test
  void aHostThatHasNothingOfTheClassIsLeftAloneAndCanStillBeCleared() {
    agent.want(live("tool", "1")).settleForGood();
    agent.news();
    host.unmerge();
    host.obstacle(Optional.of("systemd 252 has no such thing"));
    agent.want(live("other", "1")).settle();
    assertThat(agent.phase("other")).isEqualTo(Phase.INCOMPATIBLE);
    assertThat(agent.standing("other").reason()).isEqualTo(Reasons.CLASS_NOT_SUPPORTED);
    assertThat(agent.memory().staged().keySet()).noneMatch(use -> use.name().equals("other"));

    agent.remove("tool").settleForGood();
    assertThat(agent.phase("tool")).isEqualTo(Phase.REMOVED);
    assertThat(agent.news()).noneMatch(Refresh.class::isInstance);
    assertThat(host.view().names()).isEmpty();
  }
}
