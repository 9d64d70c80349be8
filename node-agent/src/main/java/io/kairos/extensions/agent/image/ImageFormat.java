package io.kairos.extensions.agent.image;

/**
 * How an image is built: what a host's image policy decides about.
 *
 * @param container whether the file is the file system or has partitions
 * @param fileSystem what holds the files
 * @param protection what guards the file system, as the partitions promise; nothing is verified
 *     here
 */
public record ImageFormat(Container container, FileSystemType fileSystem, Protection protection) {
  /** What the file is. */
  public enum Container {
    /** The file system itself. */
    BARE,
    /** A GPT with a root partition. */
    GPT_ROOT,
    /** A GPT with a usr partition. */
    GPT_USR
  }

  /** What holds the files. */
  public enum FileSystemType {
    /** Squashfs 4.0. */
    SQUASHFS,
    /** EROFS. */
    EROFS
  }

  /** What guards the files. */
  public enum Protection {
    /** Nothing. */
    NONE,
    /** A dm-verity partition, whose root hash nothing vouches for. */
    VERITY,
    /** A dm-verity partition and a signature of its root hash. */
    SIGNED_VERITY
  }
}
