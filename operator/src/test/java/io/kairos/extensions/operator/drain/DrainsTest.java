package io.kairos.extensions.operator.drain;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Drain;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.api.v1alpha1.Maintenance.Stage;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Window;
import io.kairos.extensions.operator.plan.FleetSnapshot.Cordon;
import io.kairos.extensions.operator.plan.Fleets;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Drains and what they allow: step by step, and in any order with anybody dying in between. */
class DrainsTest {
  private static final int TIMEOUT = 300;

  private static DrainWorld reboots(Drain.OnTimeout onTimeout, String... nodes) {
    return new DrainWorld(
        Activation.REBOOT, new Drain(Drain.When.REBOOT, TIMEOUT, onTimeout), nodes);
  }

  private static void pass(DrainWorld.Leader leader) {
    int unused = leader.plan();
    leader.writeAll();
  }

  @Test
  void aNodeIsClaimedCordonedEmptiedRebootedAndUncordoned() {
    DrainWorld world = reboots(Drain.OnTimeout.SKIP, "n");
    DrainWorld.Leader leader = world.new Leader();

    pass(leader);
    assertThat(world.maintenance("n").orElseThrow().stage()).isEqualTo(Stage.DRAIN);
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.NONE);
    pass(leader);
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.OURS);
    pass(leader);
    assertThat(world.pods.get("n")).isEmpty();
    world.observe("n");
    world.act("n");
    pass(leader);
    assertThat(world.maintenance("n").orElseThrow().stage()).isEqualTo(Stage.REBOOT);
    int boots = world.boots;
    world.observe("n");
    world.act("n");
    assertThat(world.boots).isEqualTo(boots + 1);
    assertThat(world.phase("n")).isEqualTo(Phase.ACTIVE);
    pass(leader);

    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.NONE);
    assertThat(world.maintenance("n")).isEmpty();
    world.settle(leader);
    assertThat(world.boots).as("one reboot").isEqualTo(boots + 1);
  }

  @Test
  void noDrainBeginsOutsideAWindowAndOneThatHasBegunGoesOn() {
    DrainWorld world = reboots(Drain.OnTimeout.SKIP, "n");
    world.windows(new Window("0 13 * * *", 1, "UTC")); // it is noon
    DrainWorld.Leader leader = world.new Leader();
    int boots = world.boots;
    world.settle(leader);
    assertThat(world.maintenance("n")).isEmpty();

    world.pass(3600);
    pass(leader);
    assertThat(world.maintenance("n").orElseThrow().stage()).isEqualTo(Stage.DRAIN);
    world.pass(60);
    world.settle(leader);

    assertThat(world.phase("n")).isEqualTo(Phase.ACTIVE);
    assertThat(world.boots).isEqualTo(boots + 1);
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.NONE);
  }

  @Test
  void aLiveChangeWaitsForItsDrainToo() {
    DrainWorld world =
        new DrainWorld(
            Activation.LIVE, new Drain(Drain.When.ALWAYS, TIMEOUT, Drain.OnTimeout.SKIP), "n");
    int boots = world.boots;

    world.settle(world.new Leader());

    assertThat(world.phase("n")).isEqualTo(Phase.ACTIVE);
    assertThat(world.boots).isEqualTo(boots);
    assertThat(world.pods.get("n")).isEmpty();
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.NONE);
  }

  @Test
  void aPodThatIsProtectedForEverGetsTheNodeSkippedAndUncordoned() {
    DrainWorld world = reboots(Drain.OnTimeout.SKIP, "n");
    world.protect("db-n", true);
    DrainWorld.Leader leader = world.new Leader();
    for (int i = 0; i < 5; i++) {
      pass(leader);
      world.act("n");
    }
    assertThat(world.pods.get("n")).extracting("name").containsExactly("db-n");

    world.pass(TIMEOUT);
    world.settle(leader);

    Maintenance skipped = world.maintenance("n").orElseThrow();
    assertThat(skipped.stage()).isEqualTo(Stage.SKIPPED);
    assertThat(skipped.reason()).isEqualTo(Reasons.DRAIN_TIMED_OUT);
    assertThat(skipped.message()).contains("default/db-n");
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.NONE);
    assertThat(world.phase("n")).isEqualTo(Phase.PENDING_REBOOT);
    assertThat(world.pods.get("n")).hasSize(1);
  }

  @Test
  void aSkippedNodeThatIsAdmittedOnceMoreIsDrainedOnceMore() {
    DrainWorld world = reboots(Drain.OnTimeout.SKIP, "n");
    world.protect("db-n", true);
    DrainWorld.Leader leader = world.new Leader();
    world.settleBut(leader);
    world.pass(TIMEOUT);
    world.settle(leader);
    world.pass(TIMEOUT);
    world.settle(leader);
    assertThat(world.maintenance("n").orElseThrow().stage()).isEqualTo(Stage.SKIPPED);

    world.admitAgain("n");
    world.settleBut(leader);
    assertThat(world.maintenance("n").orElseThrow().stage()).isEqualTo(Stage.DRAIN);
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.OURS);
    world.pass(TIMEOUT);
    world.settle(leader);
    assertThat(world.maintenance("n").orElseThrow().stage()).isEqualTo(Stage.SKIPPED);
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.NONE);

    world.pass(1);
    world.admitAgain("n");
    world.protect("db-n", false);
    world.settle(leader);
    assertThat(world.phase("n")).isEqualTo(Phase.ACTIVE);
    assertThat(world.maintenance("n")).isEmpty();
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.NONE);
  }

  @Test
  void itFailsTheNodeWhereThatIsAskedFor() {
    DrainWorld world = reboots(Drain.OnTimeout.FAIL, "n");
    world.protect("db-n", true);
    DrainWorld.Leader leader = world.new Leader();
    world.settleBut(leader);
    world.pass(TIMEOUT);

    world.settle(leader);

    assertThat(world.maintenance("n").orElseThrow().stage()).isEqualTo(Stage.FAILED);
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.NONE);
  }

  @Test
  void forceDeletesWhatIsLeftWhenTimeIsUpAndNotBefore() {
    DrainWorld world = reboots(Drain.OnTimeout.FORCE, "n");
    world.protect("db-n", true);
    DrainWorld.Leader leader = world.new Leader();
    world.settleBut(leader);
    assertThat(world.pods.get("n")).hasSize(1);
    world.pass(TIMEOUT);

    world.settle(leader);

    assertThat(world.phase("n")).isEqualTo(Phase.ACTIVE);
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.NONE);
  }

  @Test
  void forceGivesUpWherePodsComeBackAsFastAsTheyAreDeleted() {
    DrainWorld world = reboots(Drain.OnTimeout.FORCE, "n");
    world.protect("db-n", true);
    DrainWorld.Leader leader = world.new Leader();
    world.settleBut(leader);
    world.pass(TIMEOUT);
    for (int i = 0; i < 5; i++) {
      pass(leader);
      assertThat(world.pods.get("n")).as("it is deleted").isEmpty();
      world.pods.get("n").add(DrainWorld.pod("n", "db"));
    }
    assertThat(world.maintenance("n").orElseThrow().stage()).isEqualTo(Stage.DRAIN);
    world.pass(TIMEOUT);

    world.settle(leader);

    Maintenance failed = world.maintenance("n").orElseThrow();
    assertThat(failed.stage()).isEqualTo(Stage.FAILED);
    assertThat(failed.message()).contains("default/db-n", "after 600 s");
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.NONE);
  }

  @Test
  void forceGivesUpWhereTheAgentDoesNotAnswer() {
    DrainWorld world = reboots(Drain.OnTimeout.FORCE, "n");
    DrainWorld.Leader leader = world.new Leader();
    for (int i = 0; i < 5; i++) {
      pass(leader);
    }
    assertThat(world.pods.get("n")).isEmpty();
    world.pass(2 * TIMEOUT);

    for (int i = 0; i < 5; i++) {
      pass(leader);
    }

    Maintenance failed = world.maintenance("n").orElseThrow();
    assertThat(failed.stage()).isEqualTo(Stage.FAILED);
    assertThat(failed.message()).isEqualTo("the node's agent does not answer");
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.NONE);
  }

  @Test
  void podsThatNobodyWouldMakeAnewAreNotEvicted() {
    DrainWorld world = reboots(Drain.OnTimeout.SKIP, "n");
    world.pods.get("n").add(DrainWorld.pod("n", "lonely").toBuilder().controller("").build());
    world
        .pods
        .get("n")
        .add(DrainWorld.pod("n", "daemon").toBuilder().controller("DaemonSet").build());
    world.pods.get("n").add(DrainWorld.pod("n", "static").toBuilder().mirror(true).build());
    world.pods.get("n").add(DrainWorld.pod("n", "done").toBuilder().phase("Succeeded").build());
    DrainWorld.Leader leader = world.new Leader();
    world.settleBut(leader);
    assertThat(world.pods.get("n"))
        .extracting("name")
        .containsExactly("lonely-n", "daemon-n", "static-n", "done-n");
    world.pass(TIMEOUT);
    world.settle(leader);
    assertThat(world.maintenance("n").orElseThrow().message())
        .contains("default/lonely-n: no controller would make it anew");
  }

  @Test
  void theOperatorsOwnPodGoesLast() {
    DrainWorld world = reboots(Drain.OnTimeout.SKIP, "n");
    world.pods.get("n").add(0, DrainWorld.pod("n", "operator").toBuilder().own(true).build());
    DrainWorld.Leader leader = world.new Leader();
    pass(leader);
    pass(leader);
    pass(leader);
    assertThat(world.pods.get("n")).extracting("name").containsExactly("operator-n");
    pass(leader);
    assertThat(world.pods.get("n")).isEmpty();
  }

  @Test
  void aPersonWhoUncordonsIsObeyed() {
    DrainWorld world = reboots(Drain.OnTimeout.SKIP, "n");
    world.protect("db-n", true);
    DrainWorld.Leader leader = world.new Leader();
    world.settleBut(leader);

    world.personUncordons("n");
    world.settle(leader);

    assertThat(world.maintenance("n").map(Maintenance::reason))
        .contains(Reasons.UNCORDONED_BY_HAND);
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.NONE);
    assertThat(world.phase("n")).isEqualTo(Phase.PENDING_REBOOT);
  }

  @Test
  void aNodeThatAPersonCordonedIsNotTouchedAndStaysCordoned() {
    DrainWorld world = reboots(Drain.OnTimeout.SKIP, "n");
    world.personCordons("n");

    world.settle(world.new Leader());

    assertThat(world.maintenance("n")).isEmpty();
    assertThat(world.pods.get("n")).hasSize(2);
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.THEIRS);
  }

  @Test
  void aPersonWhoCordonsAnewKeepsTheCordon() {
    DrainWorld world = reboots(Drain.OnTimeout.SKIP, "n");
    world.protect("db-n", true);
    DrainWorld.Leader leader = world.new Leader();
    world.settleBut(leader);
    world.personUncordons("n");
    world.personCordons("n");
    world.protect("db-n", false);

    world.settle(leader);

    assertThat(world.phase("n")).isEqualTo(Phase.ACTIVE);
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.THEIRS);
  }

  @Test
  void aPauseOrAHaltEndsADrainAndUncordons() {
    for (boolean halts : new boolean[] {true, false}) {
      DrainWorld world = reboots(Drain.OnTimeout.SKIP, "n");
      world.protect("db-n", true);
      DrainWorld.Leader leader = world.new Leader();
      world.settleBut(leader);
      assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.OURS);
      if (halts) {
        world.halt("v1-a");
      } else {
        world.pause(true);
      }

      world.settle(leader);

      assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.NONE);
      assertThat(world.maintenance("n")).isEmpty();
      assertThat(world.phase("n")).isEqualTo(Phase.PENDING_REBOOT);
    }
  }

  @Test
  void aRebootThatDoesNotComeHasFailedAndTheNodeIsUncordonedOnceItsAgentKnows() {
    DrainWorld world = reboots(Drain.OnTimeout.SKIP, "n");
    world.rebootsAreRefused = true;
    DrainWorld.Leader leader = world.new Leader();
    world.settleBut(leader);
    assertThat(world.maintenance("n").orElseThrow().stage()).isEqualTo(Stage.REBOOT);
    world.pass(DrainWorld.DEADLINE);

    pass(leader);

    assertThat(world.maintenance("n").orElseThrow().reason()).isEqualTo(Reasons.REBOOT_TIMED_OUT);
    assertThat(world.nodes.get("n").cordon()).as("its agent may not know").isEqualTo(Cordon.OURS);
    world.observe("n");
    world.act("n");
    pass(leader);
    assertThat(world.nodes.get("n").cordon()).isEqualTo(Cordon.NONE);
    world.rebootsAreRefused = false;
    int boots = world.boots;
    world.settle(leader);
    assertThat(world.boots).isEqualTo(boots);
  }

  @Test
  void othersThatAreUnavailableHoldUpTheNextDrain() {
    DrainWorld world = reboots(Drain.OnTimeout.SKIP, "a", "b");
    world.cap = 1;
    world.change("b", Fleets::unready);
    DrainWorld.Leader leader = world.new Leader();
    world.settle(leader);
    assertThat(world.maintenance("a")).isEmpty();

    world.change("b", n -> Fleets.node("b"));
    world.settle(leader);

    assertThat(world.phase("a")).isEqualTo(Phase.ACTIVE);
    assertThat(world.phase("b")).isEqualTo(Phase.ACTIVE);
  }

  @Property(tries = 2_000, shrinking = ShrinkingMode.BOUNDED)
  void whoeverDiesWhenNoNodeStaysCordonedAndNoPersonsCordonIsUndone(
      @ForAll @Size(min = 20, max = 120) List<@IntRange(max = 1 << 16) Integer> schedule) {
    List<Drain.OnTimeout> ways = List.of(Drain.OnTimeout.values());
    DrainWorld world = reboots(ways.get(schedule.get(0) % ways.size()), "a", "b", "c");
    DrainWorld.Leader one = world.new Leader();
    DrainWorld.Leader two = world.new Leader();
    for (int step : schedule) {
      act(world, one, two, step);
    }
    world.pause(false);
    world.halt("");
    world.rebootsAreRefused = false;
    for (String name : List.of("a", "b", "c")) {
      world.protect("web-" + name, false);
      world.protect("db-" + name, false);
    }
    for (int i = 0; i < 4; i++) {
      world.settleBut(one);
      world.pass(2L * DrainWorld.DEADLINE);
    }
    world.settle(one);

    for (String name : List.of("a", "b", "c")) {
      Cordon cordon = world.nodes.get(name).cordon();
      assertThat(cordon).as(name).isIn(Cordon.NONE, Cordon.THEIRS);
      assertThat(world.maintenance(name).filter(Maintenance::isActive)).as(name).isEmpty();
      boolean done = world.phase(name) == Phase.ACTIVE;
      boolean given = world.maintenance(name).isPresent() || cordon == Cordon.THEIRS;
      assertThat(done || given).as("%s is rebooted, or it says why not", name).isTrue();
    }
  }

  private static void act(
      DrainWorld world, DrainWorld.Leader one, DrainWorld.Leader two, int step) {
    String name = List.of("a", "b", "c").get(step / 32 % 3);
    boolean flag = step / 128 % 2 == 0;
    switch (step % 16) {
      case 0, 1 -> plan(one);
      case 2 -> plan(two);
      case 3, 4, 5 -> one.write(step / 512);
      case 6, 7 -> two.write(step / 512);
      case 8 -> world.observe(name);
      case 9, 10 -> world.act(name);
      case 11 -> world.protect((flag ? "web-" : "db-") + name, step / 256 % 2 == 0);
      case 12 -> {
        if (flag) {
          world.personCordons(name);
        } else {
          world.personUncordons(name);
        }
      }
      case 13 -> {
        world.pass(step / 256 % 400);
        if (flag && world.maintenance(name).filter(m -> !m.isActive()).isPresent()) {
          world.admitAgain(name);
        }
      }
      case 14 -> world.pause(flag);
      default -> world.rebootsAreRefused = flag;
    }
  }

  private static void plan(DrainWorld.Leader leader) {
    Optional<Integer> unused = Optional.of(leader.plan());
  }
}
