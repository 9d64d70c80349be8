package io.kairos.extensions.operator.plan;

import static io.kairos.extensions.operator.plan.Fleets.extension;
import static io.kairos.extensions.operator.plan.Fleets.fleet;
import static io.kairos.extensions.operator.plan.Fleets.image;
import static io.kairos.extensions.operator.plan.Fleets.node;
import static io.kairos.extensions.operator.plan.Fleets.policy;
import static io.kairos.extensions.operator.plan.Fleets.state;
import static io.kairos.extensions.operator.plan.Fleets.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Architecture;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Requirements;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What extensions require of one another, and what excludes what. */
class CompanionsTest {
  private final Node node = node("n");
  private final Extension base = extension("base", "1");

  private static Extension asking(Extension of, Requirements requires, String... conflicts) {
    return new Extension(
        of.name(),
        of.generation(),
        of.deleting(),
        of.hasFinalizer(),
        of.labels(),
        of.imageName(),
        of.spec().toBuilder().requiresOrNull(requires).conflicts(List.of(conflicts)).build(),
        of.status());
  }

  private static Extension requiring(String name, String... names) {
    return asking(extension(name, "1"), new Requirements("", "", List.of(names)));
  }

  private static Extension excluding(String name, String... names) {
    return asking(extension(name, "1"), Requirements.NONE, names);
  }

  private static Set<String> names(Plan plan) {
    return plan.nodes().get("n").wanted().values().stream()
        .map(Assignment::extension)
        .collect(Collectors.toSet());
  }

  private static List<Problem> problems(Plan plan, String policy) {
    return plan.policies().get(policy).problems();
  }

  @Test
  void whatRequiresAnotherIsGivenWithItByTheNameOfItsSystemExtension() {
    Extension named =
        extension("base", "base-on-host", Map.of(), "1", image(Architecture.ANY, "b"));
    Extension app =
        asking(extension("app", "1"), new Requirements(">=255", ">=6.1", List.of("base")));
    Plan plan =
        Planner.plan(
            fleet(
                List.of(policy("p", "app"), policy("q", "base")),
                List.of(app, named),
                List.of(node)));
    assertThat(names(plan)).containsExactlyInAnyOrder("app", "base");
    assertThat(plan.nodes().get("n").wantedBy("p").values().iterator().next().target().requires())
        .isEqualTo(new Requirements(">=255", ">=6.1", List.of("base")));
    assertThat(problems(plan, "p")).isEmpty();
  }

  @Test
  void withoutItNothingIsGivenAndBothAreNamed() {
    Plan plan =
        Planner.plan(
            fleet(
                List.of(policy("p", "app", "top")),
                List.of(requiring("app", "base", "lib"), base, requiring("top", "app")),
                List.of(node)));
    assertThat(names(plan)).isEmpty();
    assertThat(problems(plan, "p"))
        .containsExactly(
            new Problem(
                Problem.Kind.REQUIREMENT,
                "app is not given without base, lib, which does not come to 1 node (n)"),
            new Problem(
                Problem.Kind.REQUIREMENT,
                "top is not given without app, which does not come to 1 node (n)"));
    assertThat(plan.nodes().get("n").isUnresolved("p")).isTrue();
  }

  @Test
  void aCircleComesAsAWhole() {
    Plan plan =
        Planner.plan(
            fleet(
                List.of(policy("p", "a", "b")),
                List.of(requiring("a", "b"), requiring("b", "a")),
                List.of(node)));
    assertThat(names(plan)).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void ofTwoThatExcludeOneAnotherThePriorityDecidesThenTheName() {
    List<Extension> extensions = List.of(excluding("a", "b"), extension("b", "1"));
    Plan byName = Planner.plan(fleet(List.of(policy("p", "a", "b")), extensions, List.of(node)));
    assertThat(names(byName)).containsExactly("a");
    assertThat(problems(byName, "p"))
        .containsExactly(
            new Problem(Problem.Kind.EXCLUSION, "b is not given beside a on 1 node (n)"));

    Policy strong = with(policy("q", "b"), spec -> spec.priority(1));
    Plan byPriority =
        Planner.plan(fleet(List.of(policy("p", "a"), strong), extensions, List.of(node)));
    assertThat(names(byPriority)).containsExactly("b");
    assertThat(problems(byPriority, "q")).isEmpty();
    assertThat(problems(byPriority, "p")).hasSize(1);
  }

  @Test
  void whatIsThereStaysAndANewcomerWaitsUntilWhatLeavesIsGone() {
    List<Extension> extensions = List.of(excluding("a", "b"), extension("b", "1"));
    Policy strong = with(policy("q", "a"), spec -> spec.priority(1));
    Policy weak = policy("p", "b");
    Assignment there =
        Planner.plan(fleet(List.of(weak), extensions, List.of(node)))
            .nodes()
            .get("n")
            .wanted()
            .values()
            .iterator()
            .next();

    Plan both =
        Planner.plan(fleet(List.of(weak, strong), extensions, List.of(node), state(node, there)));
    assertThat(names(both)).containsExactly("b");
    assertThat(problems(both, "q")).hasSize(1);

    Plan leaving =
        Planner.plan(
            fleet(List.of(strong), extensions, List.of(node), state(node, there.tombstone())));
    assertThat(names(leaving)).isEmpty();

    Plan gone = Planner.plan(fleet(List.of(strong), extensions, List.of(node), state(node)));
    assertThat(names(gone)).containsExactly("a");
    assertThat(problems(gone, "q")).isEmpty();
  }

  @Test
  void requirementsArePartOfTheRevisionAndTheirAbsenceIsNot() {
    Policy policy = policy("p", "base");
    String without = Revision.of(policy.spec(), List.of(base));
    assertThat(Revision.of(policy.spec(), List.of(asking(base, Requirements.NONE, "other"))))
        .isEqualTo(without);
    assertThat(
            Revision.canonical(
                policy.spec(),
                List.of(asking(base, new Requirements(">=255", "", List.of("y", "x"))))))
        .contains(
            ",\"requires\":{\"extensions\":[\"x\",\"y\"],\"kernel\":\"\",\"systemd\":\">=255\"},\"type\"");
    assertThat(
            Revision.of(
                policy.spec(), List.of(asking(base, new Requirements("", ">=6.1", List.of())))))
        .isNotEqualTo(without);
  }
}
