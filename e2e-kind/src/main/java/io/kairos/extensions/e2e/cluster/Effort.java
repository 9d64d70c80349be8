package io.kairos.extensions.e2e.cluster;

/**
 * How much may be done to get hold of a real API server. Each level includes the ones before it.
 */
public enum Effort {
  /** Use what is on this machine already: no network, no waiting. */
  CACHED_ONLY,
  /** Download it, if that answers at once and ends within a minute. */
  DOWNLOAD,
  /** Build it from source with Go, if it cannot be downloaded. The first time takes minutes. */
  BUILD
}
