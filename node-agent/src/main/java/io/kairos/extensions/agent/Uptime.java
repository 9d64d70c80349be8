package io.kairos.extensions.agent;

/**
 * What pauses, soaks and polls are measured by: monotonic, for a clock that is set ends none, and
 * the same for each process of a boot, for a soak outlives the agent.
 */
interface Uptime {
  /**
   * The system's: OpenJDK on Linux takes {@link System#nanoTime} from {@code CLOCK_MONOTONIC},
   * which counts from the boot (clock_gettime(2)).
   */
  Uptime SYSTEM =
      new Uptime() {
        @Override
        public long millis() {
          return System.nanoTime() / 1_000_000;
        }

        @Override
        @SuppressWarnings("WaitNotInLoop") // the caller's, who knows what it waits for
        public void await(Object monitor, long millis) throws InterruptedException {
          monitor.wait(millis);
        }
      };

  /** Milliseconds since some moment of this boot. */
  long millis();

  /**
   * Waits to be notified, so long at most; may end early.
   *
   * @param monitor held by the caller
   * @param millis more than 0
   * @throws InterruptedException when the thread is
   */
  void await(Object monitor, long millis) throws InterruptedException;
}
