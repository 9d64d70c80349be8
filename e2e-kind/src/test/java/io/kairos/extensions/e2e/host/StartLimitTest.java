package io.kairos.extensions.e2e.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.SystemdHost;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.store.HostPaths;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Five starts in ten seconds are what systemd allows of a unit, and a boot and one trial of a bad
 * image use up three.
 */
@Timeout(120)
class StartLimitTest {
  private static final int TRIALS = 4;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(Bases.class)
  void howeverManyTrialsFailTheStartLimitIsNoneOfThem(Bases base) throws Exception {
    try (BootedHost booted = BootedHost.boot(base.require(), HostOptions.named("limit"));
        Host host = new SystemdHost(new HostPaths(booted.root()))) {
      Path image = booted.root().resolve("var/lib/kairos/extensions/image");
      Files.writeString(image, "no image");
      link(booted);
      for (int trial = 0; trial < TRIALS; trial++) {
        assertThat(refresh(host))
            .isInstanceOfSatisfying(
                Host.Refreshed.Refused.class,
                refused -> assertThat(refused.message()).doesNotContain("too quickly"));
      }

      Files.write(
          image, Files.readAllBytes(new SampleImages(folder).plain("hello", "1.0.0").path()));

      assertThat(refresh(host)).isEqualTo(new Host.Refreshed.Done());
    }
  }

  private static Host.Refreshed refresh(Host host) throws Exception {
    return host.refresh(ExtensionClass.SYSEXT, Set.of("hello"), Set.of(), false);
  }

  private static void link(BootedHost host) throws IOException {
    Files.createSymbolicLink(
        host.root().resolve("run/extensions/hello.raw"),
        Path.of("/var/lib/kairos/extensions/image"));
  }
}
