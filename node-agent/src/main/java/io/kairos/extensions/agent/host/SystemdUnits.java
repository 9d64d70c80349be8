package io.kairos.extensions.agent.host;

import io.kairos.extensions.api.v1alpha1.ServiceAction;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.freedesktop.dbus.types.UInt32;

/** The units of a host whose PID 1 is systemd, by its bus. */
final class SystemdUnits implements Units {
  private static final Duration JOB_LIMIT = Duration.ofMinutes(2);
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
  public void stop(String unit) throws HostException {
    UnitState before = state(unit);
    if (before.isLoaded() || before.isActive()) {
      bus.manager("StopUnit " + unit, m -> m.stopUnit(unit, "replace"));
      awaitJob(unit);
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

  /**
   * A job is done when none is queued and the unit is on its way nowhere, or only because it failed
   * and systemd is about to try again.
   */
  private void awaitJob(String unit) throws HostException {
    String path = bus.unit(unit);
    if (!Waiting.until(JOB_LIMIT, () -> isIdle(path))) {
      throw new RefusedException(
          unit + " was still " + text(path, "SubState") + " after " + JOB_LIMIT.toSeconds() + " s");
    }
  }

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
            // with the words of PID 1, the unit's own would be pushed out by its restarts
            (journalctl + "--lines=7 _SYSTEMD_UNIT='" + unit + "' || true\n")
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
