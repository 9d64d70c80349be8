package io.kairos.extensions.operator.rollout;

/**
 * Why a policy admits nobody at present, or none of its waves.
 *
 * @param reason CamelCase, of {@link io.kairos.extensions.api.v1alpha1.Reasons}
 * @param message for a person
 * @param note the same in short, for each of the nodes that wait
 */
public record Hold(String reason, String message, String note) {}
