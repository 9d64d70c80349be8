package io.kairos.extensions.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** What holds in every {@link Simulation}. */
class FleetPassPropertiesTest {
  @Property(tries = 400, shrinking = ShrinkingMode.BOUNDED)
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

  @Property(tries = 200, shrinking = ShrinkingMode.BOUNDED)
  void whenFaultsEndEveryFleetConvergesAndThenNothingIsWritten(
      @ForAll @Size(min = 20, max = 200) List<@IntRange(max = 1 << 24) Integer> schedule) {
    Simulation simulation = new Simulation();
    schedule.forEach(simulation::act);
    simulation.endFaults();
    int rounds = 0;
    boolean moved = true;
    while (moved) {
      moved = simulation.passFairly();
      simulation.workFairly();
      moved |= simulation.passFairly();
      assertThat(++rounds).as("rounds until nothing is left to write").isLessThan(300);
    }
    simulation.assertConverged();
  }

  @Property(tries = 200, shrinking = ShrinkingMode.BOUNDED)
  void aPausedPolicyGetsNoFurtherNode(
      @ForAll @Size(min = 20, max = 150) List<@IntRange(max = 1 << 24) Integer> schedule) {
    Simulation simulation = new Simulation();
    schedule.forEach(simulation::act);
    simulation.pauseFirst();
    Set<String> before = simulation.disturbed("p1");
    for (int i = 0; i < 20 && simulation.isFirstStaying(); i++) {
      simulation.workFairly();
      simulation.passFairly();
      assertThat(before).containsAll(simulation.disturbed("p1"));
    }
  }
}
