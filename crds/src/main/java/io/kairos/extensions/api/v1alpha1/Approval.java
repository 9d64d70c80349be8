package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What it takes to go on after a wave. */
public enum Approval {
  /** Its completion. */
  @JsonProperty("Automatic")
  AUTOMATIC("Automatic"),
  /** Its completion, and a person's word: {@link Api#APPROVE_ANNOTATION}. */
  @JsonProperty("Manual")
  MANUAL("Manual");

  private final String text;

  Approval(String text) {
    this.text = text;
  }

  /** The value as the API spells it. */
  public String text() {
    return text;
  }
}
