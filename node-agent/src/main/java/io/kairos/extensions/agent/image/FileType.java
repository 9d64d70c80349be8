package io.kairos.extensions.agent.image;

/** What an entry of an image's tree is. */
public enum FileType {
  /** A file with bytes. */
  REGULAR,
  /** A directory. */
  DIRECTORY,
  /** A symbolic link. */
  SYMLINK,
  /** A device, pipe or socket; a character device 0/0 is overlayfs' mark for "deleted". */
  OTHER
}
