package io.kairos.extensions.e2e.host;

/** How an extension image is packed. */
public enum ImageFormat {
  /** A bare squashfs. */
  SQUASHFS,
  /** A bare erofs. */
  EROFS,
  /**
   * A GPT disk image whose one partition, a root partition of this machine's architecture, holds a
   * squashfs.
   */
  GPT
}
