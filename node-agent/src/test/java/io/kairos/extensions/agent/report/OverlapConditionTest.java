package io.kairos.extensions.agent.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.Setbacks;
import io.kairos.extensions.agent.plan.Standing;
import io.kairos.extensions.agent.plan.Wanted;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.FileOverlap;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What was found to overlap is said until it is known to be otherwise. */
class OverlapConditionTest {
  private static final String NOW = "2026-01-01T00:00:00Z";
  private static final FileOverlap FOUND =
      new FileOverlap(ExtensionType.SYSEXT, "a", "b", List.of("/usr/bin/x"), 3);

  private final Assignment a = Wanted.live("a", "1");
  private final Assignment b = Wanted.live("b", "1");

  private static NodeExtensionStateStatus report(
      NodeExtensionStateStatus previous, Evidence.Compared compared, Assignment... assigned) {
    HostView view =
        new HostView(Optional.empty(), Map.of(), Map.of(), Set.of(), Set.of(), List.of());
    List<Standing> standings =
        Arrays.stream(assigned)
            .map(one -> new Standing(one, Phase.ACTIVE, "Merged", "", 0))
            .toList();
    return StatusReport.of(
        new Evidence(
            1,
            List.of(
                new Evidence.OfClass(
                    ExtensionType.SYSEXT, standings, List.of(), view, compared, Setbacks.NONE)),
            HostStatus.UNKNOWN,
            List.of()),
        previous,
        NOW);
  }

  private NodeExtensionStateStatus found() {
    return report(
        NodeExtensionStateStatus.EMPTY,
        new Evidence.Compared(Set.of("a", "b"), List.of(FOUND)),
        a,
        b);
  }

  private static void assertTold(NodeExtensionStateStatus status) {
    assertThat(status.overlaps()).containsExactly(FOUND);
    assertThat(Conditions.find(status.conditions(), Conditions.FILES_OVERLAP).orElseThrow())
        .satisfies(
            told ->
                assertThat(told.getMessage())
                    .isEqualTo("a and b both carry /usr/bin/x and 2 more: those of b are seen"));
  }

  private static void assertOver(NodeExtensionStateStatus status) {
    assertThat(status.overlaps()).isEmpty();
    assertThat(Conditions.find(status.conditions(), Conditions.FILES_OVERLAP)).isEmpty();
  }

  @Test
  void itIsTold() {
    assertTold(found());
  }

  @Test
  void itStaysToldUntilBothAreComparedAnew() {
    assertTold(report(found(), Evidence.Compared.NOTHING, a, b));
    assertTold(report(found(), new Evidence.Compared(Set.of("a", "c"), List.of()), a, b));
    assertOver(report(found(), new Evidence.Compared(Set.of("a", "b"), List.of()), a, b));
  }

  @Test
  void itIsOverWhenOneOfThemGoes() {
    assertOver(report(found(), Evidence.Compared.NOTHING, a));
    assertOver(report(found(), Evidence.Compared.NOTHING, a, b.tombstone()));
  }

  @Test
  void aHostThatDoesNotAnswerChangesNothingOfIt() {
    assertTold(StatusReport.unreachable(found(), 1, "no answer", NOW));
  }
}
