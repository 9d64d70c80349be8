package io.kairos.extensions.e2e.scenario;

import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.BaseRoot;

/** With the systemd of Debian trixie. */
class TrixieUpgradeTest extends UpgradeScenarios {
  @Override
  Hosts hosts() {
    return Hosts.of(BaseRoot.trixie());
  }
}
