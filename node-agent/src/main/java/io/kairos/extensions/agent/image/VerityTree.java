package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A dm-verity hash tree over a data partition (the kernel's admin-guide/device-mapper/verity).
 * Level 0 holds the hashes of the data blocks, each level above those of the blocks below, until
 * one block is left, whose hash is the root. The highest level lies first, right after the
 * superblock; a hash takes the next power of two of bytes.
 *
 * <p>The check walks the data once from its start to its end and holds one block of each level,
 * which was compared with its parent when it was read: whatever the size of the image, memory is a
 * few blocks and no byte is believed before its hash was right. The work is bounded by the lengths
 * of the two partitions.
 */
final class VerityTree {
  private static final int CHUNK = 256 << 10;

  private final ImageBytes data;
  private final ImageBytes hashes;
  private final VeritySuperblock superblock;
  private final MessageDigest digest;
  private final byte[] salt;
  private final int fanOutBits;

  /** The first block of each level, counted from the start of the partition. */
  private final long[] starts;

  private final long[] loaded;
  private final byte[][] blocks;
  private byte[] root;

  /**
   * Lays the tree out.
   *
   * @throws ImageException if the partitions are too short for it
   */
  VerityTree(ImageBytes data, ImageBytes hashes, VeritySuperblock superblock)
      throws ImageException {
    this.data = data;
    this.hashes = hashes;
    this.superblock = superblock;
    this.digest = digest(superblock.algorithm());
    this.salt = superblock.salt();
    this.fanOutBits =
        31 - Integer.numberOfLeadingZeros(superblock.hashBlockBytes() / superblock.digestBytes());
    long covered = superblock.dataBlocks() * superblock.dataBlockBytes();
    if (covered > data.length()) {
      throw ImageException.truncated("the data that verity covers", covered, data.length());
    }
    int levels = 0;
    while (last(levels - 1) > 0) {
      levels++;
    }
    this.starts = new long[levels];
    this.loaded = new long[levels];
    this.blocks = new byte[levels][];
    Arrays.fill(loaded, -1);
    long next = 1; // a block is never smaller than the superblock before the tree
    for (int level = levels - 1; level >= 0; level--) {
      starts[level] = next;
      next += last(level) + 1;
    }
    if (next > hashes.length() / superblock.hashBlockBytes()) {
      throw ImageException.truncated(
          "the verity tree", next * superblock.hashBlockBytes(), hashes.length());
    }
  }

  /** The last block of a level; those of level -1 are the data blocks. */
  private long last(int level) {
    return (superblock.dataBlocks() - 1) >> (fanOutBits * (level + 1));
  }

  /** The data that the tree covers: what a host sees of the partition. */
  ImageBytes covered() throws ImageException {
    return data.window(0, superblock.dataBlocks() * superblock.dataBlockBytes());
  }

  /** The root hash as the tree has it, which says nothing yet about what is below. */
  byte[] root() throws IOException {
    return starts.length == 0
        ? hash(data.read(0, superblock.dataBlockBytes()), 0, superblock.dataBlockBytes())
        : hash(hashBlock(starts.length - 1, 0), 0, superblock.hashBlockBytes());
  }

  /**
   * Compares everything with a root hash.
   *
   * @throws ImageException with the first block that is not what it was when the tree was made
   * @throws IOException if the file cannot be read
   */
  void check(byte[] wantedRoot) throws IOException {
    root = wantedRoot.clone();
    int size = superblock.dataBlockBytes();
    int atOnce = Math.max(1, CHUNK / size);
    for (long first = 0; first < superblock.dataBlocks(); first += atOnce) {
      int count = (int) Math.min(atOnce, superblock.dataBlocks() - first);
      byte[] chunk = data.read(first * size, count * size);
      for (int i = 0; i < count; i++) {
        if (!matches(hash(chunk, i * size, size), 0, first + i)) {
          throw tampered("data block " + (first + i), "data", (first + i) * size, size);
        }
      }
    }
  }

  /** Whether a hash is the one that a level, or the root above the highest, has for a block. */
  private boolean matches(byte[] found, int level, long index) throws IOException {
    if (level == starts.length) {
      return MessageDigest.isEqual(found, root);
    }
    load(level, index >> fanOutBits);
    int at = (int) (index & ((1L << fanOutBits) - 1)) * (superblock.hashBlockBytes() >> fanOutBits);
    return Arrays.equals(blocks[level], at, at + found.length, found, 0, found.length);
  }

  private void load(int level, long index) throws IOException {
    if (loaded[level] == index) {
      return;
    }
    byte[] block = hashBlock(level, index);
    if (!matches(hash(block, 0, block.length), level + 1, index)) {
      throw tampered(
          "block " + index + " of level " + level + " of the hash tree",
          "verity",
          (starts[level] + index) * block.length,
          block.length);
    }
    blocks[level] = block;
    loaded[level] = index;
  }

  private byte[] hashBlock(int level, long index) throws IOException {
    return hashes.read(
        (starts[level] + index) * superblock.hashBlockBytes(), superblock.hashBlockBytes());
  }

  private byte[] hash(byte[] bytes, int from, int count) {
    digest.update(salt);
    digest.update(bytes, from, count);
    return digest.digest();
  }

  private ImageException tampered(String what, String partition, long at, int size) {
    return new ImageException(
        UnfitReason.DATA_TAMPERED,
        what
            + " ("
            + size
            + " bytes at "
            + at
            + " of the "
            + partition
            + " partition) was changed after the image was made: its hash does not lead to the root hash "
            + HexFormat.of().formatHex(root));
  }

  private static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime of ours has " + algorithm, e);
    }
  }
}
