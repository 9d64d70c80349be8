package io.kairos.extensions.e2e.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BaseRootTest {
  @TempDir Path folder;

  @Test
  void aFolderWithoutSystemdIsNoBaseAndSaysWhy() throws IOException {
    Files.createDirectories(folder.resolve("trixie"));
    assertThat(BaseRoot.trixie(folder))
        .isEqualTo(
            new BaseRoot.Unavailable(
                folder.resolve("trixie") + " has no systemd, no systemd-sysext, no D-Bus"));
  }

  @Test
  void theMajorVersionIsTheFirstNumber() {
    assertThat(new BaseRoot.Available("x", folder, "257.13").systemdMajor()).isEqualTo(257);
    assertThat(new BaseRoot.Available("x", folder, "260").systemdMajor()).isEqualTo(260);
  }

  @Test
  void everyBaseThatIsThereIsOfUseHere() {
    for (Bases base : Bases.values()) {
      if (HostSupport.check() instanceof HostSupport.Supported
          && base.find() instanceof BaseRoot.Available available) {
        assertThat(available.systemdMajor()).isGreaterThanOrEqualTo(BaseRoot.OLDEST_SYSTEMD);
        assertThat(available.root()).isDirectory();
      }
    }
  }
}
