package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Which of systemd's extension classes an image is of. */
public enum ExtensionType {
  /** A system extension: merged over {@code /usr} and {@code /opt} by systemd-sysext(8). */
  @JsonProperty("Sysext")
  SYSEXT("Sysext"),

  /** A configuration extension: merged over {@code /etc} by systemd-confext(8). */
  @JsonProperty("Confext")
  CONFEXT("Confext");

  private final String text;

  ExtensionType(String text) {
    this.text = text;
  }

  /** The value as the API spells it. */
  public String text() {
    return text;
  }
}
