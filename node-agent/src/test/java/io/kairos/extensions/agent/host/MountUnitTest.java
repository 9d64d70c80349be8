package io.kairos.extensions.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names as {@code systemd-escape --path --suffix=mount} prints them. */
class MountUnitTest {
  @ParameterizedTest
  @CsvSource({
    "/usr, usr.mount",
    "/usr/local/bin, usr-local-bin.mount",
    "/, -.mount",
    "/usr/lib-x, usr-lib\\x2dx.mount",
    "/.snapshots, \\x2esnapshots.mount",
    "/usr/.hidden, usr-.hidden.mount",
    "/opt/a\\040b, opt-a\\x20b.mount",
    "/opt/a\\134b, opt-a\\x5cb.mount",
    "/opt/ä:_, opt-\\xc3\\xa4:_.mount"
  })
  void theUnitOfAMountPointIsNamedAsSystemdDoes(String point, String unit) {
    assertThat(MountUnit.of(point)).isEqualTo(unit);
  }
}
