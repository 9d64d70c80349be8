package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import lombok.Builder;

/**
 * A policy's maintenance of a node: pods are moved away, then the agent is allowed to do what
 * disturbs the node. It is the operator's memory, so that a drain outlives the process that began
 * it, and its word to the agent. Times are RFC 3339 by the operator's clock.
 *
 * @param policy whose change it is for
 * @param revision of that policy; an outcome counts for it alone
 * @param attempt of that revision; an outcome counts for it alone
 * @param bootId the boot of the host that it is for: in every other boot it allows nothing
 * @param stage how far it is
 * @param time when the stage began
 * @param reason of an outcome: CamelCase, of {@link Reasons}
 * @param message of an outcome, for a person
 */
@Builder(toBuilder = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Maintenance(
    @JsonPropertyDescription("The NodeExtensionPolicy whose change it is for.")
        @Required
        @Size(max = 253)
        String policy,
    @JsonPropertyDescription("The revision it is for.") @Size(max = 63) String revision,
    @JsonPropertyDescription("The attempt it is for.") @Size(max = 63) String attempt,
    @JsonPropertyDescription("The boot it is for: in another boot it allows nothing.")
        @Required
        @Size(max = 63)
        String bootId,
    @JsonPropertyDescription(
            "Drain: pods are being moved away. Activate: what waited for that may be activated. Reboot: the host may be"
                + " rebooted. Skipped, Failed: given up, until its assignments are admitted anew.")
        @Required
        Stage stage,
    @JsonPropertyDescription("When the stage began, by the operator's clock.") @Size(max = 40)
        String time,
    @JsonPropertyDescription("Why it was given up, in CamelCase.") @Size(max = 63) String reason,
    @JsonPropertyDescription("Why it was given up, for a person.") @Size(max = 1024)
        String message) {

  /** How far a maintenance is. */
  public enum Stage {
    /** The node is cordoned, its pods are evicted. Allows nothing. */
    @JsonProperty("Drain")
    DRAIN("Drain"),
    /** The pods are gone: what waited for that may be activated. */
    @JsonProperty("Activate")
    ACTIVATE("Activate"),
    /** The pods are gone: the host may be rebooted, once. */
    @JsonProperty("Reboot")
    REBOOT("Reboot"),
    /** The pods did not go: the node is left as it is, and holds up nobody. */
    @JsonProperty("Skipped")
    SKIPPED("Skipped"),
    /** The pods did not go, or the host did not come back: it counts as failed. */
    @JsonProperty("Failed")
    FAILED("Failed");

    private final String text;

    Stage(String text) {
      this.text = text;
    }

    /** The value as the API spells it. */
    public String text() {
      return text;
    }
  }

  /** Absent values as empty ones. */
  public Maintenance {
    revision = Values.text(revision);
    attempt = Values.text(attempt);
    bootId = Values.text(bootId);
    time = Values.text(time);
    reason = Values.text(reason);
    message = Values.text(message);
  }

  /** Whether the node is being disturbed by it, or about to be: it was not given up. */
  @JsonIgnore
  public boolean isActive() {
    return stage != Stage.SKIPPED && stage != Stage.FAILED;
  }

  /** Whether the agent may do what disturbs the node. */
  @JsonIgnore
  public boolean isGrant() {
    return stage == Stage.ACTIVATE || stage == Stage.REBOOT;
  }
}
