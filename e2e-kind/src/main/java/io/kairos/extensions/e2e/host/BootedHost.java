package io.kairos.extensions.e2e.host;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A host whose PID 1 is a real systemd, so that extensions are merged, units run and reboots happen
 * as they do in the field. It takes no container engine and no virtual machine, only root and
 * namespaces; it is up in half a second.
 *
 * <p>How it works. Each boot is a run of {@code boot-host.sh}: namespaces for mounts, processes,
 * names, network and cgroups; an overlay over a {@link BaseRoot}, whose changes lie in memory and
 * go with the boot; {@code /var/lib/kairos} bound from a folder that stays; the {@link
 * KairosLayout} laid over it; then {@code pivot_root} and systemd. A reboot ends PID 1 with a
 * status of its own, which starts the next boot, whoever asked for it. Everything that belongs to
 * the host sits in one cgroup. A janitor, started before anything else and a session of its own,
 * waits for the end of a pipe that this process holds: {@link #close()} ends it, and so does the
 * kernel if this process dies, however it dies. Then the janitor kills what is in that cgroup,
 * unmounts, and deletes.
 */
public final class BootedHost implements TestHost {
  private static final Logger LOG = LoggerFactory.getLogger(BootedHost.class);

  /** How a reboot ends the first process of a PID namespace: as SIGHUP would. */
  private static final int REBOOTED = 129;

  /**
   * A busy machine with several hosts takes its time; a host that hangs does not come up anyway.
   */
  private static final Duration BOOT_TIMEOUT = Duration.ofMinutes(2);

  private static final Set<String> BOOTED = Set.of("running", "degraded");

  /** Whether the host is on. */
  private sealed interface Power {
    /** It is, be it booting. */
    record On(Process process, long pid, int boot) implements Power {}

    /** It is not. */
    record Off(String reason) implements Power {}
  }

  private final BaseRoot.Available base;
  private HostOptions options;
  private final String machineId = UUID.randomUUID().toString().replace("-", "");
  private final Path work;
  private final Path cgroup;
  private final Process janitor;
  private final ExecutorService watcher;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private Profile profile;
  private Power power = new Power.Off("not booted yet");
  private int boots;
  private boolean closed;

  private BootedHost(BaseRoot.Available base, HostOptions options) throws IOException {
    this.base = base;
    this.options = options;
    this.profile = options.bootProfile();
    this.work = Files.createTempDirectory("sysext-host-" + options.name() + "-").toRealPath();
    this.cgroup =
        HostSupport.cgroup2()
            .orElseThrow(() -> new HostException("cgroup2 is not mounted"))
            .resolve(work.getFileName());
    this.watcher =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "host-" + options.name());
              thread.setDaemon(true);
              return thread;
            });
    for (String script : List.of("boot-host.sh", "host-janitor.sh")) {
      Files.write(work.resolve(script), Commands.resource(script));
    }
    // The first one on the stage: whatever is made from here on is cleared up.
    this.janitor =
        Commands.prepare(
                environment(),
                List.of("setsid", "bash", work.resolve("host-janitor.sh").toString()))
            .redirectInput(ProcessBuilder.Redirect.PIPE)
            .redirectErrorStream(true)
            .start();
  }

  /**
   * Boots a host and waits until it is up.
   *
   * @throws HostException if it does not come up, or if hosts cannot be booted here at all, with
   *     the reasons
   * @throws IllegalArgumentException if the options ask for what the base cannot do
   */
  public static BootedHost boot(BaseRoot.Available base, HostOptions options) {
    if (options.imagePolicy().isPresent() && base.systemdMajor() < 255) {
      throw new IllegalArgumentException(
          "systemd "
              + base.systemdVersion()
              + " knows no image policy, 255 is the first that does");
    }
    if (HostSupport.check() instanceof HostSupport.Unsupported unsupported) {
      throw new HostException(
          "hosts cannot be booted here: " + String.join(", ", unsupported.reasons()));
    }
    BootedHost host;
    try {
      host = new BootedHost(base, options);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try {
      host.install();
      host.powerOn();
      return host;
    } catch (IOException | RuntimeException e) {
      try {
        host.close();
      } catch (HostException left) {
        e.addSuppressed(left);
      }
      throw e instanceof RuntimeException unchecked
          ? unchecked
          : new HostException("cannot make the host " + options.name(), e);
    }
  }

  @Override
  public String name() {
    return options.name();
  }

  @Override
  public Path root() {
    return root(on());
  }

  /**
   * The host's PID 1, as this machine sees it. Holds for this boot only.
   *
   * @throws IllegalStateException while the host is off
   */
  public long pid() {
    return on().pid();
  }

  @Override
  public boolean merges() {
    return true;
  }

  @Override
  public boolean kairos() {
    return options.kairos();
  }

  @Override
  public String describe() {
    return "systemd " + base.systemdVersion() + " (" + base.name() + ")";
  }

  /** What it boots from. */
  public BaseRoot.Available base() {
    return base;
  }

  @Override
  public CommandResult exec(Duration timeout, String... command) {
    return exec(on(), timeout, command);
  }

  /**
   * What the host itself says about its state: {@code running}, or {@code degraded} when a unit
   * failed.
   */
  public String systemState() {
    return exec("systemctl", "is-system-running").stdout().strip();
  }

  /**
   * The host's journal of this boot without the kernel's part, which is the machine's. For people
   * who look for a cause.
   */
  public String journal() {
    return exec(
            "journalctl",
            "--no-pager",
            "--boot",
            "_TRANSPORT=journal",
            "+",
            "_TRANSPORT=stdout",
            "+",
            "_TRANSPORT=syslog")
        .stdout();
  }

  @Override
  public void reboot() {
    Power.On before = on();
    // The answer is lost when the host is faster than the command, so it tells nothing. A new boot
    // does.
    CommandResult result = exec(before, COMMAND_TIMEOUT, "systemctl", "reboot");
    LOG.debug("{}: systemctl reboot: {}", name(), result);
    awaitBoot(before.boot() + 1, BOOT_TIMEOUT);
  }

  @Override
  public void cutPower() {
    Power.On before = on();
    // The kernel ends a PID namespace with its first process: nothing on the host runs another
    // instruction.
    ProcessHandle.of(before.pid()).ifPresent(ProcessHandle::destroyForcibly);
    await("power to be off", Duration.ofSeconds(30), () -> !before.process().isAlive());
    lock.lock();
    try {
      if (power.equals(before)) {
        power = new Power.Off("its power was cut");
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
    if (options.stateMebibytes().isPresent()) {
      new StateDisk(work).losePower();
    }
  }

  @Override
  public void powerOn() {
    int boot;
    lock.lock();
    try {
      if (power instanceof Power.On) {
        throw new IllegalStateException(name() + " is on");
      }
      launch();
      boot = boots;
    } finally {
      lock.unlock();
    }
    awaitBoot(boot, BOOT_TIMEOUT);
  }

  @Override
  public boolean isOn() {
    lock.lock();
    try {
      return power instanceof Power.On;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int boots() {
    lock.lock();
    try {
      return boots;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void awaitBoot(int boot, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    Power.On launched;
    do {
      launched = awaitLaunch(boot, timeout, deadline);
    } while (!comesUp(
        launched, deadline)); // rebooted before it was up: then the next boot is the one
  }

  @Override
  public String bootId() {
    try {
      return Files.readString(root().resolve("proc/sys/kernel/random/boot_id")).strip();
    } catch (IOException e) {
      throw new IllegalStateException(name() + " went off", e);
    }
  }

  @Override
  public Path stateDir() {
    return work.resolve("state");
  }

  @Override
  public Profile bootProfile() {
    lock.lock();
    try {
      return profile;
    } finally {
      lock.unlock();
    }
  }

  /**
   * From the next boot on this file lies on the host's root, in place of any other.
   *
   * @param path absolute, on the host
   */
  public void layFromNextBoot(String path, String content) {
    lock.lock();
    try {
      options = options.withFile(path, content);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void setBootProfile(Profile next) {
    lock.lock();
    try {
      profile = next;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      power = new Power.Off("closed");
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    watcher.shutdown();
    try {
      janitor.getOutputStream().close();
      if (!janitor.waitFor(1, TimeUnit.MINUTES)) {
        throw new HostException(name() + " cannot be cleared up; see " + work + " and " + cgroup);
      }
      if (janitor.exitValue() != 0) {
        String said =
            new String(janitor.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        throw new HostException(name() + " left something behind: " + said);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      // The janitor carries on by itself.
      Thread.currentThread().interrupt();
    }
  }

  /** Makes what stays between boots. */
  private void install() throws IOException {
    Files.createDirectories(cgroup.resolve("host"));
    Files.createDirectories(cgroup.resolve("outside"));
    Files.createDirectories(stateDir());
    if (options.stateMebibytes().isPresent()) {
      new StateDisk(work).make(options.stateMebibytes().getAsInt());
    }
    KairosLayout.prepareState(stateDir());
  }

  /** Starts the next boot. With the lock held, and the host off. */
  private void launch() {
    if (closed) {
      throw new IllegalStateException(name() + " is closed");
    }
    boots++;
    try {
      Path files = work.resolve("files");
      Folders.delete(files);
      KairosLayout.prepareUnits(files, options);
      KairosLayout.prepareBoot(files, stateDir(), options, machineId, profile)
          .ifPresent(failure -> LOG.info("{}: immucore: {}", name(), failure));
      Process process =
          Commands.prepare(
                  environment(), List.of("setsid", "bash", work.resolve("boot-host.sh").toString()))
              .redirectError(ProcessBuilder.Redirect.appendTo(work.resolve("log").toFile()))
              .start();
      power = new Power.On(process, firstPid(process), boots);
      watcher.execute(() -> watch(process));
      changed.signalAll();
    } catch (IOException e) {
      power = new Power.Off("it could not be booted");
      throw new HostException(name() + " cannot be booted\n" + log(), e);
    }
  }

  private static long firstPid(Process process) throws IOException {
    // Not closed: that would end the host's output before its boot. It closes that by itself.
    String line =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
            .readLine();
    try {
      return Long.parseLong(Optional.ofNullable(line).orElse(""));
    } catch (NumberFormatException e) {
      throw new IOException("there is no first process", e);
    }
  }

  /** Waits for a boot's end. After a reboot comes the next one. */
  private void watch(Process process) {
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    lock.lock();
    try {
      if (closed || !(power instanceof Power.On on) || !on.process().equals(process)) {
        return;
      }
      int status = process.exitValue();
      power = new Power.Off("its PID 1 ended with " + status);
      if (status == REBOOTED) {
        launch();
      }
    } catch (HostException e) {
      LOG.warn("{} does not come back", name(), e);
    } finally {
      changed.signalAll();
      lock.unlock();
    }
  }

  private Power.On on() {
    lock.lock();
    try {
      if (power instanceof Power.On on) {
        return on;
      }
      throw new IllegalStateException(name() + " is off: " + power);
    } finally {
      lock.unlock();
    }
  }

  private Power.On awaitLaunch(int boot, Duration timeout, long deadline) {
    lock.lock();
    try {
      while (true) {
        if (power instanceof Power.On on && on.boot() >= boot && on.process().isAlive()) {
          return on;
        }
        if (closed || (power instanceof Power.Off && boots >= boot)) {
          throw new HostException(name() + " went off: " + power + "\n" + log());
        }
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw new HostException(
              name() + " was not booted within " + timeout + ": " + power + "\n" + log());
        }
        changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HostException("interrupted while " + name() + " boots", e);
    } finally {
      lock.unlock();
    }
  }

  /** Waits until a boot is up, or has ended without. */
  private boolean comesUp(Power.On boot, long deadline) {
    Path systemd = root(boot).resolve("run/systemd/private");
    await(
        "boot " + boot.boot() + " to be up",
        Duration.ofNanos(Math.max(1, deadline - System.nanoTime())),
        () ->
            !boot.process().isAlive()
                || (Files.exists(systemd)
                    && BOOTED.contains(
                        exec(boot, COMMAND_TIMEOUT, "systemctl", "is-system-running", "--wait")
                            .stdout()
                            .strip())));
    return boot.process().isAlive();
  }

  private static Path root(Power.On on) {
    return Path.of("/proc", Long.toString(on.pid()), "root");
  }

  private static CommandResult exec(Power.On on, Duration timeout, String... command) {
    List<String> whole =
        new ArrayList<>(
            List.of("nsenter", "-t", Long.toString(on.pid()), "-m", "-u", "-i", "-n", "-p", "--"));
    whole.addAll(List.of(command));
    return Commands.run(timeout, whole);
  }

  private Map<String, String> environment() {
    return Map.of(
        "HOST_NAME", options.name(),
        "HOST_WORK", work.toString(),
        "HOST_BASE", base.root().toString(),
        "HOST_STATE", stateDir().toString(),
        "HOST_KIND", options.kairos() ? "kairos" : "systemd",
        "HOST_MERGING", String.valueOf(options.merging()),
        "HOST_CGROUP", cgroup.toString(),
        "HOST_NETWORK", options.ownNetwork() ? "own" : "shared");
  }

  private String log() {
    try {
      Path file = work.resolve("log");
      return Files.exists(file) ? Files.readString(file).strip() : "";
    } catch (IOException e) {
      return e.toString();
    }
  }

  private interface Question {
    boolean ask();
  }

  private void await(String what, Duration timeout, Question question) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!question.ask()) {
      if (System.nanoTime() - deadline > 0) {
        throw new HostException(name() + ": waited " + timeout + " for " + what + "\n" + log());
      }
      try {
        TimeUnit.MILLISECONDS.sleep(10);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new HostException("interrupted while waiting for " + what, e);
      }
    }
  }
}
