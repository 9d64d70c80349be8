package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;

/**
 * Where an assignment stands.
 *
 * @param assignment which
 * @param phase where
 * @param reason CamelCase, never empty
 * @param message for a person, may be empty
 * @param attempts failed tries so far
 */
public record Standing(
    Assignment assignment, Phase phase, String reason, String message, int attempts) {}
