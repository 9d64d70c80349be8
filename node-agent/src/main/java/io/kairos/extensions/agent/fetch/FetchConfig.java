package io.kairos.extensions.agent.fetch;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * How images are fetched.
 *
 * @param proxies which proxy leads to which server ({@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code
 *     NO_PROXY})
 * @param mirrors where else to look ({@code SYSEXT_MIRRORS})
 * @param maxImageBytes the size of the largest image ({@code SYSEXT_MAX_IMAGE_BYTES}, default 8
 *     GiB)
 * @param sourcesFolder where the Secret with pull secrets and certificates is mounted ({@code
 *     SYSEXT_SOURCES_DIR}, default none); read anew for each download
 */
public record FetchConfig(
    Proxies proxies, Mirrors mirrors, long maxImageBytes, Optional<Path> sourcesFolder) {

  /** No proxy, no mirror, no secrets. */
  public static final FetchConfig DEFAULT =
      new FetchConfig(Proxies.NONE, Mirrors.NONE, Limits.MAX_IMAGE_BYTES, Optional.empty());

  /**
   * Reads the environment.
   *
   * @throws IllegalArgumentException when a variable makes no sense; the message names it
   */
  public static FetchConfig from(Map<String, String> environment) {
    String folder = environment.getOrDefault("SYSEXT_SOURCES_DIR", "");
    return new FetchConfig(
        Proxies.from(environment),
        Mirrors.parse(environment.getOrDefault("SYSEXT_MIRRORS", "")),
        bytes(environment.getOrDefault("SYSEXT_MAX_IMAGE_BYTES", "")),
        folder.isEmpty() ? Optional.empty() : Optional.of(Path.of(folder)));
  }

  private static long bytes(String text) {
    try {
      long value = text.isEmpty() ? Limits.MAX_IMAGE_BYTES : Long.parseLong(text);
      if (value > 0) {
        return value;
      }
    } catch (NumberFormatException notOne) {
      // said below
    }
    throw new IllegalArgumentException(
        "SYSEXT_MAX_IMAGE_BYTES is '" + text + "', which is no whole number of bytes");
  }
}
