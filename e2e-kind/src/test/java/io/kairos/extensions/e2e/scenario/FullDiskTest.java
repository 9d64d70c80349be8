package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.BaseRoot;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.TestHost;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class FullDiskTest {
  private static final int MEBIBYTES = 8;

  @Test
  void aDiskThatWasEmptiedStaysSoThoughThePowerIsCutRightAfterwards() throws IOException {
    Hosts hosts = Hosts.of(BaseRoot.machine());
    assumeTrue(hosts instanceof Hosts.Booted, hosts::describe);
    try (TestHost host = hosts.make(HostOptions.named("full").withState(MEBIBYTES))) {
      long free = Files.getFileStore(host.stateDir()).getUsableSpace();
      FullDisk disk = new FullDisk(host.stateDir());
      disk.fill();
      assertThat(Files.getFileStore(host.stateDir()).getUsableSpace()).isZero();
      host.exec("sync").orThrow();

      disk.empty();
      host.cutPower();
      host.powerOn();

      assertThat(Files.getFileStore(host.stateDir()).getUsableSpace()).isEqualTo(free);
    }
  }
}
