package io.kairos.extensions.agent.image;

import io.kairos.extensions.api.v1alpha1.Reasons;

/** Why an image may not be linked on this host. The text is what conditions and statuses show. */
public enum UnfitReason {
  /** Neither squashfs nor erofs nor a partition table: a web page, an archive, noise. */
  NOT_AN_IMAGE(Reasons.NOT_AN_IMAGE),
  /** The image says that it is longer than the file. */
  TRUNCATED(Reasons.TRUNCATED),
  /** Recognised, but damaged or made to deceive. */
  CORRUPT_IMAGE(Reasons.CORRUPT_IMAGE),
  /**
   * Sound as far as one can tell, but of a form that cannot be inspected here or used by a host.
   */
  UNSUPPORTED_FORMAT(Reasons.UNSUPPORTED_FORMAT),
  /** There is no extension-release file at all. */
  EXTENSION_RELEASE_MISSING(Reasons.EXTENSION_RELEASE_MISSING),
  /** There are extension-release files, but none that this name may use. */
  EXTENSION_RELEASE_MISNAMED(Reasons.EXTENSION_RELEASE_MISNAMED),
  /** The extension-release file cannot be read as one. */
  EXTENSION_RELEASE_INVALID(Reasons.EXTENSION_RELEASE_INVALID),
  /** Made for another architecture. */
  ARCHITECTURE_MISMATCH(Reasons.ARCHITECTURE_MISMATCH),
  /** Made for another operating system, or another version or level of it. */
  OS_MISMATCH(Reasons.OS_MISMATCH),
  /** Made for portable services or the initrd, not for the running system. */
  SCOPE_MISMATCH(Reasons.SCOPE_MISMATCH),
  /** Would replace the host's own {@code usr/lib/os-release}. */
  CARRIES_OS_RELEASE(Reasons.CARRIES_OS_RELEASE),
  /** Holds nothing that would be merged. */
  NO_HIERARCHY(Reasons.NO_HIERARCHY),
  /** The host's own image policy does not let an image of this kind in. */
  IMAGE_POLICY_REFUSED(Reasons.IMAGE_POLICY_REFUSED),
  /** A signature is demanded, and there is none. */
  SIGNATURE_REQUIRED(Reasons.SIGNATURE_REQUIRED),
  /** The signature is none, or not that of the root hash. */
  SIGNATURE_INVALID(Reasons.SIGNATURE_INVALID),
  /** Signed by somebody who is not trusted. */
  SIGNATURE_UNTRUSTED(Reasons.SIGNATURE_UNTRUSTED),
  /** The root hash is that of other partitions. */
  ROOT_HASH_MISMATCH(Reasons.ROOT_HASH_MISMATCH),
  /** A block of the data or of the hash tree is not what it was when the image was made. */
  DATA_TAMPERED(Reasons.DATA_TAMPERED);

  private final String text;

  UnfitReason(String text) {
    this.text = text;
  }

  /** The CamelCase constant. */
  public String text() {
    return text;
  }
}
