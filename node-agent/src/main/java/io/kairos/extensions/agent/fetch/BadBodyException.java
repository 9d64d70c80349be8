package io.kairos.extensions.agent.fetch;

import java.io.IOException;
import java.time.Duration;

/** A body that does not hold what it has to, whoever reads it; reading on is of no use. */
final class BadBodyException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String reason;
  private final Duration pause;

  /**
   * With what a person needs to know.
   *
   * @param reason CamelCase, of {@link io.kairos.extensions.api.v1alpha1.Reasons}
   */
  BadBodyException(String reason, String message) {
    super(message);
    this.reason = reason;
    this.pause = Duration.ZERO;
  }

  /** A source behind the body refused. */
  BadBodyException(FetchException refusal) {
    super(refusal.getMessage());
    this.reason = refusal.reason();
    this.pause = refusal.pause();
  }

  String reason() {
    return reason;
  }

  /** How long the source wants to be left alone, zero where it said nothing. */
  Duration pause() {
    return pause;
  }
}
