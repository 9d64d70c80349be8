package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Phase;

/**
 * A target is not tried again on this host: only another target or attempt makes this void.
 *
 * @param phase what it is reported as, once nothing is left of it
 * @param reason CamelCase
 * @param message for a person
 */
public record Refusal(Phase phase, String reason, String message) {}
