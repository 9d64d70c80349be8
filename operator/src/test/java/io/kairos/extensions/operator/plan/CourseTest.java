package io.kairos.extensions.operator.plan;

import static io.kairos.extensions.operator.plan.Fleets.content;
import static io.kairos.extensions.operator.plan.Fleets.deleting;
import static io.kairos.extensions.operator.plan.Fleets.extension;
import static io.kairos.extensions.operator.plan.Fleets.fleet;
import static io.kairos.extensions.operator.plan.Fleets.node;
import static io.kairos.extensions.operator.plan.Fleets.policy;
import static io.kairos.extensions.operator.plan.Fleets.state;
import static io.kairos.extensions.operator.plan.Fleets.stored;
import static io.kairos.extensions.operator.plan.Fleets.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionReference;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Plan.PolicyPlan;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CourseTest {
  private final Extension one = extension("hello", "1");
  private final Extension two = extension("hello", "2");
  private final Extension three = extension("hello", "3");
  private final Policy base = policy("base", "hello");
  private final StoredRevision first = stored(base, 1, content(base, one));
  private final StoredRevision second = stored(base, 2, content(base, two));
  private final Node n1 = node("n1");
  private final Node n2 = node("n2");
  private final Node n3 = node("n3");

  @Test
  void aPolicyIsPinnedToWhatItGaveThoughTheExtensionIsAnotherByNow() {
    Plan plan =
        Planner.plan(
            fleet(List.of(pinned(base, first)), List.of(two), List.of(n1))
                .withRevisions(List.of(first, second)));

    assertThat(wanted(plan, n1)).isEqualTo(wanted(base, one, n1));
    assertThat(plan.policies().get("base").problems()).isEmpty();
    assertThat(plan.policies().get("base").asked()).isEqualTo(first.revision());
    assertThat(plan.policies().get("base").revision()).isEqualTo(first.revision());
  }

  @Test
  void aPolicyIsPinnedToWhatItGaveThoughTheExtensionIsGone() {
    Policy live = with(base, spec -> spec.activation(Activation.NEXT_BOOT));
    Plan plan =
        Planner.plan(
            fleet(List.of(pinned(live, first)), List.of(), List.of(n1))
                .withRevisions(List.of(first)));

    assertThat(wanted(plan, n1)).isEqualTo(wanted(base, one, n1)); // Live, as it was then
    assertThat(plan.policies().get("base").problems()).isEmpty();
  }

  @Test
  void whatItGivesNowNeedsNotBeKeptToBePinned() {
    Plan plan = Planner.plan(fleet(List.of(pinned(base, first)), List.of(one), List.of(n1)));

    assertThat(wanted(plan, n1)).isEqualTo(wanted(base, one, n1));
  }

  @Test
  void anUnknownRevisionChangesNothingAndThoseThatAreKeptAreNamed() {
    Assignment there = wanted(base, two, n1);
    Plan plan =
        Planner.plan(
            fleet(
                    List.of(pinned(base, "v1-0123456789abcdef")),
                    List.of(three),
                    List.of(n1, n2),
                    state(n1, there),
                    state(n2))
                .withRevisions(List.of(first, second)));

    PolicyPlan planned = plan.policies().get("base");
    assertThat(planned.problems())
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.kind()).isEqualTo(Problem.Kind.UNKNOWN_REVISION);
              assertThat(problem.message())
                  .isEqualTo(
                      "spec.rollout.revision: there is no revision v1-0123456789abcdef; kept are "
                          + second.revision()
                          + ", "
                          + first.revision());
            });
    assertThat(planned.frozen()).isTrue();
    assertThat(wanted(plan, n1)).isEqualTo(there);
    assertThat(plan.nodes().get("n2").wanted()).isEmpty();
  }

  @Test
  void whatAnotherVersionOfTheOperatorKeptIsNotGivenByHalves() {
    StoredRevision unreadable =
        new StoredRevision("x", "base", base.uid(), "v2-1", 1, "", java.util.Optional.empty());
    Plan plan =
        Planner.plan(
            fleet(List.of(pinned(base, "v2-1")), List.of(three), List.of(n1))
                .withRevisions(List.of(unreadable)));

    assertThat(plan.nodes().get("n1").wanted()).isEmpty();
    assertThat(plan.policies().get("base").problems())
        .singleElement()
        .satisfies(
            problem -> assertThat(problem.message()).contains("another version of the operator"));
  }

  @Test
  void aRollbackTouchesNobodyButThoseThatWereToldOfTheBadRevision() {
    Assignment untouched = wanted(base, one, n1);
    Assignment older = wanted(base, extension("hello", "0"), n3);
    Plan plan =
        Planner.plan(
            fleet(
                    List.of(rolledBack(base, second, first.revision())),
                    List.of(two),
                    List.of(n1, n2, n3, node("new")),
                    state(n1, untouched),
                    state(n2, wanted(base, two, n2)),
                    state(n3, older),
                    state(node("new")))
                .withRevisions(List.of(first, second)));

    assertThat(wanted(plan, n1)).isEqualTo(untouched);
    assertThat(wanted(plan, n2)).isEqualTo(wanted(base, one, n2));
    assertThat(wanted(plan, n3)).isEqualTo(older);
    assertThat(wanted(plan, node("new"))).isEqualTo(wanted(base, one, node("new")));
    assertThat(plan.policies().get("base").asked()).isEqualTo(second.revision());
    assertThat(plan.policies().get("base").revision()).isEqualTo(first.revision());
  }

  @Test
  void aRollbackWithNothingBeforeLeavesNothing() {
    Plan plan =
        Planner.plan(
            fleet(
                    List.of(rolledBack(base, second, RolloutStatus.NOTHING)),
                    List.of(two),
                    List.of(n1, n2),
                    state(n1, wanted(base, two, n1)),
                    state(n2))
                .withRevisions(List.of(second)));

    assertThat(plan.nodes().get("n1").wanted()).isEmpty();
    assertThat(plan.nodes().get("n2").wanted()).isEmpty();
    assertThat(plan.policies().get("base").frozen()).isFalse();
    assertThat(plan.policies().get("base").revision()).isEqualTo(RolloutStatus.NOTHING);
  }

  @Test
  void aRollbackEndsWithAnotherRevisionOrARetryThatWasNotSeen() {
    Policy back = rolledBack(base, second, first.revision());
    Policy retried = back.toBuilder().annotations(Map.of(Api.RETRY_ANNOTATION, "again")).build();
    Policy seen = with(retried, retried.status().toBuilder().observedRetry("again").build());
    for (Policy policy : List.of(back, seen)) {
      assertThat(course(policy, two)).isInstanceOf(Course.RolledBack.class);
      assertThat(course(policy, three)).isInstanceOf(Course.Newest.class);
    }
    assertThat(course(retried, two)).isInstanceOf(Course.Newest.class);
    assertThat(course(pinned(back, first), two)).isInstanceOf(Course.Pinned.class);
    assertThat(course(deleting(back), two)).isInstanceOf(Course.Newest.class);
  }

  @Test
  void aRollbackToWhatIsNoLongerKeptChangesNothing() {
    Assignment bad = wanted(base, two, n1);
    Plan plan =
        Planner.plan(
            fleet(
                    List.of(rolledBack(base, second, first.revision())),
                    List.of(two),
                    List.of(n1),
                    state(n1, bad))
                .withRevisions(List.of(second)));

    assertThat(wanted(plan, n1)).isEqualTo(bad);
    assertThat(plan.policies().get("base").problems())
        .singleElement()
        .satisfies(
            problem ->
                assertThat(problem.message())
                    .isEqualTo(
                        second.revision()
                            + " failed and cannot be rolled back: there is no revision "
                            + first.revision()
                            + "; kept are "
                            + second.revision()));
  }

  @Test
  void anotherPolicyWinsOverAnOlderRevisionAsOverTheNewest() {
    Policy high = with(policy("high", "hello"), spec -> spec.priority(1));
    Policy low = with(policy("low", "hello"), spec -> spec.priority(-1));
    Plan plan =
        Planner.plan(
            fleet(
                    List.of(pinned(base, first), high, low),
                    List.of(two),
                    List.of(n1, node("n2", "amd64", Map.of("special", "yes"))))
                .withRevisions(List.of(first)));

    assertThat(wanted(plan, n1).policy()).isEqualTo("high");
    assertThat(wanted(plan, n1).target().version()).isEqualTo("2");
    assertThat(plan.policies().get("base").overridden()).containsExactly("n1", "n2");
    assertThat(plan.policies().get("high").overriding()).containsExactly("n1", "n2");
    assertThat(plan.policies().get("high").losers()).containsExactly("base", "low");
  }

  @Test
  void whatIsHeldIsNotLostToAPolicyOfLowerPriority() {
    Policy low = with(policy("low", "hello"), spec -> spec.priority(-1));
    Policy broken =
        with(base, spec -> spec.extensions(List.of(ExtensionReference.byPattern("a("))));
    Assignment there = wanted(base, one, n1);
    Plan plan =
        Planner.plan(fleet(List.of(broken, low), List.of(two), List.of(n1, n2), state(n1, there)));

    assertThat(wanted(plan, n1)).isEqualTo(there);
    assertThat(wanted(plan, n2).policy()).isEqualTo("low");
  }

  @Test
  void moreThanARevisionCanKeepIsNotGiven() {
    List<Extension> many =
        IntStream.range(0, 6_000).mapToObj(i -> extension("e" + i, "1")).toList();
    Policy all = with(base, s -> s.extensions(List.of(ExtensionReference.byPattern(".*"))));
    Plan plan = Planner.plan(fleet(List.of(all), many, List.of(n1)));

    assertThat(plan.nodes().get("n1").wanted()).isEmpty();
    assertThat(plan.policies().get("base").problems())
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.kind()).isEqualTo(Problem.Kind.TOO_LARGE);
              assertThat(problem.message()).startsWith("the 6000 SystemExtensions come to ");
            });
  }

  private Course course(Policy policy, Extension now) {
    return Planner.plan(
            fleet(List.of(policy), List.of(now), List.of(n1)).withRevisions(List.of(first, second)))
        .policies()
        .get("base")
        .course();
  }

  private static Policy pinned(Policy policy, StoredRevision to) {
    return pinned(policy, to.revision());
  }

  private static Policy pinned(Policy policy, String revision) {
    return with(
        policy,
        spec -> spec.rollout(policy.spec().rollout().toBuilder().revision(revision).build()));
  }

  private static Policy rolledBack(Policy policy, StoredRevision from, String to) {
    return with(
        policy,
        policy.status().toBuilder()
            .rollout(
                RolloutStatus.builder()
                    .revision(from.revision())
                    .halted(from.revision())
                    .rollbackTo(to)
                    .build())
            .build());
  }

  private static Assignment wanted(Policy policy, Extension extension, Node node) {
    return wanted(Planner.plan(fleet(List.of(policy), List.of(extension), List.of(node))), node);
  }

  private static Assignment wanted(Plan plan, Node node) {
    assertThat(plan.nodes().get(node.name()).wanted()).hasSize(1);
    return plan.nodes().get(node.name()).wanted().values().iterator().next();
  }
}
