package io.kairos.extensions.e2e.host;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.regex.Pattern;
import lombok.With;

/**
 * What a host shall be like. Start with {@link #named(String)}.
 *
 * @param name its host name
 * @param kairos whether it is a host of Kairos, whose immucore tells the booted profile and links
 *     its extensions; else nobody does, and {@code /var/lib/extensions}, {@code /var/lib/confexts}
 *     and {@code /var/lib/sysext-operator} outlive its boots, each a mount of its own
 * @param bootProfile what it boots into at first
 * @param kairosDropIn whether {@code systemd-sysext.service} and {@code systemd-confext.service}
 *     have the drop-ins of a Kairos host ({@code refresh} for start and reload, ten seconds to
 *     start), or are as systemd ships them
 * @param imagePolicy the image policy in these drop-ins; none takes every image. From systemd 255
 *     on
 * @param trustedBoot whether the host says that it booted trusted; nothing is verified for it
 * @param merging whether its boots start the units that merge: they are enabled, as on most hosts
 * @param ownNetwork whether it has a network of its own, nothing but a loopback; else it shares the
 *     machine's
 * @param stateMebibytes the size of the file system at {@code /var/lib/kairos}; without, it is a
 *     plain folder
 * @param files more files, each of an absolute path on the host; laid over its root at each boot
 */
@With
public record HostOptions(
    String name,
    boolean kairos,
    Profile bootProfile,
    boolean kairosDropIn,
    Optional<String> imagePolicy,
    boolean trustedBoot,
    boolean merging,
    boolean ownNetwork,
    OptionalInt stateMebibytes,
    Map<String, String> files) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?");

  /** Checks the values. */
  public HostOptions {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("not a host name: " + name);
    }
    stateMebibytes.ifPresent(
        size -> {
          if (size < 1) {
            throw new IllegalArgumentException("no file system has " + size + " MiB");
          }
        });
    for (String path : files.keySet()) {
      if (!path.startsWith("/") || path.contains("/../") || path.endsWith("/..")) {
        throw new IllegalArgumentException("not an absolute path: " + path);
      }
    }
    files = Map.copyOf(files);
  }

  /**
   * A Kairos host that boots into active, takes every image, and has a network of its own and no
   * bounds to its disk.
   */
  public static HostOptions named(String name) {
    return new HostOptions(
        name,
        true,
        Profile.ACTIVE,
        true,
        Optional.empty(),
        false,
        true,
        true,
        OptionalInt.empty(),
        Map.of());
  }

  /** A host as Debian makes it: with systemd's own units, and nothing of Kairos. */
  public static HostOptions systemd(String name) {
    return named(name).withKairos(false).withKairosDropIn(false);
  }

  /** The same with one more file on the host. */
  public HostOptions withFile(String path, String content) {
    Map<String, String> more = new TreeMap<>(files);
    more.put(path, content);
    return withFiles(more);
  }

  /** The same with a small file system at {@code /var/lib/kairos}. */
  public HostOptions withState(int mebibytes) {
    return withStateMebibytes(OptionalInt.of(mebibytes));
  }
}
