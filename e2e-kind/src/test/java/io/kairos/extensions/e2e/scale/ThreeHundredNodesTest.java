package io.kairos.extensions.e2e.scale;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * 300 simulated nodes on a real API server, and a script of what goes wrong; one row of the table a
 * scenario. What was unavailable, and whom a halted policy still touched, is counted by a watcher
 * of the API. The scenarios share the nodes and go one after the other, each from a fleet that is
 * well.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(OrderAnnotation.class)
class ThreeHundredNodesTest {
  private WatchedFleet watched;
  private FailureScenarios failures;
  private MovementScenarios movements;
  private DrainScenarios drains;
  private String unfinished = "";

  @BeforeAll
  void start() {
    watched = new WatchedFleet();
    failures = new FailureScenarios(watched);
    movements = new MovementScenarios(watched);
    drains = new DrainScenarios(watched);
  }

  @AfterAll
  void stop() {
    if (watched != null) {
      watched.close();
    }
  }

  @BeforeEach
  void begin(TestInfo scenario) {
    assertThat(unfinished).as("the scenario before has left the fleet as it should").isEmpty();
    unfinished = scenario.getDisplayName();
    watched.heal();
  }

  private void run(Runnable scenario) {
    scenario.run();
    unfinished = "";
  }

  @Test
  @Order(1)
  void healthy() {
    run(failures::healthy);
  }

  @Test
  @Order(2)
  void slowAgentsTakeAllSlotsAndNoMore() {
    run(movements::slowAgentsTakeAllSlotsAndNoMore);
  }

  @Test
  @Order(3)
  void fivePercentFail() {
    run(failures::fivePercentFail);
  }

  @Test
  @Order(4)
  void allFail() {
    run(failures::allFail);
  }

  @Test
  @Order(5)
  void allFailBehindACanary() {
    run(failures::allFailBehindACanary);
  }

  @Test
  @Order(6)
  void oneDeadNodeAndOneThatStalls() {
    run(failures::oneDeadNodeAndOneThatStalls);
  }

  @Test
  @Order(7)
  void theWindowClosesMidWave() {
    run(movements::theWindowClosesMidWave);
  }

  @Test
  @Order(8)
  void theLeaderIsKilledMidWave() {
    run(movements::theLeaderIsKilledMidWave);
  }

  @Test
  @Order(9)
  void aBudgetNeverLetsAPodGo() {
    run(drains::aBudgetNeverLetsAPodGo);
  }

  @Test
  @Order(10)
  void aNodeIsDeletedMidDrain() {
    run(drains::aNodeIsDeletedMidDrain);
  }

  @Test
  @Order(11)
  void labelsMove() {
    run(movements::labelsMove);
  }

  @Test
  @Order(12)
  void twoPoliciesOnOneNode() {
    run(movements::twoPoliciesOnOneNode);
  }
}
