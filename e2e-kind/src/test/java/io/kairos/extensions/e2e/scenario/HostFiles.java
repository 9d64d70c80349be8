package io.kairos.extensions.e2e.scenario;

import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.e2e.fleet.FleetNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Every file and link of a host's store and run folder, folders and the notes in /run left out.
 *
 * <p>The agent at work writes while this reads: a list counts only if nothing vanished under it,
 * and no answer of the host to a question of the agent's was on its way.
 */
final class HostFiles {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static final String ANSWER = "/run/extensions/.sysext-operator-";

  private HostFiles() {}

  /** Paths as the host sees them, with the target of links and the size of files. */
  static Map<String, String> of(FleetNode node) {
    return await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(20))
        .ignoreExceptionsMatching(HostFiles::isVanished)
        .until(
            () -> list(node.layout()),
            files -> files.keySet().stream().noneMatch(path -> path.contains(ANSWER)));
  }

  private static boolean isVanished(Throwable failure) {
    return failure instanceof NoSuchFileException
        || failure.getCause() instanceof NoSuchFileException;
  }

  private static Map<String, String> list(StoreLayout layout) throws IOException {
    Map<String, String> files = new TreeMap<>();
    for (Path onHost : new Path[] {StoreLayout.STORE, StoreLayout.RUN}) {
      try (Stream<Path> walk = Files.walk(layout.here(onHost))) {
        for (Path file : walk.toList()) {
          if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)
              && !file.equals(layout.ledger())
              && !file.equals(layout.proofs())) {
            files.put("/" + layout.hostRoot().relativize(file), describe(file));
          }
        }
      }
    }
    return files;
  }

  private static String describe(Path file) throws IOException {
    return Files.isSymbolicLink(file)
        ? "-> " + Files.readSymbolicLink(file)
        : Files.size(file) + " bytes";
  }
}
