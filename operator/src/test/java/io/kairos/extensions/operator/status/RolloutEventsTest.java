package io.kairos.extensions.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Approval;
import io.kairos.extensions.api.v1alpha1.ExtensionReference;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicySpec;
import io.kairos.extensions.api.v1alpha1.OnFailure;
import io.kairos.extensions.api.v1alpha1.Rollout;
import io.kairos.extensions.api.v1alpha1.Wave;
import io.kairos.extensions.api.v1alpha1.Window;
import io.kairos.extensions.operator.plan.Fleets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The events of a rollout read as a story, and nothing in it is told twice. */
class RolloutEventsTest {
  private final World world = new World();
  private final Map<String, ModelAgent> agents = new TreeMap<>();
  private final List<String> story = new ArrayList<>();
  private String bad = "";

  @BeforeEach
  void threeNodes() {
    for (String node : List.of("n1", "n2", "n3")) {
      world.createNode(node);
      agents.put(node, new ModelAgent(world, node));
    }
    world.putExtension("hello", "1");
    world.createPolicy(
        "base",
        NodeExtensionPolicySpec.builder()
            .extensions(List.of(ExtensionReference.byName("hello")))
            .activation(Activation.LIVE)
            .build(),
        1);
  }

  private void rollout(UnaryOperator<Rollout.RolloutBuilder> change) {
    world.changePolicy(
        "base",
        spec -> spec.toBuilder().rollout(change.apply(spec.rollout().toBuilder()).build()).build());
  }

  private static Wave canary(int soakSeconds) {
    return Wave.builder()
        .name("canary")
        .nodesOrNull(new IntOrString(1))
        .soakSeconds(soakSeconds)
        .build();
  }

  /** Passes, each by an operator that has just started, and agents, until nothing moves. */
  private void settle() {
    boolean moved = true;
    for (int round = 0; moved; round++) {
      assertThat(round).isLessThan(100);
      ModelLeader leader = new ModelLeader(world);
      moved = leader.plan() > 0;
      leader.writeAll();
      leader.told.stream()
          .map(told -> told.replaceAll("v1-[0-9a-f]+", "v1-x").replaceFirst("^base ", ""))
          .forEach(story::add);
      agents
          .values()
          .forEach(
              agent -> {
                agent.observe();
                for (int i = 0; i < 5; i++) {
                  agent.work(i, bad::equals);
                }
                agent.report(false);
              });
    }
  }

  private void soak(int seconds) {
    world.pass(Duration.ofSeconds(seconds));
    settle();
  }

  @Test
  void aRolloutInWavesIsToldFromBeginningToEnd() {
    rollout(r -> r.waves(List.of(canary(60))));
    settle();
    soak(60);

    assertThat(story)
        .containsExactly(
            "RolloutStarted: revision v1-x (hello 1) for 3 nodes; waves: canary, rest",
            "WaveCompleted: wave canary of revision v1-x: 1 of 3 nodes are up to date",
            "RolloutCompleted: v1-x: 3 nodes are up to date");
  }

  @Test
  void whatIsToldIsNotToldAgainByAnyPassNorForWhoComesLater() {
    settle();
    story.clear();
    settle();
    world.createNode("n4");
    agents.put("n4", new ModelAgent(world, "n4"));
    settle();

    assertThat(agents.get("n4").onHost()).isNotEmpty();
    assertThat(story).isEmpty();
  }

  @Test
  void aHaltSaysWhyAndARetryBeginsAnew() {
    settle();
    story.clear();
    bad = Fleets.digest("hello2");
    world.putExtension("hello", "2");
    settle();
    assertThat(story).hasSize(2);
    assertThat(story.get(0)).isEqualTo("RolloutStarted: revision v1-x (hello 2) for 3 nodes");
    assertThat(story.get(1))
        .startsWith("RolloutHalted!: revision v1-x: 1 node failed, the failure budget is 0; ")
        .contains("extensions.kairos.io/retry");

    story.clear();
    bad = "";
    world.retry("base", "now");
    settle();
    assertThat(story)
        .containsExactly(
            "RolloutStarted: revision v1-x (hello 2) for 3 nodes; attempt now",
            "RolloutCompleted: v1-x: 3 nodes are up to date");
  }

  @Test
  void aRetryOfWhatFailedWithinTheBudgetIsARolloutWithAnEndOfItsOwn() {
    rollout(r -> r.failureBudget(new IntOrString(3)));
    bad = Fleets.digest("hello1");
    settle();
    assertThat(story.get(story.size() - 1))
        .startsWith("RolloutCompleted!: v1-x: 0 of 3 nodes are up to date; failed on 3 nodes: ");

    story.clear();
    bad = "";
    world.retry("base", "now");
    settle();
    assertThat(story)
        .containsExactly(
            "RolloutStarted: revision v1-x (hello 1) for 3 nodes; attempt now",
            "RolloutCompleted: v1-x: 3 nodes are up to date");
  }

  @Test
  void aRollbackIsAHaltAndAReturn() {
    rollout(r -> r.onFailure(OnFailure.ROLLBACK));
    settle();
    story.clear();
    bad = Fleets.digest("hello2");
    world.putExtension("hello", "2");
    settle();

    assertThat(story).hasSize(3);
    assertThat(story.get(0)).startsWith("RolloutStarted: ");
    assertThat(story.get(1))
        .startsWith("RolloutHalted!: revision v1-x: 1 node failed, the failure budget is 0")
        .endsWith("; the nodes that were told of it go back to v1-x");
    assertThat(story.get(2)).startsWith("RolledBack!: revision v1-x failed on more nodes");

    story.clear();
    world.putExtension("hello", "3");
    settle();
    assertThat(story)
        .containsExactly(
            "RolloutStarted: revision v1-x (hello 3) for 3 nodes",
            "RolloutCompleted: v1-x: 3 nodes are up to date");
  }

  @Test
  void aPauseAndItsEnd() {
    rollout(r -> r.waves(List.of(canary(60))));
    settle();
    world.changePolicy("base", spec -> spec.toBuilder().paused(true).build());
    settle();
    soak(60);
    world.changePolicy("base", spec -> spec.toBuilder().paused(false).build());
    settle();

    assertThat(story)
        .extracting(told -> told.replaceFirst(":.*", ""))
        .containsExactly(
            "RolloutStarted",
            "RolloutPaused",
            "WaveCompleted",
            "RolloutResumed",
            "RolloutCompleted");
    assertThat(story.get(1)).startsWith("RolloutPaused: Paused: paused; 1 of 3 nodes are up to");
  }

  @Test
  void whatWaitsForAPersonOrAWindowSaysForWhat() {
    rollout(
        r ->
            r.waves(List.of(canary(0).toBuilder().approval(Approval.MANUAL).build()))
                .windows(List.of(new Window("0 2 * * *", 60, "UTC"))));
    settle();
    assertThat(story).hasSize(2);
    assertThat(story.get(1))
        .startsWith("RolloutPaused: OutsideWindow: no window of spec.rollout.windows is open; the")
        .contains("2026-06-02T02:00:00Z");

    story.clear();
    soak(14 * 3600);
    assertThat(story).hasSize(2);
    assertThat(story.get(0)).startsWith("WaveCompleted: wave canary ");
    assertThat(story.get(1))
        .startsWith("RolloutPaused: AwaitingApproval: wave canary is complete; ")
        .contains("extensions.kairos.io/approve says canary@v1-x");
  }

  @Test
  void aPolicyThatGoesTellsNothing() {
    settle();
    story.clear();
    world.deletePolicy("base");
    settle();

    assertThat(world.policies.now()).isEmpty();
    assertThat(story).isEmpty();
  }
}
