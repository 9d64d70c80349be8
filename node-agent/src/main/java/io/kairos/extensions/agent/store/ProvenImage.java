package io.kairos.extensions.agent.store;

import io.kairos.extensions.agent.plan.BootedSystem;
import java.util.Set;

/**
 * What is noted of an image that was good under a name.
 *
 * @param systems on which it was
 */
public record ProvenImage(Set<BootedSystem> systems) {
  /** Takes a copy. */
  public ProvenImage {
    systems = Set.copyOf(systems);
  }
}
