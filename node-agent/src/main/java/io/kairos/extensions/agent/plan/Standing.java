package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import java.util.Optional;
import lombok.With;

/**
 * Where an assignment stands.
 *
 * @param assignment which
 * @param phase where
 * @param reason CamelCase, never empty
 * @param message for a person, may be empty
 * @param attempts failed tries so far
 * @param stagedRevision the revision, present, next or upcoming, whose image is in the store; empty
 *     for none
 * @param nextFailure what is wrong with what comes next
 */
@With
public record Standing(
    Assignment assignment,
    Phase phase,
    String reason,
    String message,
    int attempts,
    String stagedRevision,
    Optional<Refusal> nextFailure) {

  /** Nothing is known of its images. */
  public Standing(Assignment assignment, Phase phase, String reason, String message, int attempts) {
    this(assignment, phase, reason, message, attempts, "", Optional.empty());
  }
}
