package io.kairos.extensions.agent.fetch;

import java.time.Duration;

/** A source did not give its image; worth another try later. */
public final class FetchException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;
  private final Duration pause;

  /**
   * With what a person needs to know.
   *
   * @param reason CamelCase, of {@link io.kairos.extensions.api.v1alpha1.Reasons}
   */
  public FetchException(String reason, String message) {
    this(reason, message, Duration.ZERO);
  }

  /**
   * With what a person needs to know, of a source that wants to be left alone.
   *
   * @param reason CamelCase, of {@link io.kairos.extensions.api.v1alpha1.Reasons}
   * @param pause how long at least
   */
  FetchException(String reason, String message, Duration pause) {
    super(message);
    this.reason = reason;
    this.pause = pause;
  }

  /** CamelCase, of {@link io.kairos.extensions.api.v1alpha1.Reasons}. */
  public String reason() {
    return reason;
  }

  /** How long the source wants to be left alone, zero where it said nothing. */
  Duration pause() {
    return pause;
  }
}
