package io.kairos.extensions.e2e.scenario;

import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.e2e.fleet.FleetNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Every file and link of a host's store and run folder, folders and the ledger left out. */
final class HostFiles {
  private HostFiles() {}

  /** Paths as the host sees them, with the target of links and the size of files. */
  static Map<String, String> of(FleetNode node) {
    StoreLayout layout = node.layout();
    Map<String, String> files = new TreeMap<>();
    for (Path onHost : new Path[] {StoreLayout.STORE, StoreLayout.RUN}) {
      try (Stream<Path> walk = Files.walk(layout.here(onHost))) {
        for (Path file : walk.toList()) {
          if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)
              && !file.equals(layout.ledger())) {
            files.put("/" + layout.hostRoot().relativize(file), describe(file));
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
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
