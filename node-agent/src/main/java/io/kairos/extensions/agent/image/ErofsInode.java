package io.kairos.extensions.agent.image;

/**
 * An EROFS inode.
 *
 * @param number its slot of 32 bytes in the metadata area
 * @param type what it is
 * @param layout how its data lies
 * @param size in bytes
 * @param location the word whose meaning depends on the layout: first block, or chunk format
 * @param attributes where its inline attributes begin, in bytes from the image's start
 * @param attributesSize in bytes
 */
record ErofsInode(
    long number,
    FileType type,
    Layout layout,
    long size,
    long location,
    long attributes,
    int attributesSize) {

  /** How data lies, by number. */
  enum Layout {
    PLAIN,
    COMPRESSED_FULL,
    INLINE,
    COMPRESSED_COMPACT,
    CHUNKS;

    static Layout of(int number) throws ImageException {
      if (number >= values().length) {
        throw ImageException.unsupported("an inode has the layout " + number);
      }
      return values()[number];
    }

    boolean isCompressed() {
      return this == COMPRESSED_FULL || this == COMPRESSED_COMPACT;
    }
  }

  /** Where inode and attributes end: the tail of the data, or the map to it, follows. */
  long end() {
    return attributes + attributesSize;
  }
}
