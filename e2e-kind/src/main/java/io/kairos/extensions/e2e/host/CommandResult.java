package io.kairos.extensions.e2e.host;

/**
 * How a command ended and what it wrote.
 *
 * @param exitCode 0 for success
 * @param stdout its standard output
 * @param stderr its error output
 */
public record CommandResult(int exitCode, String stdout, String stderr) {
  /** Whether it ended with 0. */
  public boolean succeeded() {
    return exitCode == 0;
  }

  /**
   * This result, if it is one of success.
   *
   * @throws HostException if it is not
   */
  public CommandResult orThrow() {
    if (!succeeded()) {
      throw new HostException("a command ended with " + exitCode + ": " + stdout + stderr);
    }
    return this;
  }
}
