package io.kairos.extensions.agent.fetch;

import java.time.Duration;

/**
 * What a server may ask of the agent's patience and of the host's disk.
 *
 * @param connect the longest wait for a connection
 * @param headers the longest wait for the head of an answer
 * @param stall how long a body is watched before it is judged
 * @param slowestBytesPerSecond a body that brings less over a whole {@code stall} is given up: the
 *     next try carries on where it ended, and another download gets its turn
 * @param maxImageBytes the size of the largest image
 * @param reserveBytes what a download leaves free on the store's file system, at most; on a small
 *     one a sixteenth is enough
 */
record Limits(
    Duration connect,
    Duration headers,
    Duration stall,
    long slowestBytesPerSecond,
    long maxImageBytes,
    long reserveBytes) {

  /**
   * The largest image by default: 8 GiB, several times the largest known (graphics drivers with
   * their libraries), and small enough that an endless body does not fill an ordinary disk.
   */
  static final long MAX_IMAGE_BYTES = 8L << 30;

  /**
   * 256 MiB stay free. The store shares its file system with kubelet, container runtime and
   * journal; one that is full to the last block stops those, which is worse than a late extension.
   * More would not help on large disks and would take the use out of small ones.
   */
  private static final long RESERVE_BYTES = 256L << 20;

  private static final int SMALL_PART = 16;

  /** Slow links are fine, and those that do not even bring 1 KiB/s are broken ones. */
  private static final long SLOWEST_BYTES_PER_SECOND = 1024;

  /** Those of an agent that is told nothing else. */
  static final Limits DEFAULT =
      new Limits(
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofSeconds(60),
          SLOWEST_BYTES_PER_SECOND,
          MAX_IMAGE_BYTES,
          RESERVE_BYTES);

  /**
   * What stays free on a file system.
   *
   * @param totalBytes its size
   */
  long reserveOf(long totalBytes) {
    return Math.min(reserveBytes, totalBytes / SMALL_PART);
  }

  Limits withMaxImageBytes(long bytes) {
    return new Limits(connect, headers, stall, slowestBytesPerSecond, bytes, reserveBytes);
  }

  Limits withReserveBytes(long bytes) {
    return new Limits(connect, headers, stall, slowestBytesPerSecond, maxImageBytes, bytes);
  }

  Limits withStall(Duration window) {
    return new Limits(connect, headers, window, slowestBytesPerSecond, maxImageBytes, reserveBytes);
  }

  Limits withPatience(Duration patience) {
    return new Limits(
        patience, patience, patience, slowestBytesPerSecond, maxImageBytes, reserveBytes);
  }
}
