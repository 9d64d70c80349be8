package io.kairos.extensions.e2e.scenario;

import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.e2e.fleet.FleetNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Every file and link of a host's stores and run folders, folders and notes of ours left out.
 *
 * <p>The agent at work writes while this reads: a list counts only if nothing vanished under it,
 * and neither a link, nor a note, nor an answer of the host to a question of the agent's was on its
 * way. What stays on its way never counts, and fails the test.
 */
final class HostFiles {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static final String ANSWER = "/run/extensions/.sysext-operator-";
  private static final String HALF_LINKED = "/.sysext-operator.link";

  private HostFiles() {}

  /** Paths as the host sees them, with the target of links and the size of files. */
  static Map<String, String> of(FleetNode node) {
    return await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(20))
        .ignoreExceptionsMatching(HostFiles::isVanished)
        .until(() -> list(node), files -> files.keySet().stream().noneMatch(onItsWay(node)));
  }

  private static Predicate<String> onItsWay(FleetNode node) {
    List<String> links =
        Stream.of(ExtensionClass.values())
            .map(node::layout)
            .map(layout -> onHost(layout, layout.links()) + "/")
            .toList();
    return path ->
        path.contains(ANSWER)
            || path.endsWith(HALF_LINKED)
            || path.endsWith(".json.part")
            || links.stream().anyMatch(path::startsWith);
  }

  private static String onHost(StoreLayout layout, Path here) {
    return "/" + layout.host().root().relativize(here);
  }

  /** Whether a file was there a moment ago. */
  static boolean isVanished(Throwable failure) {
    return failure instanceof NoSuchFileException
        || failure.getCause() instanceof NoSuchFileException;
  }

  private static Map<String, String> list(FleetNode node) throws IOException {
    Map<String, String> files = new TreeMap<>();
    for (ExtensionClass one : ExtensionClass.values()) {
      list(node.layout(one), files);
    }
    return files;
  }

  private static void list(StoreLayout layout, Map<String, String> files) throws IOException {
    List<Path> folders = new ArrayList<>(List.of(layout.storeOnHost(), layout.runOnHost()));
    layout.profiles().stream().map(layout::profileOnHost).forEach(folders::add);
    for (Path onHost : folders) {
      if (!Files.isDirectory(layout.here(onHost))) {
        continue;
      }
      try (Stream<Path> walk = Files.walk(layout.here(onHost))) {
        for (Path file : walk.toList()) {
          if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)
              && !file.equals(layout.verified())
              && !file.equals(layout.fit())
              && !file.equals(layout.entries())
              && !file.equals(layout.proven())
              && !file.equals(layout.ledger())
              && !file.equals(layout.proofs())
              && !file.equals(layout.soaks())) {
            files.put(onHost(layout, file), describe(file));
          }
        }
      }
    }
  }

  private static String describe(Path file) throws IOException {
    return Files.isSymbolicLink(file)
        ? "-> " + Files.readSymbolicLink(file)
        : Files.size(file) + " bytes";
  }
}
