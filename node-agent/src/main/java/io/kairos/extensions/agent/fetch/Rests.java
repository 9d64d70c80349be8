package io.kairos.extensions.agent.fetch;

import io.kairos.extensions.api.v1alpha1.Reasons;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * The places that asked to be left alone for a while ({@link RetryAfter}), each by its URL: the
 * limits of registries count for one user or one repository, so what one of them said tells nothing
 * about its neighbours. A place is left alone even when another extension wants it, or the same one
 * after a change of its specification.
 */
final class Rests {
  private final LongSupplier nanoTime;
  private final Map<String, Long> ends = new ConcurrentHashMap<>();

  /**
   * Nobody asked for anything yet.
   *
   * @param nanoTime a clock as {@link System#nanoTime()}
   */
  Rests(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** A place wants to be left alone from now on. */
  void begin(String url, Duration pause) {
    ends.put(url, nanoTime.getAsLong() + pause.toNanos());
  }

  /**
   * Passes when a place may be asked.
   *
   * @throws FetchException when it still has to be left alone; its pause is what is left of it
   */
  void requireOver(String url) throws FetchException {
    long now = nanoTime.getAsLong();
    ends.values().removeIf(end -> end - now <= 0);
    Long end = ends.get(url);
    if (end != null) {
      Duration left = Duration.ofNanos(end - now);
      throw new FetchException(
          Reasons.DOWNLOAD_REFUSED,
          Urls.shown(url) + " asked to be left alone for another " + (left.toSeconds() + 1) + " s",
          left);
    }
  }
}
