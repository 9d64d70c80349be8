package io.kairos.extensions.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.statistics.Statistics;

/** What holds in every {@link Simulation}. */
class FleetPassPropertiesTest {
  /** Waves, windows and deadlines take their time; after that nothing waits for the clock. */
  private static final int CLOCK_TURNS = 8;

  @Property(tries = 3000, shrinking = ShrinkingMode.BOUNDED)
  void noPolicyEverDisturbsMoreNodesThanItMay(
      @ForAll @Size(min = 50, max = 400) List<@IntRange(max = 1 << 24) Integer> schedule) {
    Simulation simulation = new Simulation();
    for (int step : schedule) {
      simulation.act(step);
      for (String policy : Simulation.POLICIES) {
        assertThat(simulation.disturbed(policy))
            .as(policy)
            .hasSizeLessThanOrEqualTo(Simulation.CAPS.get(policy));
      }
    }
  }

  @Property(tries = 1500, shrinking = ShrinkingMode.BOUNDED)
  void whenFaultsEndEveryFleetConvergesAndThenNothingIsWritten(
      @ForAll @Size(min = 20, max = 200) List<@IntRange(max = 1 << 24) Integer> schedule) {
    converges(schedule, new Simulation());
  }

  @Property(tries = 500, shrinking = ShrinkingMode.BOUNDED)
  void whenFaultsEndSoItDoesWithDeadlinesWavesWindowsAndRollbacks(
      @ForAll @Size(min = 20, max = 200) List<@IntRange(max = 1 << 24) Integer> schedule) {
    converges(
        schedule,
        new Simulation(
            Simulation.With.DEADLINES, Simulation.With.BAD_IMAGES, Simulation.With.PACES));
  }

  @Property(tries = 1000, shrinking = ShrinkingMode.BOUNDED)
  void aRollbackEndsWhereTheRolloutBegan(
      @ForAll @Size(min = 20, max = 200) List<@IntRange(max = 1 << 24) Integer> schedule) {
    Simulation simulation = new Simulation(Simulation.With.BAD_IMAGES, Simulation.With.ROLLBACK);
    Map<String, Map<ExtensionKey, String>> before = simulation.images();
    schedule.forEach(simulation::actWithoutPeople);
    simulation.calmDown();
    settle(simulation);
    for (int i = 0; i < CLOCK_TURNS; i++) {
      simulation.awaitClock();
      settle(simulation);
    }

    assertThat(simulation.rolledBack()).containsExactlyInAnyOrder("p1", "p2");
    assertThat(simulation.images()).isEqualTo(before);
  }

  private static void converges(List<Integer> schedule, Simulation simulation) {
    schedule.forEach(simulation::act);
    simulation.endFaults();
    settle(simulation);
    for (int i = 0; i < CLOCK_TURNS; i++) {
      simulation.awaitClock();
      settle(simulation);
    }
    simulation.assertConverged();
  }

  private static void settle(Simulation simulation) {
    int rounds = 0;
    boolean moved = true;
    while (moved) {
      moved = simulation.passFairly();
      simulation.workFairly();
      moved |= simulation.passFairly();
      assertThat(++rounds).as("rounds until nothing is left to write").isLessThan(300);
    }
  }

  @Property(tries = 1500, shrinking = ShrinkingMode.BOUNDED)
  void aPausedPolicyGetsNoFurtherNode(
      @ForAll @Size(min = 20, max = 150) List<@IntRange(max = 1 << 24) Integer> schedule) {
    Simulation simulation = new Simulation();
    schedule.forEach(simulation::act);
    simulation.pauseFirst();
    Set<String> before = simulation.disturbed("p1");
    Map<String, Set<List<Object>>> told = new TreeMap<>();
    simulation.nodes().forEach(node -> told.put(node, simulation.told(node, "p1")));
    for (int i = 0; i < 20 && simulation.isFirstStaying(); i++) {
      simulation.workFairly();
      simulation.passFairly();
      for (String node : simulation.disturbed("p1")) {
        // Whoever changes a node's state makes its agent look at all of it again, also at what had
        // failed there; that is no doing of the paused policy.
        if (!before.contains(node)) {
          assertThat(told.get(node)).as(node).containsAll(simulation.told(node, "p1"));
        }
      }
    }
  }

  @Property(tries = 2000, shrinking = ShrinkingMode.BOUNDED)
  void aHaltedPolicyAdmitsNobodyWhoeverLeads(
      @ForAll @Size(min = 50, max = 300) List<@IntRange(max = 1 << 24) Integer> schedule) {
    Simulation simulation =
        new Simulation(
            Simulation.With.DEADLINES, Simulation.With.BAD_IMAGES, Simulation.With.PACES);
    boolean halted = false;
    for (int step : schedule) {
      Map<String, Set<String>> before = simulation.admittingWhileHalted();
      simulation.act(step);
      Map<String, Set<String>> now = simulation.admittingWhileHalted();
      now.forEach(
          (halt, admitting) -> {
            if (before.containsKey(halt)) {
              assertThat(before.get(halt)).as(halt).containsAll(admitting);
            }
          });
      halted |= !now.isEmpty();
    }
    Statistics.label("histories").collect(halted ? "halted" : "not halted");
    Statistics.label("histories")
        .coverage(coverage -> coverage.check("halted").percentage(p -> p >= 20.0));
  }
}
