package io.kairos.extensions.agent.fetch;

import java.io.IOException;

/** A body that does not hold what it has to, whoever reads it; reading on is of no use. */
final class BadBodyException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String reason;

  /**
   * With what a person needs to know.
   *
   * @param reason CamelCase, of {@link io.kairos.extensions.api.v1alpha1.Reasons}
   */
  BadBodyException(String reason, String message) {
    super(message);
    this.reason = reason;
  }

  String reason() {
    return reason;
  }
}
