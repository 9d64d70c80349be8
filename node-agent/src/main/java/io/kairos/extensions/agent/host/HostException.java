package io.kairos.extensions.agent.host;

/** The host's systemd could not be asked. */
public final class HostException extends Exception {
  private static final long serialVersionUID = 1L;

  /** With what was asked and why there was no answer. */
  public HostException(String message, Throwable cause) {
    super(message, cause);
  }

  /** With what was asked and why there was no answer. */
  public HostException(String message) {
    super(message);
  }
}
