package io.kairos.extensions.e2e.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder with the layout of a Kairos host, for machines where no host can be booted. Immucore's
 * part is played at each boot, and that is all: there is no systemd, nothing is merged, no command
 * runs.
 */
public final class PlainDirectoryHost implements TestHost {
  /** What {@link #exec} ends with: as a shell does that does not find a command. */
  public static final int NO_SUCH_COMMAND = 127;

  private static final Logger LOG = LoggerFactory.getLogger(PlainDirectoryHost.class);

  private final HostOptions options;
  private final String reason;
  private final String machineId = UUID.randomUUID().toString().replace("-", "");
  private final Path folder;
  private final ReentrantLock lock = new ReentrantLock();
  private Profile profile;
  private boolean on;
  private boolean closed;
  private int boots;

  private PlainDirectoryHost(HostOptions options, String reason, Path folder) {
    this.options = options;
    this.reason = reason;
    this.folder = folder;
    this.profile = options.bootProfile();
  }

  /**
   * Makes one.
   *
   * @param options of these, what is about units, the network and the size of the disk changes
   *     nothing here
   * @param reason why it is no real one, for people
   */
  public static PlainDirectoryHost create(HostOptions options, String reason) {
    try {
      PlainDirectoryHost host =
          new PlainDirectoryHost(
              options, reason, Files.createTempDirectory("sysext-host-" + options.name() + "-"));
      KairosLayout.prepareState(host.stateDir());
      Path release = host.folder.resolve("usr/lib/os-release");
      Files.createDirectories(release.getParent());
      Files.writeString(
          release,
          "ID=plain\nNAME=\"Plain directory\"\nVERSION_ID=1\nPRETTY_NAME=\"Plain directory\"\n");
      Files.createDirectories(host.folder.resolve("etc"));
      Files.createSymbolicLink(
          host.folder.resolve("etc/os-release"), Path.of("../usr/lib/os-release"));
      host.powerOn();
      return host;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String name() {
    return options.name();
  }

  @Override
  public Path root() {
    mustBeOn();
    return folder;
  }

  @Override
  public boolean merges() {
    return false;
  }

  @Override
  public String describe() {
    return "plain directory (no merge: " + reason + ")";
  }

  @Override
  public CommandResult exec(Duration timeout, String... command) {
    mustBeOn();
    return new CommandResult(
        NO_SUCH_COMMAND, "", describe() + " runs no commands: " + String.join(" ", command) + "\n");
  }

  @Override
  public void reboot() {
    cutPower();
    powerOn();
  }

  @Override
  public void cutPower() {
    lock.lock();
    try {
      mustBeOn();
      on = false;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void powerOn() {
    lock.lock();
    try {
      if (on || closed) {
        throw new IllegalStateException(name() + (closed ? " is closed" : " is on"));
      }
      Folders.delete(folder.resolve("run"));
      KairosLayout.prepareBoot(folder, stateDir(), options, machineId, profile)
          .ifPresent(failure -> LOG.info("{}: immucore: {}", name(), failure));
      Path bootId = folder.resolve("proc/sys/kernel/random/boot_id");
      Files.createDirectories(bootId.getParent());
      Files.deleteIfExists(bootId);
      Files.copy(folder.resolve("run/.boot_id"), bootId);
      boots++;
      on = true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean isOn() {
    lock.lock();
    try {
      return on;
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
    lock.lock();
    try {
      if (!on || boots < boot) {
        throw new HostException(name() + " boots only when it is told to, and was not");
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String bootId() {
    mustBeOn();
    try {
      return Files.readString(folder.resolve("proc/sys/kernel/random/boot_id")).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Path stateDir() {
    return folder.resolve("var/lib/kairos");
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
      closed = true;
      on = false;
      Folders.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      lock.unlock();
    }
  }

  private void mustBeOn() {
    if (!isOn()) {
      throw new IllegalStateException(name() + " is off");
    }
  }
}
