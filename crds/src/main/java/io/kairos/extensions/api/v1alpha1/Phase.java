package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Where an extension stands on a node. */
public enum Phase {
  /** Assigned; the agent has not begun. */
  @JsonProperty("Pending")
  PENDING("Pending"),
  /** The image is being downloaded and inspected. */
  @JsonProperty("Fetching")
  FETCHING("Fetching"),
  /** The verified image is in the store, not linked. */
  @JsonProperty("Staged")
  STAGED("Staged"),
  /** Linked for the next boot. */
  @JsonProperty("PendingReboot")
  PENDING_REBOOT("PendingReboot"),
  /** The merge is being refreshed. */
  @JsonProperty("Activating")
  ACTIVATING("Activating"),
  /** Merged; it has to stay so for the soak. */
  @JsonProperty("Verifying")
  VERIFYING("Verifying"),
  /** In effect as wanted. */
  @JsonProperty("Active")
  ACTIVE("Active"),
  /** Did not work; the agent tries again with growing pauses. */
  @JsonProperty("Failed")
  FAILED("Failed"),
  /** The image does not fit this host; tried again only when image or host change. */
  @JsonProperty("Incompatible")
  INCOMPATIBLE("Incompatible"),
  /** It did not work here; the version before is being put back. */
  @JsonProperty("RollingBack")
  ROLLING_BACK("RollingBack"),
  /** The version before is back; tried again only when the target changes. */
  @JsonProperty("RolledBack")
  ROLLED_BACK("RolledBack"),
  /** Being unmerged and deleted. */
  @JsonProperty("Removing")
  REMOVING("Removing"),
  /** Gone from the host. */
  @JsonProperty("Removed")
  REMOVED("Removed"),
  /** On the host, ours, but no longer assigned. */
  @JsonProperty("Released")
  RELEASED("Released");

  private final String text;

  Phase(String text) {
    this.text = text;
  }

  /** The value as the API spells it. */
  public String text() {
    return text;
  }
}
