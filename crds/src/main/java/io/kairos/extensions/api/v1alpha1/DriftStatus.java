package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;

/**
 * How often something that was in effect on a node no longer was, without the agent's doing. The
 * agent repairs it and counts it here.
 *
 * @param count of such findings since this object came to be
 * @param time of the last one, RFC 3339, empty before the first
 * @param message what the last one was, for a person, empty before the first
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record DriftStatus(
    @JsonPropertyDescription("How often drift was found since this object came to be.") long count,
    @JsonPropertyDescription("When it was found last.") String time,
    @JsonPropertyDescription("What was found last.") String message) {

  /** Before the first. */
  public static final DriftStatus NONE = new DriftStatus(0, "", "");

  /** Absent values as empty ones. */
  public DriftStatus {
    time = Values.text(time);
    message = Values.text(message);
  }
}
