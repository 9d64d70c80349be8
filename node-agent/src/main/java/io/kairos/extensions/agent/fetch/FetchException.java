package io.kairos.extensions.agent.fetch;

/** A source did not give its image; worth another try later. */
public final class FetchException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;

  /**
   * With what a person needs to know.
   *
   * @param reason CamelCase, of {@link io.kairos.extensions.api.v1alpha1.Reasons}
   */
  public FetchException(String reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** CamelCase, of {@link io.kairos.extensions.api.v1alpha1.Reasons}. */
  public String reason() {
    return reason;
  }
}
