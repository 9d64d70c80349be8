package io.kairos.extensions.agent.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BootStateTest {
  @TempDir private Path root;

  private HostFolder bare() throws IOException {
    HostFolder host = HostFolder.in(root);
    Files.delete(host.at("/run/cos/active_mode"));
    return host;
  }

  @ParameterizedTest
  @CsvSource({
    "active_mode, ACTIVE",
    "passive_mode, PASSIVE",
    "recovery_mode, RECOVERY",
    "autoreset_mode, RECOVERY",
    "live_mode, ",
    "uki_boot_mode, ",
    "unknown, "
  })
  void theSentinelTellsTheProfile(String sentinel, Profile profile) throws IOException {
    HostFolder host = bare().file("/run/cos/" + sentinel, "");
    assertThat(BootState.read(host.layout().host()))
        .isEqualTo(new BootState(Optional.ofNullable(profile), "boot-1"));
  }

  @Test
  void trustedBootStandsBesideTheProfile() throws IOException {
    HostFolder host = bare().file("/run/cos/uki_boot_mode", "").file("/run/cos/passive_mode", "");
    assertThat(BootState.read(host.layout().host()).profile()).contains(Profile.PASSIVE);
  }

  @Test
  void aHostThatIsNoKairosHasNoProfile() throws IOException {
    HostFolder host = bare();
    Files.delete(host.at("/run/cos"));
    assertThat(BootState.read(host.layout().host()).profile()).isEmpty();
  }

  @Test
  void withoutABootIdThereIsNoAnswer() throws IOException {
    HostFolder host = bare();
    Files.delete(host.at("/proc/sys/kernel/random/boot_id"));
    assertThatThrownBy(() -> BootState.read(host.layout().host())).isInstanceOf(IOException.class);
  }
}
