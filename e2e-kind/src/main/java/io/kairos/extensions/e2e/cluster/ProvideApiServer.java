package io.kairos.extensions.e2e.cluster;

import java.util.List;

/**
 * Puts an API server onto this machine before the tests look for one: {@code [--required]
 * [cached|download|build]}, {@code build} if not said otherwise. Without one, it ends well unless
 * it is required, as the tests then run on the mock server.
 */
public final class ProvideApiServer {

  private ProvideApiServer() {}

  @SuppressWarnings("SystemOut") // that is what it is for
  public static void main(String[] arguments) {
    List<String> given = List.of(arguments);
    Effort effort =
        given.contains("cached")
            ? Effort.CACHED_ONLY
            : given.contains("download") ? Effort.DOWNLOAD : Effort.BUILD;
    KubeApiBinaries found =
        KubeApiBinaries.find(effort, line -> System.out.println("API server: " + line));
    if (found instanceof KubeApiBinaries.Available available) {
      System.out.println(
          "API server: %s, %s: %s"
              .formatted(
                  available.version(),
                  switch (available.source()) {
                    case CACHED -> "already here";
                    case DOWNLOADED -> "downloaded";
                    case BUILT -> "built";
                  },
                  available.folder()));
    } else if (found instanceof KubeApiBinaries.Unavailable unavailable) {
      System.out.println("API server: none. Tests will run on the mock server. What was tried:");
      unavailable.reasons().forEach(reason -> System.out.println("API server: - " + reason));
      if (given.contains("--required")) {
        System.exit(1);
      }
    }
  }
}
