package io.kairos.extensions.operator.rollout;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * Gathers when the clock alone will change what one pass decides: then the next pass is due, though
 * no object moved.
 */
public final class Alarm {
  private final Instant now;
  private Instant next = Instant.MAX;

  /** Nothing is due yet. */
  public Alarm(Instant now) {
    this.now = now;
  }

  /**
   * Whether a time has come; where it has not, the next pass is due at the first whole second from
   * then on.
   */
  boolean hasCome(Instant time) {
    if (!now.isBefore(time)) {
      return true;
    }
    if (time.equals(Instant.MAX)) {
      return false;
    }
    Instant second = time.truncatedTo(ChronoUnit.SECONDS);
    Instant due = second.equals(time) ? time : second.plusSeconds(1);
    if (due.isBefore(next)) {
      next = due;
    }
    return false;
  }

  /** When the next pass is due at the latest, if the clock matters at all. */
  public Optional<Instant> next() {
    return Optional.of(next).filter(time -> !time.equals(Instant.MAX));
  }

  /** A time that an object holds; empty where it holds none, or somebody wrote nonsense there. */
  static Optional<Instant> parse(String time) {
    try {
      return time.isEmpty() ? Optional.empty() : Optional.of(Instant.parse(time));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
