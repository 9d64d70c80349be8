package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Who decides whether an image has to be signed. */
public enum SignaturePolicy {
  /** The host: its own image policy, and whether it is a Trusted Boot host. */
  @JsonProperty("Host")
  HOST("Host"),
  /** It has to be, on every host. */
  @JsonProperty("Required")
  REQUIRED("Required");

  private final String text;

  SignaturePolicy(String text) {
    this.text = text;
  }

  /** The value as the API spells it. */
  public String text() {
    return text;
  }
}
