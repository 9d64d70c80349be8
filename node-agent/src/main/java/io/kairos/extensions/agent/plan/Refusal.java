package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Target;

/**
 * A target that is not tried again on this host: only another target makes this void.
 *
 * @param target what
 * @param phase what it is reported as, once nothing is left of it
 * @param reason CamelCase
 * @param message for a person
 */
public record Refusal(Target target, Phase phase, String reason, String message) {}
