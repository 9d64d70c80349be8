package io.kairos.extensions.agent.host;

import java.util.List;
import org.freedesktop.dbus.Struct;
import org.freedesktop.dbus.annotations.DBusInterfaceName;
import org.freedesktop.dbus.annotations.DBusMemberName;
import org.freedesktop.dbus.annotations.Position;
import org.freedesktop.dbus.interfaces.DBusInterface;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.UInt64;

/** The part of logind's bus API that the agent uses; see org.freedesktop.login1(5). */
final class Login {
  static final String BUS_NAME = "org.freedesktop.login1";
  static final String PATH = "/org/freedesktop/login1";
  static final String MANAGER = "org.freedesktop.login1.Manager";

  /**
   * Who holds a lock that blocks shutdowns is heard, though it is root that asks. No other flag: it
   * would boot by kexec, or no more than userspace.
   */
  static final UInt64 ROOT_CHECK_INHIBITORS = new UInt64(1);

  private Login() {}

  /** {@code org.freedesktop.login1.Manager}. */
  @DBusInterfaceName(MANAGER)
  interface Manager extends DBusInterface {
    @DBusMemberName("ListInhibitors")
    List<Inhibitor> listInhibitors();

    @DBusMemberName("RebootWithFlags")
    void rebootWithFlags(UInt64 flags);
  }

  /** {@code (ssssuu)}: a lock on shutdowns, sleep and the like. */
  public static final class Inhibitor extends Struct {
    /** What it is on, by colons. */
    @Position(0)
    public final String what;

    /** Who holds it. */
    @Position(1)
    public final String who;

    /** Why. */
    @Position(2)
    public final String why;

    /** Whether it blocks or delays. */
    @Position(3)
    public final String mode;

    /** The user who holds it. */
    @Position(4)
    public final UInt32 uid;

    /** The process that holds it. */
    @Position(5)
    public final UInt32 pid;

    /** A lock. */
    public Inhibitor(String what, String who, String why, String mode, UInt32 uid, UInt32 pid) {
      this.what = what;
      this.who = who;
      this.why = why;
      this.mode = mode;
      this.uid = uid;
      this.pid = pid;
    }

    /** Whether nobody may shut the host down while it is held. */
    boolean blocksShutdown() {
      return mode.startsWith("block") && List.of(what.split(":", -1)).contains("shutdown");
    }
  }
}
