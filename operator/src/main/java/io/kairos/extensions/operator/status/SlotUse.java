package io.kairos.extensions.operator.status;

/**
 * The slots of a policy.
 *
 * @param used nodes that take one
 * @param capacity how many there are: maxUnavailable of this fleet
 */
public record SlotUse(int used, int capacity) {}
