package io.kairos.extensions.e2e.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.SystemdHost;
import io.kairos.extensions.agent.store.StoreLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The agent's view of a host, against a real systemd. */
@Timeout(120)
class SystemdHostTest {
  private static final int SWAPS = 40;

  @TempDir Path folder;

  /**
   * PID 1 reads its mounts with a delay: a remount whose two halves it sees at once leaves its
   * mount unit, InvocationID included, as it was. One swap in five does so.
   */
  @ParameterizedTest
  @EnumSource(Bases.class)
  void everyRemountIsToldFromTheOneBeforeHoweverFastTheyFollow(Bases base) throws Exception {
    try (BootedHost booted = BootedHost.boot(base.require(), HostOptions.named("swaps"));
        Host host = new SystemdHost(new StoreLayout(booted.root()))) {
      SampleImages images = new SampleImages(folder);
      Path old = put(booted, images.plain("hello", "1.0.0"));
      Path fresh = put(booted, images.plain("hello", "1.1.0"));
      assertThat(host.merge()).isEqualTo(new Host.Merge("", Set.of()));
      long refreshes = refreshes(booted);
      Set<String> seen = new HashSet<>();

      for (int swap = 0; swap < SWAPS; swap++) {
        link(booted, swap % 2 == 0 ? old : fresh);

        assertThat(host.refresh(Set.of("hello"), Set.of(), false))
            .as("swap %d", swap)
            .isEqualTo(new Host.Refreshed.Done());

        Host.Merge merge = host.merge();
        assertThat(merge.names()).containsExactly("hello");
        assertThat(seen.add(merge.id())).as("swap %d: %s in %s", swap, merge, seen).isTrue();
        assertThat(host.merge()).isEqualTo(merge);
      }

      assertThat(refreshes(booted)).isEqualTo(refreshes + SWAPS);
      Files.delete(booted.root().resolve("run/extensions/hello.raw"));
      assertThat(host.refresh(Set.of(), Set.of("hello"), false))
          .isEqualTo(new Host.Refreshed.Done());
      assertThat(host.merge()).isEqualTo(new Host.Merge("", Set.of()));
    }
  }

  @ParameterizedTest
  @EnumSource(Bases.class)
  void anUnmergeByHandShowsInTheSignOfTheMerge(Bases base) throws Exception {
    try (BootedHost booted = BootedHost.boot(base.require(), HostOptions.named("sign"));
        Host host = new SystemdHost(new StoreLayout(booted.root()))) {
      assertThat(host.merge().names()).isEmpty();
      assertThat(host.mergeSign()).isEmpty();
      link(booted, put(booted, new SampleImages(folder).plain("hello", "1.0.0")));
      assertThat(host.refresh(Set.of("hello"), Set.of(), false))
          .isEqualTo(new Host.Refreshed.Done());
      await().untilAsserted(() -> assertThat(host.mergeSign()).contains("usr.mount active"));

      booted.exec("systemctl", "stop", "systemd-sysext").orThrow();

      await().untilAsserted(() -> assertThat(host.mergeSign()).contains("usr.mount inactive"));
    }
  }

  private static Path put(BootedHost host, SampleImage image) throws IOException {
    Path onHost = Path.of("/var/lib/kairos/extensions/" + image.version());
    Files.copy(image.path(), host.root().resolve(onHost.toString().substring(1)));
    return onHost;
  }

  private static void link(BootedHost host, Path image) throws IOException {
    Path link = host.root().resolve("run/extensions/hello.raw");
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, image);
  }

  private static long refreshes(BootedHost host) {
    return host.exec(
            "sh",
            "-c",
            "journalctl --sync; journalctl --unit=systemd-sysext --output=cat --no-pager")
        .stdout()
        .lines()
        .filter(line -> line.startsWith("Reloaded ") || line.startsWith("Finished "))
        .count();
  }
}
