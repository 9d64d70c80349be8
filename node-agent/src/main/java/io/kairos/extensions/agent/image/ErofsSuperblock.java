package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * The superblock of an EROFS image, 1024 bytes from its start (erofs_fs.h of erofs-utils and
 * Linux).
 *
 * @param blockBits the block size is two to the power of this, in bytes
 * @param blocks how long the image is, in blocks
 * @param metadataBlock where inode 0 would lie
 * @param attributesBlock where shared attributes lie
 * @param packedInode holds the ends of files that were packed together, 0 if none were
 */
record ErofsSuperblock(
    int blockBits,
    long blocks,
    long rootInode,
    long metadataBlock,
    long attributesBlock,
    long packedInode) {

  static final int OFFSET = 1024;
  static final long MAGIC = 0xe0f5e1e2L;
  private static final int SIZE = 128;
  private static final int SMALLEST_BLOCK_BITS = 9;
  private static final int LARGEST_BLOCK_BITS = 16;
  private static final long HAS_CHECKSUM = 1;

  /** Bit 3 also marks a second compressor; only the number of devices tells. */
  private static final long DEVICE_TABLE = 0x08;

  private static final long FRAGMENTS = 0x20;

  /** Compression in its variants, chunks, fragments, attribute prefixes: bits 0 to 6. */
  private static final long KNOWN_FEATURES = 0x7f;

  static ErofsSuperblock read(ImageBytes image) throws IOException {
    if (image.length() < OFFSET + SIZE) {
      throw ImageException.truncated("the erofs superblock", OFFSET + SIZE, image.length());
    }
    LittleEndian raw = image.structure(OFFSET, SIZE);
    int bits = raw.u8(12);
    if (bits < SMALLEST_BLOCK_BITS || bits > LARGEST_BLOCK_BITS) {
      throw ImageException.corrupt("its block size is 2 to the power of " + bits);
    }
    long features = raw.u32(80);
    if ((features & ~KNOWN_FEATURES) != 0) {
      throw ImageException.unsupported(
          "it uses erofs features that are not inspected: 0x" + Long.toHexString(features));
    }
    if ((features & DEVICE_TABLE) != 0 && raw.u16(86) != 0) {
      throw ImageException.unsupported("it needs " + raw.u16(86) + " more files (erofs devices)");
    }
    long blocks = raw.u32(36);
    if (blocks << bits > image.length()) {
      throw ImageException.truncated("the erofs image", blocks << bits, image.length());
    }
    if ((raw.u32(8) & HAS_CHECKSUM) != 0) {
      checkChecksum(image, bits, raw.u32(4));
    }
    return new ErofsSuperblock(
        bits,
        blocks,
        raw.u16(14),
        raw.u32(40),
        raw.u32(44),
        (features & FRAGMENTS) != 0 ? raw.u64(96) : 0);
  }

  private static void checkChecksum(ImageBytes image, int bits, long expected) throws IOException {
    int block = 1 << bits;
    int length = block > OFFSET ? block - OFFSET : block;
    byte[] covered = image.read(OFFSET, length);
    Arrays.fill(covered, 4, 8, (byte) 0);
    CRC32C crc = new CRC32C();
    crc.update(covered);
    // The format leaves out the final inversion.
    if ((~crc.getValue() & 0xffffffffL) != expected) {
      throw ImageException.corrupt("the checksum of its erofs superblock is wrong");
    }
  }

  int blockSize() {
    return 1 << blockBits;
  }

  /** In bytes. */
  long length() {
    return blocks << blockBits;
  }
}
