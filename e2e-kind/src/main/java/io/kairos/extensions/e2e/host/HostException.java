package io.kairos.extensions.e2e.host;

/** A host, or a tool that hosts and images are made with, did not do what it should. */
public final class HostException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With what went wrong. */
  public HostException(String message) {
    super(message);
  }

  /** With what went wrong, and why. */
  public HostException(String message, Throwable cause) {
    super(message, cause);
  }
}
