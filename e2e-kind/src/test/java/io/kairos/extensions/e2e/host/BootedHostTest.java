package io.kairos.extensions.e2e.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(300)
class BootedHostTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(Bases.class)
  void comesUpWithTheSystemdOfItsBaseAndTheLayoutOfKairos(Bases base) throws IOException {
    BaseRoot.Available root = base.require();
    try (BootedHost host = BootedHost.boot(root, HostOptions.named("node-1"))) {
      assertThat(host.systemState()).as(host.journal()).isEqualTo("running");
      assertThat(host.merges()).isTrue();
      assertThat(host.describe())
          .isEqualTo("systemd " + root.systemdVersion() + " (" + root.name() + ")");
      assertThat(host.exec("systemctl", "--version").stdout())
          .startsWith("systemd " + root.systemdMajor());
      assertThat(host.exec("cat", "/proc/1/comm").stdout()).isEqualTo("systemd\n");
      assertThat(host.exec("cat", "/proc/sys/kernel/hostname").stdout()).isEqualTo("node-1\n");
      assertThat(host.root().resolve("run/cos/active_mode")).exists();
      assertThat(host.root().resolve("run/cos/uki_boot_mode")).doesNotExist();
      assertThat(host.root().resolve("run/extensions")).isEmptyDirectory();
      for (String profile : List.of("active", "passive", "recovery", "common")) {
        assertThat(host.root().resolve("var/lib/kairos/extensions").resolve(profile)).isDirectory();
        assertThat(host.stateDir().resolve("extensions").resolve(profile)).isDirectory();
      }
      assertThat(host.exec("systemctl", "is-enabled", "systemd-sysext").stdout())
          .isEqualTo("enabled\n");
      assertThat(host.exec("systemctl", "show", "-P", "CanReload", "systemd-sysext").stdout())
          .isEqualTo("yes\n");
      assertThat(Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip())
          .isNotEqualTo(host.bootId());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "MACHINE, SQUASHFS",
    "MACHINE, EROFS",
    "MACHINE, GPT",
    "TRIXIE, SQUASHFS",
    "TRIXIE, EROFS",
    "TRIXIE, GPT"
  })
  void mergesAnImageAndItsProgramRunsUntilItIsGone(Bases base, ImageFormat format)
      throws IOException {
    Assumptions.assumeTrue(
        SampleImages.formats().contains(format), () -> "no " + format + " can be made here");
    try (BootedHost host = BootedHost.boot(base.require(), HostOptions.named("merge"))) {
      SampleImage image = new SampleImages(folder).image("hello", "1.0.0").format(format).build();
      put(host, image, "active", "hello.raw");
      Path link = host.root().resolve("run/extensions/hello.raw");
      Files.createSymbolicLink(link, Path.of("/var/lib/kairos/extensions/active/hello.raw"));

      host.exec("systemctl", "reload-or-restart", "systemd-sysext").orThrow();

      assertThat(host.exec("hello")).isEqualTo(new CommandResult(0, "hello 1.0.0\n", ""));
      assertThat(host.exec("systemd-sysext", "status", "--json=short").stdout())
          .contains("\"extensions\":[\"hello\"]");
      await()
          .untilAsserted(
              () ->
                  assertThat(host.exec("systemctl", "show", "-P", "What", "usr.mount").stdout())
                      .isEqualTo("sysext\n"));

      Files.delete(link);
      host.exec("systemctl", "reload-or-restart", "systemd-sysext").orThrow();

      assertThat(host.exec("sh", "-c", "command -v hello").succeeded()).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource(Bases.class)
  void rebootGivesANewBootKeepsTheStateAndMergesWhatTheProfileLinks(Bases base) throws IOException {
    try (BootedHost host = BootedHost.boot(base.require(), HostOptions.named("reboot"))) {
      SampleImages images = new SampleImages(folder);
      put(host, images.plain("hello", "1.0.0"), "active", "hello.raw");
      put(host, images.plain("hello", "1.1.0"), "passive", "hello.raw");
      Files.writeString(host.root().resolve("run/volatile"), "");
      Files.writeString(host.root().resolve("etc/volatile"), "");
      String first = host.bootId();
      String machine = Files.readString(host.root().resolve("etc/machine-id"));
      long pid = host.pid();

      host.reboot();

      assertThat(host.boots()).isEqualTo(2);
      assertThat(host.bootId()).isNotEqualTo(first);
      assertThat(host.pid()).isNotEqualTo(pid);
      assertThat(host.root().resolve("etc/machine-id")).hasContent(machine);
      assertThat(host.root().resolve("run/volatile")).doesNotExist();
      assertThat(host.root().resolve("etc/volatile")).doesNotExist();
      assertThat(Files.readSymbolicLink(host.root().resolve("run/extensions/hello.raw")))
          .isEqualTo(Path.of("/var/lib/kairos/extensions/active/hello.raw"));
      assertThat(host.exec("hello").stdout()).isEqualTo("hello 1.0.0\n");

      host.setBootProfile(Profile.PASSIVE);
      host.reboot();

      assertThat(host.root().resolve("run/cos/passive_mode")).exists();
      assertThat(host.root().resolve("run/cos/active_mode")).doesNotExist();
      assertThat(host.exec("hello").stdout()).isEqualTo("hello 1.1.0\n");
    }
  }

  @ParameterizedTest
  @EnumSource(Bases.class)
  void cutPowerEndsAllAtOnceAndPowerOnBootsAgain(Bases base) throws IOException {
    try (BootedHost host = BootedHost.boot(base.require(), HostOptions.named("power"))) {
      put(host, new SampleImages(folder).plain("hello", "1.0.0"), "common", "hello.raw");
      host.exec(
              "systemd-run",
              "--property=ExecStop=/bin/touch /var/lib/kairos/was-stopped",
              "--unit=witness",
              "sleep",
              "1000")
          .orThrow();
      String first = host.bootId();
      long pid = host.pid();

      host.cutPower();

      assertThat(host.isOn()).isFalse();
      assertThat(ProcessHandle.of(pid)).isEmpty();
      assertThatThrownBy(host::root).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> host.exec("true")).isInstanceOf(IllegalStateException.class);
      assertThat(host.stateDir().resolve("was-stopped")).doesNotExist();

      host.powerOn();

      assertThat(host.bootId()).isNotEqualTo(first);
      assertThat(host.exec("hello").stdout()).isEqualTo("hello 1.0.0\n");
    }
  }

  @ParameterizedTest
  @EnumSource(Bases.class)
  void isReachedFromOutsideThroughItsSystemBus(Bases base) {
    try (BootedHost host = BootedHost.boot(base.require(), HostOptions.named("bus"))) {
      assertThat(manager(host, "GetDefaultTarget"))
          .isEqualTo(new CommandResult(0, "s \"multi-user.target\"\n", ""));

      var unused = manager(host, "Reboot"); // the bus may be gone before it hands on the answer

      host.awaitBoot(2, Duration.ofMinutes(1));
      assertThat(host.boots()).isEqualTo(2);
      assertThat(manager(host, "GetDefaultTarget").succeeded()).isTrue();
    }
  }

  @Test
  void threeAtOnceAreIsolated() {
    BaseRoot.Available base = Bases.any();
    ExecutorService pool = Executors.newFixedThreadPool(3);
    List<CompletableFuture<BootedHost>> hosts =
        IntStream.range(0, 3)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> BootedHost.boot(base, HostOptions.named("many-" + i)), pool))
            .toList();
    try {
      List<BootedHost> up = hosts.stream().map(CompletableFuture::join).toList();
      assertThat(up.stream().map(BootedHost::bootId)).doesNotHaveDuplicates();
      SampleImages images = new SampleImages(folder);
      put(up.get(1), images.plain("hello", "1.0.0"), "active", "hello.raw");
      up.get(1).reboot();
      assertThat(up.get(1).exec("hello").stdout()).isEqualTo("hello 1.0.0\n");
      assertThat(up.get(0).exec("sh", "-c", "command -v hello").succeeded()).isFalse();
      up.get(0).cutPower();
      assertThat(up.get(2).exec("cat", "/proc/sys/kernel/hostname").stdout()).isEqualTo("many-2\n");
      assertThat(up.get(2).boots()).isEqualTo(1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      hosts.forEach(host -> host.thenAccept(BootedHost::close).join());
      pool.shutdown();
    }
  }

  @Test
  void aSmallDiskFillsUpAndOutlivesReboots() throws IOException {
    Assumptions.assumeTrue(Commands.installed("mkfs.ext4"), "mkfs.ext4 is not installed");
    try (BootedHost host = BootedHost.boot(Bases.any(), HostOptions.named("small").withState(4))) {
      Files.writeString(host.stateDir().resolve("kept"), "kept");
      assertThat(Files.getFileStore(host.stateDir()).getTotalSpace()).isLessThan(4 << 20);
      assertThat(
              host.exec("dd", "if=/dev/zero", "of=/var/lib/kairos/large", "bs=64k", "count=128")
                  .stderr())
          .contains("No space left on device");

      host.reboot();

      assertThat(host.stateDir().resolve("kept")).hasContent("kept");
      assertThat(host.root().resolve("var/lib/kairos/kept")).hasContent("kept");
      assertThat(Files.size(host.root().resolve("var/lib/kairos/large"))).isGreaterThan(1 << 20);
    }
  }

  @Test
  void takesTheImagePolicyOfItsDropIn() throws IOException {
    BaseRoot.Available base = Bases.TRIXIE.require();
    HostOptions options =
        HostOptions.named("policy")
            .withImagePolicy(Optional.of("root=verity+absent:usr=verity+absent"));
    try (BootedHost host = BootedHost.boot(base, options)) {
      put(host, new SampleImages(folder).plain("hello", "1.0.0"), "active", "hello.raw");
      host.reboot();
      assertThat(host.systemState()).isEqualTo("degraded");
      assertThat(host.exec("systemctl", "is-failed", "systemd-sysext").stdout())
          .isEqualTo("failed\n");
    }
  }

  @Test
  void refusesAnImagePolicyThatItsSystemdDoesNotKnow() {
    HostOptions options = HostOptions.named("policy").withImagePolicy(Optional.of("root=verity"));
    assertThatThrownBy(
            () -> BootedHost.boot(new BaseRoot.Available("old", Path.of("/"), "252.1"), options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("252.1 knows no image policy");
  }

  @Test
  void withoutTheDropInItsUnitIsAsSystemdShipsIt() {
    try (BootedHost host =
        BootedHost.boot(
            Bases.any(),
            HostOptions.named("stock").withKairosDropIn(false).withTrustedBoot(true))) {
      assertThat(host.exec("systemctl", "cat", "systemd-sysext").stdout())
          .doesNotContain("99-kairos");
      assertThat(host.root().resolve("run/cos/uki_boot_mode")).exists();
    }
  }

  @Test
  void hasFilesOfTheCallersAtEachBoot() {
    HostOptions options =
        HostOptions.named("files")
            .withFile(
                "/etc/systemd/system/early.service",
                "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n");
    try (BootedHost host = BootedHost.boot(Bases.any(), options)) {
      host.exec("systemctl", "start", "early").orThrow();
      host.reboot();
      host.exec("systemctl", "start", "early").orThrow();
    }
  }

  @Test
  void hasNoNetworkButItsLoopbackUnlessItSharesTheMachines() throws IOException {
    BaseRoot.Available base = Bases.any();
    String machine = Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString();
    try (BootedHost own = BootedHost.boot(base, HostOptions.named("own"));
        BootedHost shared =
            BootedHost.boot(base, HostOptions.named("shared").withOwnNetwork(false))) {
      assertThat(own.exec("readlink", "/proc/self/ns/net").stdout().strip()).isNotEqualTo(machine);
      assertThat(own.exec("sh", "-c", "tail -n +3 /proc/net/dev").stdout().strip())
          .startsWith("lo:")
          .doesNotContain("\n");
      assertThat(shared.exec("readlink", "/proc/self/ns/net").stdout().strip()).isEqualTo(machine);
    }
  }

  @Test
  void aCommandThatHangsIsKilledOnTheHostToo() {
    try (BootedHost host = BootedHost.boot(Bases.any(), HostOptions.named("hang"))) {
      assertThatThrownBy(() -> host.exec(Duration.ofMillis(300), "sleep", "4711"))
          .isInstanceOf(HostException.class)
          .hasMessageContaining("did not end");
      await()
          .untilAsserted(
              () ->
                  assertThat(host.exec("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"))
                      .extracting(CommandResult::stdout)
                      .asString()
                      .doesNotContain("sleep 4711"));
    }
  }

  @Test
  void nothingIsLeftAfterClose() throws IOException {
    BaseRoot.Available base = Bases.any();
    String unique = "left-" + UUID.randomUUID();
    Path work;
    long pid;
    HostOptions options = HostOptions.named("gone").withState(16);
    try (BootedHost host = BootedHost.boot(base, options)) {
      put(host, new SampleImages(folder).plain("hello", "1.0.0"), "active", unique + ".raw");
      // Named after its link, the image would lack its extension-release.
      Files.move(
          host.stateDir().resolve("extensions/active/" + unique + ".raw"),
          host.stateDir().resolve("extensions/" + unique));
      Files.createSymbolicLink(
          host.stateDir().resolve("extensions/active/hello.raw"), Path.of("../" + unique));
      host.reboot();
      assertThat(host.exec("hello").succeeded()).isTrue();
      work = host.stateDir().getParent();
      pid = host.pid();
      assertThat(loops()).anyMatch(loop -> loop.contains(unique));
      assertThat(loops()).anyMatch(loop -> loop.contains(work.getFileName().toString()));
    }
    assertThat(ProcessHandle.of(pid)).isEmpty();
    assertNothingIsLeft(work);
    await().untilAsserted(() -> assertThat(loops()).noneMatch(loop -> loop.contains(unique)));
  }

  @Test
  void nothingIsLeftOfAHostThatCannotBoot() throws IOException {
    Bases.any();
    assertThat(workFolders("dud")).isEmpty();
    assertThatThrownBy(
            () ->
                BootedHost.boot(
                    new BaseRoot.Available("empty", folder, "252"), HostOptions.named("dud")))
        .isInstanceOf(HostException.class);
    assertThat(workFolders("dud")).isEmpty();
  }

  @Test
  void hostsDieWithTheProcessThatMadeThemHoweverItDies() throws Exception {
    Bases.any();
    Process holder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                HostHolder.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var output = holder.inputReader()) {
      String[] line = output.readLine().split(" ", -1);
      long pid = Long.parseLong(line[0]);
      Path work = Path.of(line[1]);
      assertThat(ProcessHandle.of(pid)).isPresent();
      assertThat(work).exists();

      holder.destroyForcibly();

      await().untilAsserted(() -> assertThat(ProcessHandle.of(pid)).isEmpty());
      await().untilAsserted(() -> assertNothingIsLeft(work));
    } finally {
      holder.destroyForcibly();
    }
  }

  private static void assertNothingIsLeft(Path work) throws IOException {
    String id = work.getFileName().toString();
    assertThat(work).doesNotExist();
    assertThat(HostSupport.cgroup2().orElseThrow().resolve(id)).doesNotExist();
    assertThat(Files.readAllLines(Path.of("/proc/self/mountinfo")))
        .noneMatch(line -> line.contains(id));
    assertThat(loops()).noneMatch(loop -> loop.contains(id));
    assertThat(ProcessHandle.allProcesses())
        .noneMatch(process -> process.info().commandLine().orElse("").contains(id));
  }

  private static List<String> loops() throws IOException {
    try (Stream<Path> devices = Files.list(Path.of("/sys/block"))) {
      return devices
          .map(device -> device.resolve("loop/backing_file"))
          .map(
              file -> {
                try {
                  return Files.readString(file);
                } catch (IOException e) {
                  return ""; // not in use
                }
              })
          .toList();
    }
  }

  private static List<Path> workFolders(String name) throws IOException {
    try (Stream<Path> all = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return all.filter(
              path -> path.getFileName().toString().startsWith("sysext-host-" + name + "-"))
          .toList();
    }
  }

  private static CommandResult manager(BootedHost host, String method) {
    return Commands.run(
        Duration.ofSeconds(20),
        List.of(
            "busctl",
            "--address=unix:path=" + host.root().resolve("run/dbus/system_bus_socket"),
            "call",
            "org.freedesktop.systemd1",
            "/org/freedesktop/systemd1",
            "org.freedesktop.systemd1.Manager",
            method));
  }

  private static void put(TestHost host, SampleImage image, String profile, String name)
      throws IOException {
    Files.copy(image.path(), host.stateDir().resolve("extensions").resolve(profile).resolve(name));
  }
}
