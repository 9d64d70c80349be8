package io.kairos.extensions.agent.plan;

import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An operating system, as far as an extension is matched with it.
 *
 * @param osRelease of os-release(5), the fields that count for a match
 */
public record BootedSystem(Map<String, String> osRelease) {
  private static final Set<String> FIELDS =
      Set.of("ID", "ID_LIKE", "VERSION_ID", "SYSEXT_LEVEL", "CONFEXT_LEVEL");

  /** Keeps what counts. */
  public BootedSystem {
    osRelease =
        osRelease.entrySet().stream()
            .filter(field -> FIELDS.contains(field.getKey()))
            .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /** For a person. */
  String text() {
    return (osRelease.getOrDefault("ID", "") + " " + osRelease.getOrDefault("VERSION_ID", ""))
        .strip();
  }
}
