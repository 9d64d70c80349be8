package io.kairos.extensions.e2e.scenario;

import io.kairos.extensions.e2e.cluster.MockCluster;
import io.kairos.extensions.e2e.cluster.RunReport;
import io.kairos.extensions.e2e.fleet.Hosts;
import java.io.IOException;

/**
 * With what every machine has: directories for hosts, and an API in memory. Quick, and no proof.
 */
class PlainScenariosTest extends HostScenarios {
  @Override
  Hosts hosts() {
    return new Hosts.Plain("chosen by the test");
  }

  @Override
  World start() throws IOException, InterruptedException {
    MockCluster cluster = MockCluster.start();
    RunReport.ofThisBuild().record("cluster", cluster.describe());
    return World.on(hosts(), cluster);
  }
}
