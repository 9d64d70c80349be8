package io.kairos.extensions.e2e.cluster;

import java.nio.file.Path;

/** What one way of getting an API server came to. */
sealed interface Attempt {

  /** The programs lie in {@code folder}, and nothing else does: it may be moved. */
  record Got(Path folder, String version) implements Attempt {}

  /** In one sentence for a person. */
  record Failed(String reason) implements Attempt {}
}
