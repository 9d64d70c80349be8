package io.kairos.extensions.operator.rollout;

/**
 * An event about a policy or an extension, as people are to read it.
 *
 * @param reason CamelCase, of {@link io.kairos.extensions.api.v1alpha1.Reasons}
 * @param warning whether something failed
 * @param note for a person
 */
public record ObjectEvent(String reason, boolean warning, String note) {}
