package io.kairos.extensions.agent.image;

import java.util.List;

/**
 * What decides whether an extension fits a host.
 *
 * @param architecture of the running kernel
 * @param osRelease the host's own os-release
 * @param idLikeCounts whether the host's {@code ID_LIKE} makes an extension's {@code ID} fit too:
 *     systemd 257.13 and newer
 * @param hierarchies the folders that are merged, {@code SYSTEMD_SYSEXT_HIERARCHIES} of the host's
 *     systemd-sysext.service
 */
public record HostFacts(
    MachineArchitecture architecture,
    OsRelease osRelease,
    boolean idLikeCounts,
    List<String> hierarchies) {

  /** What systemd-sysext merges when nobody says otherwise. */
  public static final List<String> DEFAULT_HIERARCHIES = List.of("/usr", "/opt");

  /** Copies the list. */
  public HostFacts {
    hierarchies = List.copyOf(hierarchies);
  }

  /** A host with the default hierarchies, whose {@code ID_LIKE} does not count. */
  public static HostFacts of(MachineArchitecture architecture, OsRelease osRelease) {
    return new HostFacts(architecture, osRelease, false, DEFAULT_HIERARCHIES);
  }
}
