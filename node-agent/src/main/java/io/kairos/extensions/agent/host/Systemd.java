package io.kairos.extensions.agent.host;

import java.util.List;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.Struct;
import org.freedesktop.dbus.annotations.DBusInterfaceName;
import org.freedesktop.dbus.annotations.DBusMemberName;
import org.freedesktop.dbus.annotations.Position;
import org.freedesktop.dbus.interfaces.DBusInterface;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.Variant;

/** The part of systemd's bus API that the agent uses; see org.freedesktop.systemd1(5). */
final class Systemd {
  static final String BUS_NAME = "org.freedesktop.systemd1";
  static final String PATH = "/org/freedesktop/systemd1";
  static final String MANAGER = "org.freedesktop.systemd1.Manager";
  static final String UNIT = "org.freedesktop.systemd1.Unit";
  static final String SERVICE = "org.freedesktop.systemd1.Service";
  static final String JOB = "org.freedesktop.systemd1.Job";

  private Systemd() {}

  /** {@code org.freedesktop.systemd1.Manager}. */
  @DBusInterfaceName(MANAGER)
  interface Manager extends DBusInterface {
    @DBusMemberName("LoadUnit")
    DBusPath loadUnit(String name);

    @DBusMemberName("ListUnitsByNames")
    List<UnitState> listUnitsByNames(List<String> names);

    @DBusMemberName("ReloadOrRestartUnit")
    DBusPath reloadOrRestartUnit(String name, String mode);

    @DBusMemberName("RestartUnit")
    DBusPath restartUnit(String name, String mode);

    @DBusMemberName("StartUnit")
    DBusPath startUnit(String name, String mode);

    @DBusMemberName("StopUnit")
    DBusPath stopUnit(String name, String mode);

    @DBusMemberName("StartTransientUnit")
    DBusPath startTransientUnit(
        String name, String mode, List<Property> properties, List<Auxiliary> auxiliaries);

    @DBusMemberName("ResetFailedUnit")
    void resetFailedUnit(String name);

    @DBusMemberName("Reload")
    void reload();
  }

  /** {@code (sv)}. */
  public static final class Property extends Struct {
    /** Its name. */
    @Position(0)
    public final String name;

    /** Its value. */
    @Position(1)
    public final Variant<?> value;

    /** A property. */
    public Property(String name, Variant<?> value) {
      this.name = name;
      this.value = value;
    }
  }

  /** {@code (ssssssouso)}: a unit as systemd lists it. */
  public static final class UnitState extends Struct {
    /** Its name. */
    @Position(0)
    public final String name;

    /** What it is for. */
    @Position(1)
    public final String description;

    /** Whether its file was read. */
    @Position(2)
    public final String load;

    /** Whether it is active, inactive, failed, or on its way. */
    @Position(3)
    public final String active;

    /** The state in the words of its type. */
    @Position(4)
    public final String sub;

    /** The unit whose state it follows, empty for none. */
    @Position(5)
    public final String following;

    /** Its object. */
    @Position(6)
    public final DBusPath path;

    /** The job that is queued for it, 0 for none. */
    @Position(7)
    public final UInt32 job;

    /** That job's type. */
    @Position(8)
    public final String jobType;

    /** That job's object. */
    @Position(9)
    public final DBusPath jobPath;

    /** A unit. */
    public UnitState(
        String name,
        String description,
        String load,
        String active,
        String sub,
        String following,
        DBusPath path,
        UInt32 job,
        String jobType,
        DBusPath jobPath) {
      this.name = name;
      this.description = description;
      this.load = load;
      this.active = active;
      this.sub = sub;
      this.following = following;
      this.path = path;
      this.job = job;
      this.jobType = jobType;
      this.jobPath = jobPath;
    }
  }

  /** {@code (sa(sv))}. */
  public static final class Auxiliary extends Struct {
    /** The unit's name. */
    @Position(0)
    public final String name;

    /** Its properties. */
    @Position(1)
    public final List<Property> properties;

    /** An auxiliary unit. */
    public Auxiliary(String name, List<Property> properties) {
      this.name = name;
      this.properties = properties;
    }
  }

  /** {@code (sasas)}: path, arguments, flags. */
  public static final class Command extends Struct {
    /** The program. */
    @Position(0)
    public final String path;

    /** Its arguments, the first its name. */
    @Position(1)
    public final List<String> arguments;

    /** Flags, by the names that ExecStartEx knows. */
    @Position(2)
    public final List<String> flags;

    /** A command line. */
    public Command(String path, List<String> arguments, List<String> flags) {
      this.path = path;
      this.arguments = arguments;
      this.flags = flags;
    }
  }
}
