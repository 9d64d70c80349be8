package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What to do with a unit of the host after an extension's files changed. */
public enum ServiceAction {
  /** Stopped and started anew; started where it did not run. */
  @JsonProperty("Restart")
  RESTART("Restart"),
  /** Told to read its files anew; restarted where it cannot; started where it did not run. */
  @JsonProperty("Reload")
  RELOAD("Reload"),
  /** Started where it did not run, else left alone. */
  @JsonProperty("Start")
  START("Start"),
  /** Left alone; it is only stopped when its extension goes. */
  @JsonProperty("None")
  NONE("None");

  private final String text;

  ServiceAction(String text) {
    this.text = text;
  }

  /** The value as the API spells it. */
  public String text() {
    return text;
  }
}
