package io.kairos.extensions.agent.host;

import org.freedesktop.dbus.exceptions.DBusExecutionException;

/**
 * The host's systemd was asked, and refused: there is no such unit, it is masked, its job does not
 * end. That says something about what was asked; a bus or a systemd that does not answer says
 * nothing about it, and neither does a host that goes down.
 */
public final class RefusedException extends HostException {
  private static final long serialVersionUID = 1L;

  /**
   * The bus, of a systemd that has not come back to it: it is taken for a service to be started.
   */
  private static final String NOT_THERE = "Failed to activate service";

  /** The library, of a connection that took no more bytes. */
  private static final String NOT_SENT = "Message Failed to Send";

  /** With what was asked and why it was refused. */
  public RefusedException(String message, Throwable cause) {
    super(message, cause);
  }

  /** With what was asked and why it was refused. */
  public RefusedException(String message) {
    super(message);
  }

  /**
   * Whether an error is systemd's verdict on what it was asked. The library has classes of its own
   * for the errors of a bus, {@code NoReply} and {@code ServiceUnknown} among them, and none for
   * systemd's.
   */
  static boolean isVerdict(DBusExecutionException error) {
    String message = String.valueOf(error.getMessage());
    return error.getClass().equals(DBusExecutionException.class)
        && !message.startsWith(NOT_THERE)
        && !message.contains(NOT_SENT);
  }
}
