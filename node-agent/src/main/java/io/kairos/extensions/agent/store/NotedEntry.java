package io.kairos.extensions.agent.store;

import io.kairos.extensions.agent.plan.BootedSystem;
import java.util.Objects;

/**
 * What is noted of a boot entry.
 *
 * @param system that it boots
 * @param bootedLast whether it is the entry that was booted last
 */
public record NotedEntry(BootedSystem system, boolean bootedLast) {
  /** Refuses a note that says nothing of the system. */
  public NotedEntry {
    Objects.requireNonNull(system, "system");
  }
}
