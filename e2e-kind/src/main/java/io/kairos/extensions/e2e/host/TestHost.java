package io.kairos.extensions.e2e.host;

import java.nio.file.Path;
import java.time.Duration;

/**
 * A host that tests and the sandbox use up: it has the layout of a Kairos host, if not said
 * otherwise, boots, loses power, and is gone after {@link #close()}. Links on it are absolute, as
 * on a real host, so seen through {@link #root()} they have to be followed below that folder.
 */
public interface TestHost extends AutoCloseable {
  /** How long {@link #exec(String...)} waits. */
  Duration COMMAND_TIMEOUT = Duration.ofSeconds(60);

  /** The host's name. */
  String name();

  /**
   * The folder through which the host's files are seen from here. Holds for this boot only: ask
   * again after a reboot.
   *
   * @throws IllegalStateException while the host is off
   */
  Path root();

  /** Whether it is a host of Kairos. */
  default boolean kairos() {
    return true;
  }

  /** Whether extensions are really merged here, by a real systemd. */
  boolean merges();

  /** What kind of host this is, for people: {@code systemd 257.13 (trixie root)}. */
  String describe();

  /**
   * Runs a command on the host, as its root, and waits for its end.
   *
   * @throws IllegalStateException while the host is off
   * @throws HostException if the command does not end within {@code timeout}; it is killed then
   */
  CommandResult exec(Duration timeout, String... command);

  /** Runs a command on the host and waits for its end, for {@link #COMMAND_TIMEOUT} at most. */
  default CommandResult exec(String... command) {
    return exec(COMMAND_TIMEOUT, command);
  }

  /** Shuts the host down in good order, boots it again, and waits until it is up. */
  void reboot();

  /**
   * Takes the power away: everything on the host ends at once, and nothing is shut down. Where
   * {@code /var/lib/kairos} is a file system of its own, what had not reached its disk by then is
   * lost.
   */
  void cutPower();

  /** Boots a host that is off, and waits until it is up. */
  void powerOn();

  /** Whether the host is on, be it booting. */
  boolean isOn();

  /** How often the host has been booted: 1 once it was made. */
  int boots();

  /**
   * Waits until the host is up in its {@code boot}th boot or a later one: for reboots that the host
   * itself was told to do.
   *
   * @throws HostException if it is not within {@code timeout}
   */
  void awaitBoot(int boot, Duration timeout);

  /**
   * The boot's id, as {@code /proc/sys/kernel/random/boot_id} on the host says it.
   *
   * @throws IllegalStateException while the host is off
   */
  String bootId();

  /**
   * The folder that is {@code /var/lib/kairos} on the host. Outlives boots, can be used while the
   * host is off.
   */
  Path stateDir();

  /** What the host boots into the next time. */
  Profile bootProfile();

  /** Sets what the host boots into the next time. */
  void setBootProfile(Profile profile);

  /** Ends the host at once and leaves nothing of it. */
  @Override
  void close();
}
