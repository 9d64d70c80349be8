package io.kairos.extensions.agent;

import java.util.concurrent.atomic.LongAdder;

/** What an agent has done since it started. Counted on its loop, read by others. */
final class Tally {
  private final LongAdder applied = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder drift = new LongAdder();

  /** A change was put into effect on the host, or could not be. */
  void refreshed(boolean shown) {
    (shown ? applied : failed).increment();
  }

  /** Things went that nobody of us took. */
  void drifted(int things) {
    drift.add(things);
  }

  /** Refreshes after which the host showed what it should. */
  long applied() {
    return applied.sum();
  }

  /** Refreshes after which it did not. */
  long failed() {
    return failed.sum();
  }

  /** What went without our doing, and was put back. */
  long drift() {
    return drift.sum();
  }
}
