package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * The superblock of a dm-verity hash partition: version 1, as cryptsetup writes it and the kernel's
 * documentation (admin-guide/device-mapper/verity) and cryptsetup's "verity on-disk format"
 * describe it. Only hash type 1 is taken, in which a hash covers the salt and then the block; type
 * 0 is Chrome OS's of old.
 */
final class VeritySuperblock {
  /** Length of the structure; the tree begins with the next whole block. */
  static final int BYTES = 512;

  private static final byte[] MAGIC = "verity\0\0".getBytes(StandardCharsets.US_ASCII);
  private static final int NORMAL = 1;
  private static final int ALGORITHM_BYTES = 32;
  private static final int SMALLEST_BLOCK = 512;
  private static final int LARGEST_BLOCK = 64 << 10;
  private static final int LARGEST_SALT = 256;

  /** By the kernel's names. SHA-1 is left out: two files of one hash can be made. */
  private static final Map<String, Digest> ALGORITHMS =
      Map.of(
          "sha256", new Digest("SHA-256", 32),
          "sha384", new Digest("SHA-384", 48),
          "sha512", new Digest("SHA-512", 64));

  private final Digest digest;
  private final int dataBlockBytes;
  private final int hashBlockBytes;
  private final long dataBlocks;
  private final byte[] salt;

  private VeritySuperblock(
      Digest digest, int dataBlockBytes, int hashBlockBytes, long dataBlocks, byte[] salt) {
    this.digest = digest;
    this.dataBlockBytes = dataBlockBytes;
    this.hashBlockBytes = hashBlockBytes;
    this.dataBlocks = dataBlocks;
    this.salt = salt;
  }

  private record Digest(String java, int bytes) {}

  /**
   * Reads it from the start of a partition.
   *
   * @throws ImageException if it is none, is damaged, or of a kind that is not verified here
   * @throws IOException if the file cannot be read
   */
  static VeritySuperblock read(ImageBytes partition) throws IOException {
    if (partition.length() < BYTES) {
      throw ImageException.truncated("the verity partition", BYTES, partition.length());
    }
    LittleEndian raw = partition.structure(0, BYTES);
    if (!Arrays.equals(raw.copy(0, MAGIC.length), MAGIC)) {
      throw ImageException.corrupt("its verity partition has no dm-verity superblock");
    }
    long version = raw.u32(8);
    long type = raw.u32(12);
    if (version != 1 || type != NORMAL) {
      throw ImageException.unsupported(
          "its verity superblock has version "
              + version
              + " and hash type "
              + type
              + ", not 1 and 1");
    }
    String name = raw.text(32, raw.zero(32, 32 + ALGORITHM_BYTES) - 32);
    Digest digest = ALGORITHMS.get(name);
    if (digest == null) {
      throw ImageException.unsupported(
          "its verity tree is made with "
              + Printable.quoted(name)
              + ": make it with sha256, sha384 or sha512");
    }
    int data = blockBytes("data", raw.u32(64));
    int hash = blockBytes("hash", raw.u32(68));
    long blocks = raw.u64(72);
    int salt = raw.u16(80);
    if (blocks == 0 || blocks > Long.MAX_VALUE / data) {
      throw ImageException.corrupt("its verity superblock counts " + blocks + " data blocks");
    }
    if (salt > LARGEST_SALT) {
      throw ImageException.corrupt("its verity superblock has a salt of " + salt + " bytes");
    }
    return new VeritySuperblock(digest, data, hash, blocks, raw.copy(88, salt));
  }

  /** The hash, as Java calls it. */
  String algorithm() {
    return digest.java;
  }

  /** The length of a hash in bytes. */
  int digestBytes() {
    return digest.bytes;
  }

  /** The size of a data block in bytes. */
  int dataBlockBytes() {
    return dataBlockBytes;
  }

  /** The size of a block of the tree in bytes. */
  int hashBlockBytes() {
    return hashBlockBytes;
  }

  /** How many data blocks the tree covers. */
  long dataBlocks() {
    return dataBlocks;
  }

  /** What goes before every block. */
  byte[] salt() {
    return salt.clone();
  }

  private static int blockBytes(String what, long size) throws ImageException {
    if (size < SMALLEST_BLOCK || size > LARGEST_BLOCK || Long.bitCount(size) != 1) {
      throw ImageException.corrupt(
          "its verity superblock has " + what + " blocks of " + size + " bytes");
    }
    return (int) size;
  }
}
