package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The boot profiles of a Kairos host; each has a folder of links in the store. */
public enum Profile {
  /** The system that boots by default. */
  @JsonProperty("active")
  ACTIVE("active"),
  /** The previous system, the fallback. */
  @JsonProperty("passive")
  PASSIVE("passive"),
  /** The recovery system; experimental, it may boot without the persistent partition. */
  @JsonProperty("recovery")
  RECOVERY("recovery"),
  /** Every boot profile; goes alone, since immucore stops linking when a name is in two folders. */
  @JsonProperty("common")
  COMMON("common");

  private final String text;

  Profile(String text) {
    this.text = text;
  }

  /** The value as the API spells it. */
  public String text() {
    return text;
  }
}
