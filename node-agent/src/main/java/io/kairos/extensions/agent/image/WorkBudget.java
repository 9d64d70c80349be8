package io.kairos.extensions.agent.image;

/**
 * Bounds the work that one image may cause, in bytes decoded or scanned: an honest image of 100,000
 * files needs some ten megabytes, a made-up one that sends the reader back and forth needs more
 * than it gets.
 */
final class WorkBudget {
  private static final long BYTES = 256L << 20;

  private long left = BYTES;

  void spend(long bytes) throws ImageException {
    left -= Math.max(bytes, 1);
    if (left < 0) {
      throw ImageException.unsupported(
          "reading its directories takes more than " + (BYTES >> 20) + " MiB of work");
    }
  }
}
