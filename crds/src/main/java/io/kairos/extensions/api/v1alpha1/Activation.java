package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How a staged image gets merged. */
public enum Activation {
  /** Verified and kept in the store; nothing links it. */
  @JsonProperty("Stage")
  STAGE("Stage"),
  /** Linked now, merged by the next boot, whenever that is. */
  @JsonProperty("NextBoot")
  NEXT_BOOT("NextBoot"),
  /** Merged at once, and kept for later boots once it has proven itself. */
  @JsonProperty("Live")
  LIVE("Live"),
  /** Linked, then merged by a reboot that the operator grants: drained before, proven after. */
  @JsonProperty("Reboot")
  REBOOT("Reboot");

  private final String text;

  Activation(String text) {
    this.text = text;
  }

  /** The value as the API spells it. */
  public String text() {
    return text;
  }
}
