package io.kairos.extensions.e2e.sandbox;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A program's life: it works, and then everything that it opened is closed, the last one first,
 * whether the work came to its end or the process is told to end, by Ctrl-C or otherwise. In the
 * latter case the work is interrupted, and the process waits until all is closed.
 *
 * <p>The work runs in a thread of its own, so that an interrupt never reaches the closing.
 */
final class Lifetime {
  private static final Duration UNTIL_WORK_ENDS = Duration.ofSeconds(20);
  private static final Duration UNTIL_CLOSED = Duration.ofSeconds(90);

  private final Consumer<String> failures;
  private final Deque<Opened> opened = new ArrayDeque<>();
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile boolean ending;

  /** What the program does. */
  interface Work {
    /** Returns the exit code. */
    int run(Lifetime lifetime) throws Exception;
  }

  private record Opened(String what, AutoCloseable closeable) {}

  /** Tells {@code failures} of what cannot be closed. */
  Lifetime(Consumer<String> failures) {
    this.failures = failures;
  }

  /**
   * Works, closes, returns the work's exit code.
   *
   * @param broken what an exception makes of it: the exit code
   */
  int run(Work work, Broken broken) throws InterruptedException {
    AtomicInteger code = new AtomicInteger();
    Thread worker =
        new Thread(
            () -> {
              try {
                code.set(work.run(this));
              } catch (Exception e) {
                code.set(ending ? 0 : broken.code(e));
              }
            },
            "sandbox");
    Thread hook = new Thread(() -> end(worker), "sandbox-end");
    Runtime.getRuntime().addShutdownHook(hook);
    worker.start();
    worker.join();
    ending = true;
    try {
      closeAll();
      return code.get();
    } finally {
      over.countDown();
    }
  }

  /** What to make of an exception. */
  interface Broken {
    /** The exit code. */
    int code(Exception e);
  }

  /** Whether the process is told to end, or the work is done. */
  boolean ending() {
    return ending;
  }

  /** Closes it when all is over, before what was opened earlier. */
  <T extends AutoCloseable> T open(String what, T closeable) {
    synchronized (opened) {
      opened.push(new Opened(what, closeable));
    }
    return closeable;
  }

  private void end(Thread worker) {
    if (over.getCount() == 0) {
      return;
    }
    ending = true;
    worker.interrupt();
    try {
      worker.join(UNTIL_WORK_ENDS.toMillis());
      if (worker.isAlive()) {
        closeAll();
      } else {
        var unused = over.await(UNTIL_CLOSED.toSeconds(), TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void closeAll() {
    while (true) {
      Opened next;
      synchronized (opened) {
        if (opened.isEmpty()) {
          return;
        }
        next = opened.pop();
      }
      try {
        next.closeable().close();
      } catch (Exception e) {
        failures.accept(next.what() + ": " + e.getMessage());
      }
    }
  }
}
