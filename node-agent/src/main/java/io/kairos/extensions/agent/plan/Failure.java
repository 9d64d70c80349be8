package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Target;

/**
 * The last try of a target failed.
 *
 * @param target what was tried; another target makes this void
 * @param attempts tries so far, at least 1
 * @param reason CamelCase
 * @param message for a person
 * @param retryAtMillis when to try again, on the agent's monotonic clock
 */
public record Failure(
    Target target, int attempts, String reason, String message, long retryAtMillis) {}
