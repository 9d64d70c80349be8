package io.kairos.extensions.agent.host;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.freedesktop.dbus.connections.impl.DBusConnection;
import org.freedesktop.dbus.connections.impl.DBusConnectionBuilder;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.exceptions.DBusExecutionException;
import org.freedesktop.dbus.interfaces.DBusInterface;
import org.freedesktop.dbus.interfaces.Properties;
import org.freedesktop.dbus.types.Variant;

/** A connection to the host's system bus: made when first used, and anew after it broke. */
final class Bus implements AutoCloseable {
  private final Path socket;
  private DBusConnection connection;

  /** Nothing is connected yet. */
  Bus(Path socket) {
    this.socket = socket;
  }

  /**
   * Calls systemd's manager.
   *
   * @param what is asked, for messages
   * @throws HostException when the bus or systemd does not answer, or refuses
   */
  <T> T manager(String what, Function<Systemd.Manager, T> call) throws HostException {
    return ask(what, Systemd.PATH, Systemd.Manager.class, call);
  }

  /**
   * Reads a property of an object of systemd's.
   *
   * @throws HostException when the bus or systemd does not answer, or knows no such property
   */
  <T> T property(String path, String iface, String name, Class<T> type) throws HostException {
    Object value =
        ask(
            "property " + name,
            path,
            Properties.class,
            properties -> properties.<Object>Get(iface, name));
    return type.cast(value instanceof Variant<?> variant ? variant.getValue() : value);
  }

  /**
   * The object of a unit, loaded if need be.
   *
   * @throws HostException when systemd does not answer
   */
  String unit(String name) throws HostException {
    return manager("LoadUnit " + name, manager -> manager.loadUnit(name)).getPath();
  }

  private synchronized <I extends DBusInterface, T> T ask(
      String what, String path, Class<I> iface, Function<I, T> call) throws HostException {
    try {
      return call.apply(connected().getRemoteObject(Systemd.BUS_NAME, path, iface));
    } catch (DBusExecutionException refused) {
      if (connection != null && !connection.isConnected()) {
        close();
      }
      throw new HostException("systemd refused " + what + ": " + refused.getMessage(), refused);
    } catch (DBusException broken) {
      close();
      throw new HostException(
          "the host's system bus at "
              + socket
              + " did not answer "
              + what
              + ": "
              + broken.getMessage(),
          broken);
    }
  }

  private DBusConnection connected() throws DBusException {
    if (connection == null || !connection.isConnected()) {
      connection =
          DBusConnectionBuilder.forAddress("unix:path=" + socket).withShared(false).build();
    }
    return connection;
  }

  /**
   * The value of a variant that has to carry its signature, as an empty list cannot tell its own.
   */
  static Variant<List<Systemd.Command>> commands(List<Systemd.Command> commands) {
    return new Variant<>(commands, "a(sasas)");
  }

  @Override
  public synchronized void close() {
    if (connection != null) {
      try {
        connection.close();
      } catch (IOException alreadyGone) {
        // a connection that is closed anyway has nothing left to lose
      }
      connection = null;
    }
  }
}
