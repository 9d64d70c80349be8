package io.kairos.extensions.agent.host;

/**
 * The host's systemd could not be asked; where it answered, and refused, a {@link
 * RefusedException}.
 */
public sealed class HostException extends Exception permits RefusedException {
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
