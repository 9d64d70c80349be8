package io.kairos.extensions.agent.host;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * How long a job of a unit is waited for: two minutes more than the unit itself allows its start to
 * take, from when the job runs, and ten minutes in all. While it waits in systemd's queue, as
 * behind others after a boot, its time has not begun.
 */
final class JobWait {
  private static final Duration BEYOND_OWN = Duration.ofMinutes(2);
  private static final Duration MOST = Duration.ofMinutes(10);

  private final long startNanos;
  private final Duration running;
  private OptionalLong ranNanos = OptionalLong.empty();

  /**
   * Begins now.
   *
   * @param own how long the unit allows its start to take
   * @param nowNanos now
   */
  JobWait(Duration own, long nowNanos) {
    this.startNanos = nowNanos;
    this.running = own.compareTo(MOST.minus(BEYOND_OWN)) > 0 ? MOST : own.plus(BEYOND_OWN);
  }

  /**
   * Whether it was waited for long enough.
   *
   * @param queued whether the job waits in the queue
   */
  boolean isOver(boolean queued, long nowNanos) {
    if (!queued && ranNanos.isEmpty()) {
      ranNanos = OptionalLong.of(nowNanos);
    }
    return nowNanos - startNanos >= MOST.toNanos()
        || (ranNanos.isPresent() && nowNanos - ranNanos.getAsLong() >= running.toNanos());
  }

  /** Whether the job ever ran: one that did not says nothing about its unit. */
  boolean hasRun() {
    return ranNanos.isPresent();
  }
}
