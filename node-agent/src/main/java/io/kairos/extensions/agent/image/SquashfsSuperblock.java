package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.util.Arrays;

/**
 * The first 96 bytes of a squashfs 4.0 image (squashfs_fs.h of squashfs-tools and Linux). Positions
 * are bytes from the image's start.
 */
record SquashfsSuperblock(
    Compressor compressor,
    int blockSize,
    long fragments,
    long rootInode,
    long bytesUsed,
    long xattrIdTable,
    long inodeTable,
    long directoryTable,
    long fragmentTable) {

  static final long MAGIC = 0x73717368L;
  static final long MAGIC_BIG_ENDIAN = 0x68737173L;
  private static final int SIZE = 96;
  private static final long NONE = -1;

  /** The compressors, by number. */
  enum Compressor {
    GZIP(1),
    LZMA(2),
    LZO(3),
    XZ(4),
    LZ4(5),
    ZSTD(6);

    private final int number;

    Compressor(int number) {
      this.number = number;
    }

    /**
     * Unpacks a block.
     *
     * @param limit how many bytes it may have; one that unpacks to more is refused, as by the
     *     kernel
     */
    byte[] decode(byte[] in, int limit) throws ImageException {
      byte[] out = new byte[limit + 1];
      int length = decode(in, out);
      if (length > limit) {
        throw ImageException.corrupt("a block unpacks to more than " + limit + " bytes");
      }
      return Arrays.copyOf(out, length);
    }

    private int decode(byte[] in, byte[] out) throws ImageException {
      return switch (this) {
        case GZIP -> Decoders.inflate(in, 0, out, false);
        case XZ -> Decoders.xz(in, out);
        case LZ4 -> Lz4Block.decode(in, 0, out);
        case ZSTD -> Decoders.zstd(in, out);
        case LZO -> Decoders.lzo(in, out);
        case LZMA ->
            throw ImageException.unsupported(
                "it is compressed with lzma, which no kernel mounts: use zstd or xz");
      };
    }
  }

  static SquashfsSuperblock read(ImageBytes image) throws IOException {
    if (image.length() < SIZE) {
      throw ImageException.truncated("the squashfs superblock", SIZE, image.length());
    }
    LittleEndian raw = image.structure(0, SIZE);
    int major = raw.u16(28);
    int minor = raw.u16(30);
    if (raw.u32(0) != MAGIC || major != 4 || minor != 0) {
      throw ImageException.unsupported(
          "it is squashfs " + major + "." + minor + "; only 4.0 little-endian is mounted");
    }
    int blockSize = blockSize(raw);
    long bytesUsed = raw.u64(40);
    if (bytesUsed > image.length()) {
      throw ImageException.truncated("the squashfs image", bytesUsed, image.length());
    }
    if (bytesUsed > image.length() / Gpt.SECTOR * Gpt.SECTOR) {
      throw ImageException.unsupported(
          "its "
              + image.length()
              + " bytes are no whole sectors, and a loop device leaves out the rest: build it"
              + " without -nopad");
    }
    return new SquashfsSuperblock(
        compressor(raw.u16(20)),
        blockSize,
        raw.u32(16),
        raw.u64(32),
        bytesUsed,
        optionalTable(raw, 56, bytesUsed),
        table(raw, 64, bytesUsed),
        table(raw, 72, bytesUsed),
        optionalTable(raw, 80, bytesUsed));
  }

  private static int blockSize(LittleEndian raw) throws ImageException {
    long size = raw.u32(12);
    int log = raw.u16(22);
    if (log < 12 || log > 20 || size != 1L << log) {
      throw ImageException.corrupt("its block size is " + size + " and its logarithm " + log);
    }
    return (int) size;
  }

  private static Compressor compressor(int number) throws ImageException {
    Compressor compressor =
        Arrays.stream(Compressor.values())
            .filter(c -> c.number == number)
            .findFirst()
            .orElseThrow(() -> ImageException.unsupported("it has the compressor " + number));
    if (compressor == Compressor.LZMA) {
      compressor.decode(new byte[0], 0);
    }
    return compressor;
  }

  private static long table(LittleEndian raw, int at, long bytesUsed) throws ImageException {
    long position = raw.u64(at);
    if (position < SIZE || position > bytesUsed) {
      throw ImageException.corrupt("a table lies at " + position + " of " + bytesUsed + " bytes");
    }
    return position;
  }

  private static long optionalTable(LittleEndian raw, int at, long bytesUsed)
      throws ImageException {
    return raw.i64(at) == NONE ? NONE : table(raw, at, bytesUsed);
  }

  boolean hasFragments() {
    return fragmentTable != NONE;
  }

  boolean hasXattrs() {
    return xattrIdTable != NONE;
  }
}
