package io.kairos.extensions.operator.rollout;

/**
 * What people are told about a policy or an extension, as an event of the cluster.
 *
 * @param reason CamelCase, of {@link io.kairos.extensions.api.v1alpha1.Reasons}
 * @param warning whether something failed
 * @param note for a person
 */
public record PolicyEvent(String reason, boolean warning, String note) {}
