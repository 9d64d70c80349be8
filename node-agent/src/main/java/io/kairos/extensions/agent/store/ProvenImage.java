package io.kairos.extensions.agent.store;

import io.kairos.extensions.agent.plan.BootedSystem;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What is noted of an image that was good under a name.
 *
 * @param systems on which it was
 * @param release what it says about itself, by the fields of its extension-release; empty where
 *     nobody knows, and no way back then
 */
public record ProvenImage(Set<BootedSystem> systems, Map<String, String> release) {
  /** Takes copies. */
  public ProvenImage {
    systems = Set.copyOf(systems);
    release = Map.copyOf(Objects.requireNonNullElse(release, Map.of()));
  }
}
