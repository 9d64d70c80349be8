package io.kairos.extensions.agent.image;

import java.util.Optional;

/** Signed images for tests elsewhere. */
public final class SignedImages {
  private SignedImages() {}

  /** A disk image with a file system and its signed hash tree. */
  public static byte[] of(byte[] fileSystem, Signer signer) {
    return new VerityImage(fileSystem).build(Optional.of(signer));
  }
}
