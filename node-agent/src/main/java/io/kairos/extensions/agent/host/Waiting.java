package io.kairos.extensions.agent.host;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Waits for what systemd does in its own time. */
final class Waiting {
  private static final Duration PAUSE = Duration.ofMillis(10);

  private Waiting() {}

  /** A question that may fail. */
  @FunctionalInterface
  interface Condition {
    boolean holds() throws HostException;
  }

  /**
   * Asks until it holds.
   *
   * @return whether it held within the time
   * @throws HostException when asking failed, or the thread was interrupted
   */
  static boolean until(Duration limit, Condition condition) throws HostException {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.holds()) {
      if (System.nanoTime() - end > 0) {
        return false;
      }
      if (Thread.interrupted()) {
        Thread.currentThread().interrupt();
        throw new HostException("interrupted while waiting for the host");
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
    return true;
  }
}
