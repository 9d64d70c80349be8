package io.kairos.extensions.agent.fetch;

import io.kairos.extensions.agent.store.HostPaths;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Sources that give a stalled server up soon, for tests of what comes after. */
public final class ImpatientSources {
  private ImpatientSources() {}

  /** With so much patience for each part of an answer. */
  public static Sources of(Path root, Duration patience) throws IOException {
    return new Sources(
        Optional.empty(),
        new HostPaths(root),
        List.of(),
        FetchConfig.DEFAULT,
        Limits.DEFAULT.withPatience(patience));
  }
}
