package io.kairos.extensions.e2e.scenario;

import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.BaseRoot;

/** With the systemd of the machine. */
class MachineUpgradeTest extends UpgradeScenarios {
  @Override
  Hosts hosts() {
    return Hosts.of(BaseRoot.machine());
  }
}
