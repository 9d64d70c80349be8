package io.kairos.extensions.e2e.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.host.SystemdHost;
import io.kairos.extensions.agent.host.Units;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.store.HostPaths;
import io.kairos.extensions.api.v1alpha1.ServiceAction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
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
        Host host = new SystemdHost(new HostPaths(booted.root()))) {
      SampleImages images = new SampleImages(folder);
      Path old = put(booted, images.plain("hello", "1.0.0"));
      Path fresh = put(booted, images.plain("hello", "1.1.0"));
      assertThat(host.merges().get(ExtensionClass.SYSEXT)).isEqualTo(new Host.Merge("", Set.of()));
      long refreshes = refreshes(booted);
      Set<String> seen = new HashSet<>();

      for (int swap = 0; swap < SWAPS; swap++) {
        link(booted, swap % 2 == 0 ? old : fresh);

        assertThat(host.refresh(ExtensionClass.SYSEXT, Set.of("hello"), Set.of(), false))
            .as("swap %d", swap)
            .isEqualTo(new Host.Refreshed.Done());

        Host.Merge merge = host.merges().get(ExtensionClass.SYSEXT);
        assertThat(merge.names()).containsExactly("hello");
        assertThat(seen.add(merge.id())).as("swap %d: %s in %s", swap, merge, seen).isTrue();
        assertThat(host.merges().get(ExtensionClass.SYSEXT)).isEqualTo(merge);
      }

      assertThat(refreshes(booted)).isEqualTo(refreshes + SWAPS);
      Files.delete(booted.root().resolve("run/extensions/hello.raw"));
      assertThat(host.refresh(ExtensionClass.SYSEXT, Set.of(), Set.of("hello"), false))
          .isEqualTo(new Host.Refreshed.Done());
      assertThat(host.merges().get(ExtensionClass.SYSEXT)).isEqualTo(new Host.Merge("", Set.of()));
    }
  }

  @ParameterizedTest
  @EnumSource(Bases.class)
  void anUnmergeByHandShowsInTheSignOfTheMerge(Bases base) throws Exception {
    try (BootedHost booted = BootedHost.boot(base.require(), HostOptions.named("sign"));
        Host host = new SystemdHost(new HostPaths(booted.root()))) {
      assertThat(host.merges().get(ExtensionClass.SYSEXT).names()).isEmpty();
      assertThat(host.mergeSign()).isEmpty();
      link(booted, put(booted, new SampleImages(folder).plain("hello", "1.0.0")));
      assertThat(host.refresh(ExtensionClass.SYSEXT, Set.of("hello"), Set.of(), false))
          .isEqualTo(new Host.Refreshed.Done());
      await().untilAsserted(() -> assertThat(host.mergeSign()).contains("usr.mount active"));

      booted.exec("systemctl", "stop", "systemd-sysext").orThrow();

      await().untilAsserted(() -> assertThat(host.mergeSign()).contains("usr.mount inactive"));
    }
  }

  @ParameterizedTest
  @EnumSource(Bases.class)
  void unitFilesAreReadAnewThoughNotAllOfARefreshWasMerged(Bases base) throws Exception {
    try (BootedHost booted = BootedHost.boot(base.require(), HostOptions.named("partly"));
        Host host = new SystemdHost(new HostPaths(booted.root()))) {
      link(booted, put(booted, new SampleImages(folder).plain("hello", "1.0.0")));
      String before = unitsRead(booted);

      assertThat(host.refresh(ExtensionClass.SYSEXT, Set.of("hello", "missing"), Set.of(), true))
          .isInstanceOf(Host.Refreshed.Refused.class);

      assertThat(host.merges().get(ExtensionClass.SYSEXT).names()).containsExactly("hello");
      assertThat(unitsRead(booted)).isNotEqualTo(before);
    }
  }

  private static String unitsRead(BootedHost host) {
    return host.exec("systemctl", "show", "--property=UnitsLoadTimestampMonotonic")
        .orThrow()
        .stdout();
  }

  /** Two starts of a minute's two are used up when the service that works comes. */
  @ParameterizedTest
  @EnumSource(Bases.class)
  void aServiceThatIsAboutToBeTriedAgainStartsWhateverItsStartLimit(Bases base) throws Exception {
    try (BootedHost booted = BootedHost.boot(base.require(), HostOptions.named("limit"));
        Host host = new SystemdHost(new HostPaths(booted.root()))) {
      Path unit = booted.root().resolve("etc/systemd/system/daemon.service");
      String text =
          """
          [Unit]
          StartLimitIntervalSec=60
          StartLimitBurst=2
          [Service]
          ExecStart=%s
          Restart=on-failure
          RestartSec=30s
          """;
      Path starts = booted.root().resolve("run/starts");
      Files.writeString(unit, text.formatted("/bin/sh -c 'echo >> /run/starts; exit 1'"));
      host.units().reload();
      for (int start = 1; start <= 2; start++) {
        int count = start;
        booted.exec("systemctl", "restart", "--no-block", "daemon").orThrow();
        await()
            .until(
                () ->
                    Files.exists(starts)
                        && Files.readAllLines(starts).size() == count
                        && host.units().state("daemon.service").sub().startsWith("auto-restart"));
      }
      Files.writeString(unit, text.formatted("/bin/sleep infinity"));
      host.units().reload();

      assertThat(host.units().change("daemon.service", ServiceAction.RESTART).active())
          .isEqualTo("active");
    }
  }

  @ParameterizedTest
  @EnumSource(Bases.class)
  void aServiceIsWaitedForBehindOthersAndForAsLongAsItAllowsItself(Bases base) throws Exception {
    try (BootedHost booted = BootedHost.boot(base.require(), HostOptions.named("slow"));
        Host host = new SystemdHost(new HostPaths(booted.root()))) {
      service(booted, "slow", "", "ExecStart=/bin/sleep 3");
      service(booted, "behind", "After=slow.service", "ExecStart=/bin/true");
      service(booted, "hung", "", "ExecStart=/bin/sleep infinity\nTimeoutStartSec=2");
      host.units().reload();
      booted.exec("systemctl", "start", "--no-block", "slow").orThrow();

      assertThat(host.units().change("behind.service", ServiceAction.START).active())
          .isEqualTo("active");
      assertThat(host.units().state("slow.service").active()).isEqualTo("active");
      assertThat(host.units().change("hung.service", ServiceAction.START))
          .returns("failed", Units.UnitState::active)
          .returns("timeout", Units.UnitState::result);
    }
  }

  @ParameterizedTest
  @EnumSource(Bases.class)
  void whatAProgramWritesIsForRootAlone(Bases base) throws Exception {
    try (BootedHost booted = BootedHost.boot(base.require(), HostOptions.named("private"));
        Host host = new SystemdHost(new HostPaths(booted.root()))) {
      assertThat(
              host.units()
                  .run(
                      List.of("sh", "-c", "stat -c %a /run/extensions/.sysext-operator-*.out.part"),
                      Duration.ofSeconds(30)))
          .isEqualTo(new Units.Ran.Exited(0, "600"));
    }
  }

  private static void service(BootedHost host, String name, String unit, String service)
      throws IOException {
    Files.writeString(
        host.root().resolve("etc/systemd/system/" + name + ".service"),
        "[Unit]\n" + unit + "\n[Service]\nType=oneshot\nRemainAfterExit=yes\n" + service + "\n");
  }

  @ParameterizedTest
  @EnumSource(Bases.class)
  void aRebootIsOrderlyAndWaitsForWhoeverBlocksIt(Bases base) throws Exception {
    try (BootedHost booted = BootedHost.boot(base.require(), HostOptions.named("reboots"));
        Host host = new SystemdHost(new HostPaths(booted.root()))) {
      String before = booted.bootId();
      inhibit(booted, "block");
      assertThatThrownBy(host::reboot)
          .isInstanceOf(HostException.class)
          .hasMessageContaining("holds a lock that blocks shutdowns");
      booted.exec("systemctl", "stop", "inhibitor").orThrow();
      await("logind knows that the lock is gone")
          .until(
              () ->
                  !booted
                      .exec("systemd-inhibit", "--list")
                      .orThrow()
                      .stdout()
                      .contains("shutdown"));
      witness(booted);

      host.reboot();

      booted.awaitBoot(2, Duration.ofMinutes(1));
      assertThat(booted.bootId()).isNotEqualTo(before);
      assertThat(booted.stateDir().resolve("stopped")).as("units are stopped").exists();
    }
  }

  @ParameterizedTest
  @EnumSource(Bases.class)
  void aHostWithoutLogindRebootsAsOrderly(Bases base) throws Exception {
    try (BootedHost booted = BootedHost.boot(base.require(), HostOptions.named("no-logind"));
        Host host = new SystemdHost(new HostPaths(booted.root()))) {
      booted.exec("systemctl", "mask", "--runtime", "--now", "systemd-logind").orThrow();
      witness(booted);

      host.reboot();

      booted.awaitBoot(2, Duration.ofMinutes(1));
      assertThat(booted.stateDir().resolve("stopped")).exists();
    }
  }

  private static void inhibit(BootedHost host, String mode) {
    host.exec(
            "systemd-run",
            "--unit=inhibitor",
            "systemd-inhibit",
            "--what=shutdown",
            "--mode=" + mode,
            "sleep",
            "1000")
        .orThrow();
    await()
        .until(
            () -> host.exec("systemd-inhibit", "--list", "--no-pager").stdout().contains("sleep"));
  }

  /** Writes a file when it is stopped in good order. */
  private static void witness(BootedHost host) {
    host.exec(
            "systemd-run",
            "--unit=witness",
            "--property=ExecStop=touch /var/lib/kairos/stopped",
            "sleep",
            "1000")
        .orThrow();
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
