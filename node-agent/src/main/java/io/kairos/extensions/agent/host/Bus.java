package io.kairos.extensions.agent.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.freedesktop.dbus.connections.IDisconnectCallback;
import org.freedesktop.dbus.connections.impl.DBusConnection;
import org.freedesktop.dbus.connections.impl.DBusConnectionBuilder;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.exceptions.DBusExecutionException;
import org.freedesktop.dbus.interfaces.DBusInterface;
import org.freedesktop.dbus.interfaces.Properties;
import org.freedesktop.dbus.types.Variant;

/** A connection to the host's system bus: made when first used, and anew after it broke. */
final class Bus implements AutoCloseable {
  /**
   * Whoever asks tries again; the library would try for ten seconds, and hold up everybody else.
   */
  private static final Duration CONNECT = Duration.ofSeconds(1);

  private final Path socket;
  private DBusConnection connection;
  private AtomicBoolean broken = new AtomicBoolean();

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
    return ask(what, Systemd.BUS_NAME, Systemd.PATH, Systemd.Manager.class, call);
  }

  /**
   * Calls logind's manager.
   *
   * @param what is asked, for messages
   * @throws HostException when the bus or logind does not answer, or refuses
   */
  <T> T login(String what, Function<Login.Manager, T> call) throws HostException {
    return ask(what, Login.BUS_NAME, Login.PATH, Login.Manager.class, call);
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
            Systemd.BUS_NAME,
            path,
            Properties.class,
            properties -> properties.<Object>Get(iface, name));
    return type.cast(value instanceof Variant<?> variant ? variant.getValue() : value);
  }

  /**
   * The command lines of a service, the programs' names included.
   *
   * @param path of its unit
   * @param property {@code ExecStart} or another of that form
   * @throws HostException when systemd does not answer
   */
  List<List<String>> commandLines(String path, String property) throws HostException {
    List<List<String>> commands = new ArrayList<>();
    for (Object command : list(property(path, Systemd.SERVICE, property, Object.class))) {
      commands.add(list(((Object[]) command)[1]).stream().map(String::valueOf).toList());
    }
    return commands;
  }

  /** The library gives some arrays as lists. */
  static List<?> list(Object array) {
    return array instanceof List<?> list ? list : List.of((Object[]) array);
  }

  /**
   * The object of a unit, loaded if need be.
   *
   * @throws HostException when systemd does not answer
   */
  String unit(String name) throws HostException {
    return manager("LoadUnit " + name, manager -> manager.loadUnit(name)).getPath();
  }

  /** Whether the connection that was used last still stands. */
  synchronized boolean isConnected() {
    return connection != null && connection.isConnected() && !broken.get();
  }

  private synchronized <I extends DBusInterface, T> T ask(
      String what, String service, String path, Class<I> iface, Function<I, T> call)
      throws HostException {
    try {
      return call.apply(connected().getRemoteObject(service, path, iface));
    } catch (DBusExecutionException refused) {
      boolean stands = isConnected();
      if (!stands) {
        close();
      }
      String message = "the host refused " + what + ": " + String.valueOf(refused.getMessage());
      if (stands && RefusedException.isVerdict(refused)) {
        throw new RefusedException(message, refused);
      }
      throw new HostException(message, refused);
    } catch (DBusException broken) {
      close();
      throw new HostException(unanswered(what, broken), broken);
    }
  }

  /** A host without a bus is for a person to mend, who is told how. */
  private String unanswered(String what, DBusException broken) {
    if (Files.notExists(socket)) {
      return "the host has no system bus at "
          + socket
          + ", the way to its systemd: install a D-Bus daemon there (dbus, dbus-broker), or start"
          + " its dbus.socket; the agent goes on by itself then";
    }
    return "the host's system bus at "
        + socket
        + " did not answer "
        + what
        + ": "
        + broken.getMessage();
  }

  private DBusConnection connected() throws DBusException {
    if (!isConnected()) {
      close();
      AtomicBoolean ends = new AtomicBoolean();
      connection =
          DBusConnectionBuilder.forAddress("unix:path=" + socket)
              .withShared(false)
              .transportConfig()
              .withTimeout((int) CONNECT.toMillis())
              .back()
              .withDisconnectCallback(new Ended(ends))
              .build();
      broken = ends;
    }
    return connection;
  }

  /**
   * Tells of a connection that broke. The library answers the calls that wait on it by itself, with
   * the exception that stands for a refusal too, and takes it for closed only after that.
   */
  private record Ended(AtomicBoolean connection) implements IDisconnectCallback {
    @Override
    public void disconnectOnError(IOException error) {
      connection.set(true);
    }

    @Override
    public void exceptionOnTerminate(IOException error) {
      connection.set(true);
    }
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
