package io.kairos.extensions.agent.host;

import io.kairos.extensions.api.v1alpha1.ServiceAction;
import java.time.Duration;
import java.util.List;

/** The units of a host, and programs run on it. May be used by several threads. */
public interface Units {

  /**
   * Reads all unit files anew, as after each change below {@code /usr}.
   *
   * @throws HostException when systemd does not answer
   */
  void reload() throws HostException;

  /**
   * What systemd shows of a unit.
   *
   * @throws HostException when systemd does not answer
   */
  UnitState state(String unit) throws HostException;

  /**
   * Restarts, reloads or starts a unit, and waits until that job ended. What is left of an earlier
   * failure, the start limit above all, is forgotten first: it would refuse a version that works.
   *
   * @throws RefusedException when systemd refuses, or the unit takes two minutes more than its own
   *     {@code TimeoutStartSec}, or ten in all
   * @throws HostException when systemd does not answer, or the job still waits for others after ten
   *     minutes
   */
  UnitState change(String unit, ServiceAction action) throws HostException;

  /**
   * Starts a unit that the host itself has and would start, and does not wait for it: not one that
   * is gone, runs, or is disabled.
   *
   * @return whether it is being started
   * @throws RefusedException when systemd refuses
   * @throws HostException when systemd does not answer
   */
  boolean begin(String unit) throws HostException;

  /**
   * Stops a unit, and waits until it has; one that is not there has. An earlier failure of it is
   * forgotten.
   *
   * @throws HostException when systemd does not answer, or the unit does not stop in two minutes
   */
  void stop(String unit) throws HostException;

  /**
   * The last lines of the journal that a unit wrote, at most seven, and that PID 1 wrote about it,
   * at most three.
   *
   * @throws HostException when the host does not answer
   */
  String journal(String unit) throws HostException;

  /**
   * Runs a program of the host as root, in a unit of its own, which is killed at the limit.
   *
   * @param command the program and its arguments
   * @throws HostException when it cannot be started
   */
  Ran run(List<String> command, Duration limit) throws HostException;

  /**
   * Whether the host is on its way down, by a reboot as much as for good. From the moment a
   * shutdown is queued systemd stops services and merges and refuses to start any: what fails then
   * says nothing about what was asked. Never taken back, but by a person who cancels the shutdown's
   * jobs.
   *
   * @throws HostException when systemd does not answer
   */
  boolean isGoingDown() throws HostException;

  /**
   * What systemd shows of a unit.
   *
   * @param load LoadState: {@code loaded}, {@code not-found}, {@code masked} …
   * @param active ActiveState: {@code active}, {@code activating}, {@code failed} …
   * @param sub SubState, which differs by the kind of unit
   * @param result why a service failed: {@code exit-code}, {@code timeout} …; else {@code success}
   * @param invocation InvocationID, in hex: new with each start
   * @param restarts how often systemd restarted a service by itself
   */
  record UnitState(
      String load, String active, String sub, String result, String invocation, long restarts) {

    /** Whether there is such a unit. */
    public boolean isLoaded() {
      return "loaded".equals(load);
    }

    /** Whether it runs. */
    public boolean isActive() {
      return "active".equals(active) || "reloading".equals(active);
    }

    /** Whether it failed. */
    public boolean isFailed() {
      return "failed".equals(active);
    }
  }

  /** What came of a program. */
  sealed interface Ran {
    /** What it wrote, the first 64 KiB. */
    String output();

    /**
     * It ended.
     *
     * @param exitCode 0 for success
     * @param output what it wrote
     */
    record Exited(int exitCode, String output) implements Ran {}

    /**
     * It was still running at the limit, and was killed.
     *
     * @param output what it had written
     */
    record TimedOut(String output) implements Ran {}
  }
}
