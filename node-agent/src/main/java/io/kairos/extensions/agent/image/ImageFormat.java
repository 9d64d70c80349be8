package io.kairos.extensions.agent.image;

import java.util.Locale;

/**
 * How an image is built: what a host's image policy decides about.
 *
 * @param container whether the file is the file system or has partitions
 * @param fileSystem what holds the files
 * @param protection what guards the file system, as the partitions promise
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

  /** What it is, for a message. */
  String describe() {
    String files = fileSystem.name().toLowerCase(Locale.ROOT);
    if (container == Container.BARE) {
      return "a plain " + files + " file system without verity";
    }
    String partition =
        "a " + files + (container == Container.GPT_ROOT ? " root" : " usr") + " partition";
    return switch (protection) {
      case NONE -> partition + " without verity";
      case VERITY -> partition + " with verity that nobody signed";
      case SIGNED_VERITY -> partition + " with signed verity";
    };
  }
}
