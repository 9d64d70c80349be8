package io.kairos.extensions.agent.plan;

/**
 * The last try of a target failed.
 *
 * @param attempts tries so far, at least 1
 * @param reason CamelCase
 * @param message for a person
 * @param retryAtMillis when to try again, on the agent's monotonic clock
 */
public record Failure(int attempts, String reason, String message, long retryAtMillis) {}
