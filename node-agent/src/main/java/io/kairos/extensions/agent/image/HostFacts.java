package io.kairos.extensions.agent.image;

import java.util.List;

/**
 * What decides whether an extension fits a host.
 *
 * @param extensionClass of the extension
 * @param architecture of the running kernel
 * @param osRelease the host's own os-release
 * @param idLikeCounts whether the host's {@code ID_LIKE} makes an extension's {@code ID} fit too:
 *     systemd 257.13 and newer
 * @param hierarchies the folders that are merged, by the environment of the class's unit
 * @param policies what the class's unit takes when it is started and when it is reloaded; none
 *     where it takes everything
 * @param signers who has to have signed an image, each of these for itself; none where no signature
 *     is demanded
 */
public record HostFacts(
    ExtensionClass extensionClass,
    MachineArchitecture architecture,
    OsRelease osRelease,
    boolean idLikeCounts,
    List<String> hierarchies,
    List<ImagePolicy> policies,
    List<TrustedCertificates> signers) {

  /** Copies the lists. */
  public HostFacts {
    hierarchies = List.copyOf(hierarchies);
    policies = List.copyOf(policies);
    signers = List.copyOf(signers);
  }

  /** A host that takes every system extension and demands no signature. */
  public HostFacts(
      MachineArchitecture architecture,
      OsRelease osRelease,
      boolean idLikeCounts,
      List<String> hierarchies) {
    this(
        ExtensionClass.SYSEXT,
        architecture,
        osRelease,
        idLikeCounts,
        hierarchies,
        List.of(),
        List.of());
  }

  /** The same host, where these have to have signed an image. */
  public HostFacts signedBy(List<TrustedCertificates> demanded) {
    return new HostFacts(
        extensionClass, architecture, osRelease, idLikeCounts, hierarchies, policies, demanded);
  }

  /** Whether an extension that says this about itself fits the system. */
  public boolean takes(OsRelease extension) {
    return ReleaseMatch.check(extension, this).isEmpty();
  }

  /** The same host, where it boots another system. */
  public HostFacts on(OsRelease system) {
    return new HostFacts(
        extensionClass, architecture, system, idLikeCounts, hierarchies, policies, signers);
  }

  /** The same host with other policies. */
  public HostFacts withPolicies(List<ImagePolicy> others) {
    return new HostFacts(
        extensionClass, architecture, osRelease, idLikeCounts, hierarchies, others, signers);
  }

  /** The same host with other hierarchies. */
  public HostFacts withHierarchies(List<String> others) {
    return new HostFacts(
        extensionClass, architecture, osRelease, idLikeCounts, others, policies, signers);
  }

  /** A host with the default hierarchies, whose {@code ID_LIKE} does not count. */
  public static HostFacts of(
      ExtensionClass extensionClass, MachineArchitecture architecture, OsRelease osRelease) {
    return new HostFacts(
        extensionClass,
        architecture,
        osRelease,
        false,
        extensionClass.hierarchies(),
        List.of(),
        List.of());
  }

  /** The same for system extensions. */
  public static HostFacts of(MachineArchitecture architecture, OsRelease osRelease) {
    return of(ExtensionClass.SYSEXT, architecture, osRelease);
  }
}
