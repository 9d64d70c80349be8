package io.kairos.extensions.operator.plan;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * What a pass knows besides the objects.
 *
 * @param now the operator's clock, in whole seconds: what is written of it is read again as it was
 * @param operatorNode the Node that the operator runs on, empty where it does not know
 */
public record Circumstances(Instant now, String operatorNode) {
  /** Leaves out what is less than a second. */
  public Circumstances {
    now = now.truncatedTo(ChronoUnit.SECONDS);
  }

  /** At a time, on no known Node. */
  public static Circumstances at(Instant now) {
    return new Circumstances(now, "");
  }

  /** The time as objects hold it, RFC 3339. */
  public String time() {
    return now.toString();
  }
}
