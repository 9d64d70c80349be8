package io.kairos.extensions.agent.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Watches a body and closes it when it brings too little: the JDK's client has no time limit of its
 * own once the head is there. The reader learns of it by an exception of the body. A window that
 * ends late is one in which this process stood still, as on a host that was paused, and says
 * nothing about the server.
 */
final class Patience implements AutoCloseable {
  private final ScheduledExecutorService watch =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "stall-watch");
            thread.setDaemon(true);
            return thread;
          });
  private final Duration window;
  private volatile boolean lost;
  private long before;
  private long judgedNanos = System.nanoTime();

  private Patience(Duration window) {
    this.window = window;
  }

  /**
   * Closes a body that brings less than {@code least} bytes in any whole {@code window}.
   *
   * @param progress bytes so far
   */
  static Patience with(InputStream body, LongSupplier progress, Duration window, long least) {
    Patience patience = new Patience(window);
    var unused =
        patience.watch.scheduleWithFixedDelay(
            () -> patience.judge(body, progress.getAsLong(), least),
            window.toMillis(),
            window.toMillis(),
            TimeUnit.MILLISECONDS);
    return patience;
  }

  /** Closes a body, which is a small one, when it is not over in time. */
  static Patience until(InputStream body, Duration end) {
    return with(body, () -> 0, end, 1);
  }

  private void judge(InputStream body, long now, long least) {
    long more = now - before;
    long passed = System.nanoTime() - judgedNanos;
    before = now;
    judgedNanos += passed;
    boolean late = passed > window.toNanos() / 4 * 5;
    if (more < least && !late) {
      lost = true;
      try {
        body.close();
      } catch (IOException alreadyBroken) {
        // the reader learns of it by its own exception
      }
    }
  }

  /** Whether the body was closed for that. */
  boolean isLost() {
    return lost;
  }

  @Override
  public void close() {
    watch.shutdownNow();
  }
}
