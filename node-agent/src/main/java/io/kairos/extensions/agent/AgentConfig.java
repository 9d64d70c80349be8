package io.kairos.extensions.agent;

import io.kairos.extensions.agent.fetch.FetchConfig;
import io.kairos.extensions.agent.plan.Storage;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import lombok.Builder;

/**
 * How an agent runs.
 *
 * @param nodeName the node it looks after ({@code NODE_NAME})
 * @param hostRoot where it sees the host's {@code /} ({@code HOST_ROOT}, default {@code /})
 * @param siteCa PEM certificates to believe beside the JDK's ({@code SYSEXT_CA_FILE})
 * @param fileFolders folders of the host from which {@code file://} may read ({@code
 *     SYSEXT_FILE_FOLDERS}, separated by {@code :}, default none)
 * @param commandsAllowed whether health checks may be commands: whoever may write a SystemExtension
 *     is then root on the host, even without an image ({@code SYSEXT_ALLOW_COMMANDS}, default
 *     false)
 * @param statusPause the least time between two writes of the status ({@code
 *     SYSEXT_STATUS_PAUSE_MILLIS}, default 2 s)
 * @param poll how often the host is looked at when nothing else calls for it ({@code
 *     SYSEXT_POLL_SECONDS}, default 60)
 * @param trustedCertificates PEM certificates of those who may sign images, where an extension
 *     names no ConfigMap ({@code SYSEXT_TRUSTED_CERTIFICATES}, default none)
 * @param images what is kept of images that nobody needs: how many for each extension ({@code
 *     SYSEXT_KEEP_IMAGES}, default 1), and only while this much of the store is free ({@code
 *     SYSEXT_MIN_FREE_BYTES}, default 1 GiB or a tenth of the file system, whichever is less)
 * @param probes where {@code /livez}, {@code /readyz} and {@code /metrics} are served ({@code
 *     PROBE_PORT}, default nowhere; {@code PROBE_ADDRESS}, default {@code 127.0.0.1})
 * @param fetch how images are fetched
 */
@Builder(toBuilder = true)
public record AgentConfig(
    String nodeName,
    Path hostRoot,
    Optional<Path> siteCa,
    List<Path> fileFolders,
    boolean commandsAllowed,
    Duration statusPause,
    Duration poll,
    Optional<Path> trustedCertificates,
    Storage.Limits images,
    Optional<InetSocketAddress> probes,
    FetchConfig fetch) {

  private static final long MOST = Integer.MAX_VALUE;
  private static final long MOST_IMAGES = 1_000;
  private static final long MOST_PORTS = 65_535;
  private static final String MIN_FREE = "SYSEXT_MIN_FREE_BYTES";

  /** Takes a copy. */
  public AgentConfig {
    fileFolders = List.copyOf(fileFolders);
  }

  /** With the default of everything that has one. */
  public static AgentConfig of(String nodeName, Path hostRoot) {
    return from(Map.of("NODE_NAME", nodeName, "HOST_ROOT", hostRoot.toString()));
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
        path(environment, "SYSEXT_CA_FILE"),
        Arrays.stream(environment.getOrDefault("SYSEXT_FILE_FOLDERS", "").split(":", -1))
            .filter(folder -> !folder.isEmpty())
            .map(AgentConfig::folder)
            .toList(),
        flag(environment, "SYSEXT_ALLOW_COMMANDS"),
        Duration.ofMillis(number(environment, "SYSEXT_STATUS_PAUSE_MILLIS", 2_000)),
        Duration.ofSeconds(number(environment, "SYSEXT_POLL_SECONDS", 60)),
        path(environment, "SYSEXT_TRUSTED_CERTIFICATES"),
        new Storage.Limits(
            (int)
                number(
                    environment,
                    "SYSEXT_KEEP_IMAGES",
                    Storage.Limits.DEFAULT.keepImages(),
                    0,
                    MOST_IMAGES),
            environment.getOrDefault(MIN_FREE, "").isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(number(environment, MIN_FREE, 0, 0, Long.MAX_VALUE))),
        probes(environment),
        FetchConfig.from(environment));
  }

  /** By its address alone: a name would have to be looked up. */
  private static Optional<InetSocketAddress> probes(Map<String, String> environment) {
    String address = environment.getOrDefault("PROBE_ADDRESS", "127.0.0.1");
    if (!address.matches("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")) {
      throw new IllegalArgumentException(
          "PROBE_ADDRESS is '" + address + "', which is no IP address");
    }
    int port = (int) number(environment, "PROBE_PORT", -1, -1, MOST_PORTS);
    return port < 0 ? Optional.empty() : Optional.of(new InetSocketAddress(address, port));
  }

  private static Optional<Path> path(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name)).filter(s -> !s.isEmpty()).map(Path::of);
  }

  private static Path folder(String text) {
    Path folder = Path.of(text).normalize();
    if (!folder.isAbsolute()) {
      throw new IllegalArgumentException(
          "SYSEXT_FILE_FOLDERS has '" + text + "', which is no absolute path");
    }
    return folder;
  }

  private static boolean flag(Map<String, String> environment, String name) {
    String text = environment.getOrDefault(name, "");
    return switch (text) {
      case "true" -> true;
      case "", "false" -> false;
      default ->
          throw new IllegalArgumentException(
              name + " is '" + text + "', which is neither true nor false");
    };
  }

  private static long number(Map<String, String> environment, String name, long fallback) {
    return number(environment, name, fallback, 1, MOST);
  }

  private static long number(
      Map<String, String> environment, String name, long fallback, long least, long most) {
    String text = environment.getOrDefault(name, "");
    try {
      long value = text.isEmpty() ? fallback : Long.parseLong(text);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException notOne) {
      // said below
    }
    throw new IllegalArgumentException(
        name + " is '" + text + "', which is no whole number from " + least + " to " + most);
  }
}
