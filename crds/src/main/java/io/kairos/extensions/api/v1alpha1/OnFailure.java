package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What becomes of a rollout whose failure budget is exceeded. */
public enum OnFailure {
  /** Nodes in flight finish, no other is admitted. */
  @JsonProperty("Pause")
  PAUSE("Pause"),
  /** Nodes that failed or were changed return to the revision before. */
  @JsonProperty("Rollback")
  ROLLBACK("Rollback"),
  /** The rollout goes on; the failures are reported. */
  @JsonProperty("Continue")
  CONTINUE("Continue");

  private final String text;

  OnFailure(String text) {
    this.text = text;
  }

  /** The value as the API spells it. */
  public String text() {
    return text;
  }
}
