package io.kairos.extensions.agent.host;

import io.kairos.extensions.api.v1alpha1.ServiceAction;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.UInt64;

/** The units of a host whose PID 1 is systemd, by its bus. */
final class SystemdUnits implements Units {
  private static final Duration STOP_LIMIT = Duration.ofMinutes(2);

  /** A limit in microseconds beyond which there is none. */
  private static final long ANY_TIME_MICROS = Duration.ofDays(365).toMillis() * 1_000;

  private static final String ENABLED_FOR_THIS_BOOT = "enabled-runtime";
  private static final Duration LOOK = Duration.ofMillis(250);
  private static final Set<String> ON_THE_WAY =
      Set.of("reloading", "activating", "deactivating", "refreshing");

  private final Bus bus;
  private final HostScripts scripts;

  SystemdUnits(Bus bus, HostScripts scripts) {
    this.bus = bus;
    this.scripts = scripts;
  }

  @Override
  public void reload() throws HostException {
    bus.manager("Reload", m -> done(m::reload));
  }

  @Override
  public UnitState state(String unit) throws HostException {
    String path = bus.unit(unit);
    boolean isService = unit.endsWith(".service");
    return new UnitState(
        text(path, "LoadState"),
        text(path, "ActiveState"),
        text(path, "SubState"),
        isService ? bus.property(path, Systemd.SERVICE, "Result", String.class) : "success",
        invocation(path),
        isService ? bus.property(path, Systemd.SERVICE, "NRestarts", UInt32.class).longValue() : 0);
  }

  /** An empty array of bytes, a unit that never ran, comes as an empty list. */
  private String invocation(String path) throws HostException {
    Object value = bus.property(path, Systemd.UNIT, "InvocationID", Object.class);
    return value instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : "";
  }

  private String text(String path, String property) throws HostException {
    return bus.property(path, Systemd.UNIT, property, String.class);
  }

  @Override
  public boolean isGoingDown() throws HostException {
    return bus.property(Systemd.PATH, Systemd.MANAGER, "SystemState", String.class)
        .equals("stopping");
  }

  @Override
  public UnitState change(String unit, ServiceAction action) throws HostException {
    // Also while it comes back by itself, time and again: its starts count for the limit, too. One
    // that is inactive has not failed, and systemd may have dropped it from its memory.
    if (action != ServiceAction.NONE && !state(unit).active().equals("inactive")) {
      forgetFailure(unit);
    }
    switch (action) {
      case RESTART -> bus.manager("RestartUnit " + unit, m -> m.restartUnit(unit, "replace"));
      case RELOAD ->
          bus.manager("ReloadOrRestartUnit " + unit, m -> m.reloadOrRestartUnit(unit, "replace"));
      case START -> bus.manager("StartUnit " + unit, m -> m.startUnit(unit, "replace"));
      case NONE -> {
        return state(unit);
      }
    }
    awaitJob(unit);
    return state(unit);
  }

  @Override
  public boolean begin(String unit) throws HostException {
    UnitState now = state(unit);
    if (!now.isLoaded() || now.isActive()) {
      return false;
    }
    String enabled = text(bus.unit(unit), "UnitFileState");
    if (!SystemdHost.STARTED_AT_BOOT.contains(enabled) && !enabled.equals(ENABLED_FOR_THIS_BOOT)) {
      return false;
    }
    bus.manager("StartUnit " + unit, m -> m.startUnit(unit, "replace"));
    return true;
  }

  @Override
  public void stop(String unit) throws HostException {
    UnitState before = state(unit);
    if (before.isLoaded() || before.isActive()) {
      bus.manager("StopUnit " + unit, m -> m.stopUnit(unit, "replace"));
      String path = bus.unit(unit);
      if (!Waiting.until(STOP_LIMIT, () -> isIdle(path))) {
        throw new RefusedException(
            unit
                + " was still "
                + text(path, "SubState")
                + " after "
                + STOP_LIMIT.toSeconds()
                + " s");
      }
    }
    UnitState after = state(unit);
    if (after.isActive()) {
      throw new RefusedException(unit + " does not stop");
    }
    if (after.isFailed()) { // or it would be listed for as long as the host is up
      forgetFailure(unit);
    }
  }

  private void forgetFailure(String unit) throws HostException {
    bus.manager("ResetFailedUnit " + unit, m -> done(() -> m.resetFailedUnit(unit)));
  }

  /** Waits for a job that changes a unit. */
  private void awaitJob(String unit) throws HostException {
    String path = bus.unit(unit);
    JobWait wait = new JobWait(startLimit(unit, path), System.nanoTime());
    while (true) {
      boolean ended = Waiting.until(LOOK, () -> isIdle(path));
      if (ended) {
        return;
      }
      if (wait.isOver(isQueued(path), System.nanoTime())) {
        break;
      }
    }
    if (!wait.hasRun()) {
      throw new HostException(
          "what was asked of " + unit + " still waits for other jobs of the host's systemd");
    }
    throw new RefusedException(
        unit + " was still " + text(path, "SubState") + " when its time was up");
  }

  /** How long a unit allows its start to take; what is no service does not say. */
  private Duration startLimit(String unit, String path) throws HostException {
    if (!unit.endsWith(".service")) {
      return Duration.ZERO;
    }
    long micros = bus.property(path, Systemd.SERVICE, "TimeoutStartUSec", UInt64.class).longValue();
    return Duration.ofMillis(
        (micros < 0 || micros > ANY_TIME_MICROS ? ANY_TIME_MICROS : micros) / 1_000);
  }

  /** Whether a job of the unit waits for its turn; one that is gone meanwhile does not. */
  private boolean isQueued(String path) throws HostException {
    Object[] job = bus.property(path, Systemd.UNIT, "Job", Object[].class);
    if (job[0].toString().equals("0")) {
      return false;
    }
    try {
      return bus.property(job[1].toString(), Systemd.JOB, "State", String.class).equals("waiting");
    } catch (HostException e) {
      if (bus.isConnected()) {
        return false;
      }
      throw e;
    }
  }

  /**
   * A job is done when none is queued and the unit is on its way nowhere, or only because it failed
   * and systemd is about to try again.
   */
  boolean isIdle(String path) throws HostException {
    String state = text(path, "ActiveState");
    Object[] job = bus.property(path, Systemd.UNIT, "Job", Object[].class);
    boolean comesBackByItself = text(path, "SubState").startsWith("auto-restart");
    return job[0].toString().equals("0") && (!ON_THE_WAY.contains(state) || comesBackByItself);
  }

  @Override
  public String journal(String unit) throws HostException {
    String journalctl = "journalctl --output=cat --no-pager ";
    return scripts
        .run(
            // what a unit wrote right before its end may not have been read yet
            HostScripts.LAST_WORDS
                // with the words of PID 1, the unit's own would be pushed out by its restarts
                + (journalctl + "--lines=7 _SYSTEMD_UNIT='" + unit + "' || true\n")
                + (journalctl + "--lines=3 --unit='" + unit + "' _PID=1 || true"))
        .strip();
  }

  @Override
  public Ran run(List<String> command, Duration limit) throws HostException {
    return scripts.run(command, limit);
  }

  /** For a call that answers nothing. */
  static boolean done(Runnable call) {
    call.run();
    return true;
  }
}
