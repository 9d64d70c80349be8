package io.kairos.extensions.agent;

import io.kairos.extensions.agent.fetch.FetchConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How an agent runs.
 *
 * @param nodeName the node it looks after ({@code NODE_NAME})
 * @param hostRoot where it sees the host's {@code /} ({@code HOST_ROOT}, default {@code /})
 * @param siteCa PEM certificates to believe beside the JDK's ({@code SYSEXT_CA_FILE})
 * @param fileFolders folders of the host from which {@code file://} may read ({@code
 *     SYSEXT_FILE_FOLDERS}, separated by {@code :}, default none)
 * @param statusPause the least time between two writes of the status ({@code
 *     SYSEXT_STATUS_PAUSE_MILLIS}, default 2 s)
 * @param poll how often the host is looked at when nothing else calls for it ({@code
 *     SYSEXT_POLL_SECONDS}, default 60)
 * @param fetch how images are fetched
 */
public record AgentConfig(
    String nodeName,
    Path hostRoot,
    Optional<Path> siteCa,
    List<Path> fileFolders,
    Duration statusPause,
    Duration poll,
    FetchConfig fetch) {

  private static final long MOST = Integer.MAX_VALUE;

  /** Takes a copy. */
  public AgentConfig {
    fileFolders = List.copyOf(fileFolders);
  }

  /** With nothing special about how images are fetched. */
  public AgentConfig(
      String nodeName,
      Path hostRoot,
      Optional<Path> siteCa,
      List<Path> fileFolders,
      Duration statusPause,
      Duration poll) {
    this(nodeName, hostRoot, siteCa, fileFolders, statusPause, poll, FetchConfig.DEFAULT);
  }

  /**
   * Reads the environment.
   *
   * @throws IllegalArgumentException when a variable is missing or makes no sense; the message
   *     names it
   */
  public static AgentConfig from(Map<String, String> environment) {
    String node = environment.getOrDefault("NODE_NAME", "");
    if (node.isEmpty()) {
      throw new IllegalArgumentException(
          "NODE_NAME is not set: it names the node that this agent looks after");
    }
    return new AgentConfig(
        node,
        Path.of(environment.getOrDefault("HOST_ROOT", "/")),
        Optional.ofNullable(environment.get("SYSEXT_CA_FILE"))
            .filter(s -> !s.isEmpty())
            .map(Path::of),
        Arrays.stream(environment.getOrDefault("SYSEXT_FILE_FOLDERS", "").split(":", -1))
            .filter(folder -> !folder.isEmpty())
            .map(AgentConfig::folder)
            .toList(),
        Duration.ofMillis(number(environment, "SYSEXT_STATUS_PAUSE_MILLIS", 2_000)),
        Duration.ofSeconds(number(environment, "SYSEXT_POLL_SECONDS", 60)),
        FetchConfig.from(environment));
  }

  private static Path folder(String text) {
    Path folder = Path.of(text).normalize();
    if (!folder.isAbsolute()) {
      throw new IllegalArgumentException(
          "SYSEXT_FILE_FOLDERS has '" + text + "', which is no absolute path");
    }
    return folder;
  }

  private static long number(Map<String, String> environment, String name, long fallback) {
    String text = environment.getOrDefault(name, "");
    try {
      long value = text.isEmpty() ? fallback : Long.parseLong(text);
      if (value > 0 && value <= MOST) {
        return value;
      }
    } catch (NumberFormatException notOne) {
      // said below
    }
    throw new IllegalArgumentException(
        name + " is '" + text + "', which is no whole number from 1 to " + MOST);
  }
}
