package io.kairos.extensions.agent.image;

/** Why an image may not be linked on this host. The text is what conditions and statuses show. */
public enum UnfitReason {
  /** Neither squashfs nor erofs nor a partition table: a web page, an archive, noise. */
  NOT_AN_IMAGE("NotAnImage"),
  /** The image says that it is longer than the file. */
  TRUNCATED("Truncated"),
  /** Recognised, but damaged or made to deceive. */
  CORRUPT_IMAGE("CorruptImage"),
  /**
   * Sound as far as one can tell, but of a form that cannot be inspected here or used by a host.
   */
  UNSUPPORTED_FORMAT("UnsupportedFormat"),
  /** There is no extension-release file at all. */
  EXTENSION_RELEASE_MISSING("ExtensionReleaseMissing"),
  /** There are extension-release files, but none that this name may use. */
  EXTENSION_RELEASE_MISNAMED("ExtensionReleaseMisnamed"),
  /** The extension-release file cannot be read as one. */
  EXTENSION_RELEASE_INVALID("ExtensionReleaseInvalid"),
  /** Made for another architecture. */
  ARCHITECTURE_MISMATCH("ArchitectureMismatch"),
  /** Made for another operating system, or another version or level of it. */
  OS_MISMATCH("OsMismatch"),
  /** Made for portable services or the initrd, not for the running system. */
  SCOPE_MISMATCH("ScopeMismatch"),
  /** Would replace the host's own {@code usr/lib/os-release}. */
  CARRIES_OS_RELEASE("CarriesOsRelease"),
  /** Holds nothing that would be merged. */
  NO_HIERARCHY("NoHierarchy");

  private final String text;

  UnfitReason(String text) {
    this.text = text;
  }

  /** The CamelCase constant. */
  public String text() {
    return text;
  }
}
