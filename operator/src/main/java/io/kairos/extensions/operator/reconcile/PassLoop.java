package io.kairos.extensions.operator.reconcile;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that runs passes one after the other: soon after it is woken, however often that is,
 * and at the latest when the pass before asked for it.
 */
final class PassLoop implements AutoCloseable {
  /** Changes come in swarms. */
  private static final Duration GATHER = Duration.ofMillis(10);

  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(PassLoop.class);

  private final Supplier<Duration> pass;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Thread thread = new Thread(this::loop, "passes");

  private long dueNanos = System.nanoTime();
  private volatile boolean closed;
  private volatile boolean running;
  private volatile long runningSinceNanos;

  /**
   * A loop that is not started yet.
   *
   * @param pass runs one pass and tells when to run the next at the latest
   */
  PassLoop(Supplier<Duration> pass) {
    this.pass = pass;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Something changed. */
  void wake() {
    dueIn(GATHER);
  }

  /** How long the running pass has been running, zero without one. */
  Duration runningFor() {
    return running ? Duration.ofNanos(System.nanoTime() - runningSinceNanos) : Duration.ZERO;
  }

  /** Whether passes will go on. */
  boolean isAlive() {
    return thread.isAlive() || thread.getState() == Thread.State.NEW;
  }

  private void dueIn(Duration delay) {
    lock.lock();
    try {
      long due = System.nanoTime() + delay.toNanos();
      if (due - dueNanos < 0) {
        dueNanos = due;
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  private void loop() {
    try {
      while (!closed) {
        awaitDue();
        run();
      }
    } catch (InterruptedException e) {
      log.debug("stopped");
    } catch (RuntimeException | Error e) {
      log.error(
          "passes end here, for a reason that no pass expects: the process is to be restarted", e);
      throw e;
    }
  }

  private void awaitDue() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long wait = dueNanos - System.nanoTime();
      while (wait > 0) {
        changed.await(wait, TimeUnit.NANOSECONDS);
        wait = dueNanos - System.nanoTime();
      }
      dueNanos = System.nanoTime() + Duration.ofDays(1).toNanos();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    runningSinceNanos = System.nanoTime();
    running = true;
    try {
      dueIn(pass.get());
    } finally {
      running = false;
    }
  }

  /** Ends after the write that a pass is at, or after a second. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join(STOP_TIMEOUT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
