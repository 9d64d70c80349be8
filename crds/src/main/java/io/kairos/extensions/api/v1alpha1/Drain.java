package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crdv2.generator.v1.SchemaCustomizer;
import io.fabric8.generator.annotation.Default;
import io.kairos.extensions.api.schema.DeepMerge;

/**
 * How pods are moved away before a node is changed.
 *
 * @param when before which changes
 * @param timeoutSeconds how long evictions may take, in seconds
 * @param onTimeout what then
 */
@SchemaCustomizer(
    value = DeepMerge.class,
    input = "properties: {timeoutSeconds: {minimum: 1, maximum: 86400}}")
public record Drain(
    @JsonPropertyDescription(
            "Reboot (default): before the reboots of activation Reboot. Always: before live changes as well. Never.")
        @Default("Reboot")
        When when,
    @JsonPropertyDescription("How long evictions may take. Default: 300.") @Default("300")
        int timeoutSeconds,
    @JsonPropertyDescription(
            "Skip (default): the node is left as it is, and tried again in the next of the windows; without windows, with"
                + " the next revision or retry. Fail: it counts as failed. Force: what is left is deleted; a node that this"
                + " does not empty in as long again counts as failed.")
        @Default("Skip")
        OnTimeout onTimeout) {

  private static final int DEFAULT_SECONDS = 300;

  /** What the API server fills in. */
  public static final Drain DEFAULT = new Drain(When.REBOOT, DEFAULT_SECONDS, OnTimeout.SKIP);

  /** Absent values as the API server fills them in. */
  public Drain {
    when = Values.or(when, When.REBOOT);
    timeoutSeconds = timeoutSeconds == 0 ? DEFAULT_SECONDS : timeoutSeconds;
    onTimeout = Values.or(onTimeout, OnTimeout.SKIP);
  }

  /** Before which changes a node is drained. */
  public enum When {
    /** The reboots of {@link Activation#REBOOT}. */
    @JsonProperty("Reboot")
    REBOOT("Reboot"),
    /** Every change that may disturb what runs on the node. */
    @JsonProperty("Always")
    ALWAYS("Always"),
    /** None. */
    @JsonProperty("Never")
    NEVER("Never");

    private final String text;

    When(String text) {
      this.text = text;
    }

    /** The value as the API spells it. */
    public String text() {
      return text;
    }
  }

  /** What becomes of a node whose pods did not go in time. */
  public enum OnTimeout {
    /** It is left as it is, without its slot, and tried later. */
    @JsonProperty("Skip")
    SKIP("Skip"),
    /** It counts as failed. */
    @JsonProperty("Fail")
    FAIL("Fail"),
    /** What is left on it is deleted, and it is changed. */
    @JsonProperty("Force")
    FORCE("Force");

    private final String text;

    OnTimeout(String text) {
      this.text = text;
    }

    /** The value as the API spells it. */
    public String text() {
      return text;
    }
  }
}
