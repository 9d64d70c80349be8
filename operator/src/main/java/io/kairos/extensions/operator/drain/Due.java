package io.kairos.extensions.operator.drain;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;

/**
 * The time of a pass, by the operator's clock.
 *
 * @param now it
 */
record Due(Instant now) {
  /** As it is written into objects: RFC 3339, in whole seconds. */
  String time() {
    return now.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** Whether a time has come. */
  boolean hasCome(Instant time) {
    return !now.isBefore(time);
  }

  /** What an object says of a time; what cannot be read is long past. */
  static Instant parse(String time) {
    try {
      return Instant.parse(time);
    } catch (DateTimeParseException e) {
      return Instant.EPOCH;
    }
  }
}
