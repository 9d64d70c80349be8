package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What happens on a node when a policy stops to want an extension there. */
public enum Removal {
  /** Unmerged, unlinked and deleted. */
  @JsonProperty("Remove")
  REMOVE("Remove"),
  /** Left on the host as it is, no longer looked after. */
  @JsonProperty("Orphan")
  ORPHAN("Orphan");

  private final String text;

  Removal(String text) {
    this.text = text;
  }

  /** The value as the API spells it. */
  public String text() {
    return text;
  }
}
