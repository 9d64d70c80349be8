package io.kairos.extensions.agent.host;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BusTest {
  @TempDir private Path folder;

  @Test
  void aHostWithoutABusIsToldHowToGetOne() {
    Path socket = folder.resolve("system_bus_socket");

    try (Bus bus = new Bus(socket)) {
      assertThatThrownBy(() -> bus.unit("systemd-sysext.service"))
          .isInstanceOf(HostException.class)
          .hasMessageContaining("no system bus at " + socket)
          .hasMessageContaining("install a D-Bus daemon")
          .hasMessageContaining("start its dbus.socket");
    }
  }

  @Test
  void aBusThatDoesNotAnswerIsNoMissingOne() throws Exception {
    Path socket = Files.createFile(folder.resolve("system_bus_socket"));

    try (Bus bus = new Bus(socket)) {
      assertThatThrownBy(() -> bus.unit("systemd-sysext.service"))
          .isInstanceOf(HostException.class)
          .hasMessageContaining("did not answer LoadUnit systemd-sysext.service");
    }
  }
}
