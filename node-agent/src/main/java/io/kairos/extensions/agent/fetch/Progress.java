package io.kairos.extensions.agent.fetch;

/** A body that reads more than it hands on. */
interface Progress {
  /** What it has read so far, in bytes. */
  long bytes();
}
