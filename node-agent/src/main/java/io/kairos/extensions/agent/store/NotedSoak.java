package io.kairos.extensions.agent.store;

/**
 * What is noted of an image that soaks.
 *
 * @param sha256 which
 * @param sinceMillis since when, on the clock of this boot
 * @param merge the merge that it was seen in last: another one may have come after a time without
 *     any
 */
public record NotedSoak(String sha256, long sinceMillis, String merge) {}
