package io.kairos.extensions.agent.image;

import java.io.IOException;

/** The image below files and directories: its metadata, its inodes and uncompressed data. */
final class ErofsVolume {
  private static final int COMPACT = 32;
  private static final int EXTENDED = 64;
  private static final int SLOT_BITS = 5;
  private static final long MOST_INODES = 1L << 48;
  private static final long NO_BLOCK = 0xffffffffL;
  private static final int CHUNK_BITS = 0x1f;
  private static final int CHUNK_INDEXES = 0x20;
  private static final int ATTRIBUTES_HEADER = 12;
  private static final int TYPE_MASK = 0xf000;

  private final ImageBytes image;
  private final ErofsSuperblock superblock;
  private final WorkBudget budget = new WorkBudget();

  private ErofsVolume(ImageBytes image, ErofsSuperblock superblock) {
    this.image = image;
    this.superblock = superblock;
  }

  static ErofsVolume open(ImageBytes image) throws IOException {
    ErofsSuperblock superblock = ErofsSuperblock.read(image);
    return new ErofsVolume(image.window(0, superblock.length()), superblock);
  }

  ErofsSuperblock superblock() {
    return superblock;
  }

  LittleEndian structure(long position, int count) throws IOException {
    budget.spend(count);
    return image.structure(position, count);
  }

  byte[] bytes(long position, int count) throws IOException {
    budget.spend(count);
    return image.read(position, count);
  }

  void spend(long bytes) throws ImageException {
    budget.spend(bytes);
  }

  ErofsInode inode(long number) throws IOException {
    if (number < 0 || number > MOST_INODES) {
      throw ImageException.corrupt("a name leads to the inode " + number);
    }
    long position = (superblock.metadataBlock() << superblock.blockBits()) + (number << SLOT_BITS);
    LittleEndian raw = structure(position, COMPACT);
    int format = raw.u16(0);
    if (format >> 4 != 0) {
      throw ImageException.unsupported("an inode has the format " + format);
    }
    boolean extended = (format & 1) != 0;
    int count = raw.u16(2);
    return new ErofsInode(
        number,
        type(raw.u16(4)),
        ErofsInode.Layout.of(format >> 1 & 7),
        extended ? raw.u64(8) : raw.u32(8),
        raw.u32(16),
        position + (extended ? EXTENDED : COMPACT),
        count == 0 ? 0 : ATTRIBUTES_HEADER + 4 * (count - 1));
  }

  /** A range of a file's uncompressed data. */
  byte[] data(ErofsInode inode, long from, int count) throws IOException {
    if (count > ImageBytes.LARGEST_READ || from > inode.size() - count) {
      throw ImageException.corrupt("a file ends before its data");
    }
    byte[] out = new byte[count];
    int done = 0;
    while (done < count) {
      Extent extent = extent(inode, from + done);
      int part = (int) Math.min(count - done, extent.length);
      if (!extent.hole) {
        System.arraycopy(bytes(extent.position, part), 0, out, done, part);
      }
      budget.spend(part);
      done += part;
    }
    return out;
  }

  /** From a byte of a file to the end of the extent it lies in. */
  private Extent extent(ErofsInode inode, long at) throws IOException {
    return switch (inode.layout()) {
      case PLAIN -> flat(inode, at, inode.size());
      case INLINE -> {
        int block = superblock.blockSize();
        long tail = (inode.size() - 1) / block * block;
        yield at < tail ? flat(inode, at, tail) : tail(inode, at - tail, inode.size() - tail);
      }
      case CHUNKS -> chunk(inode, at);
      case COMPRESSED_FULL, COMPRESSED_COMPACT ->
          throw ImageException.corrupt("compressed data where none may be");
    };
  }

  private Extent flat(ErofsInode inode, long at, long end) {
    return inode.location() == NO_BLOCK
        ? new Extent(0, end - at, true)
        : new Extent((inode.location() << superblock.blockBits()) + at, end - at, false);
  }

  private Extent tail(ErofsInode inode, long within, long length) throws ImageException {
    long offset = inode.end() & (superblock.blockSize() - 1);
    if (offset + length > superblock.blockSize()) {
      throw ImageException.corrupt("the end of a file crosses its block");
    }
    return new Extent(inode.end() + within, length - within, false);
  }

  private Extent chunk(ErofsInode inode, long at) throws IOException {
    int format = (int) (inode.location() & 0xffff);
    int bits = superblock.blockBits() + (format & CHUNK_BITS);
    if (format >> 6 != 0) {
      throw ImageException.unsupported("a file has the chunk format " + format);
    }
    boolean indexed = (format & CHUNK_INDEXES) != 0;
    int unit = indexed ? 8 : 4;
    long table = (inode.end() + unit - 1) / unit * unit;
    LittleEndian raw = structure(table + (at >>> bits) * unit, unit);
    if (indexed && raw.u16(2) != 0) {
      throw ImageException.unsupported("a file lies on another device");
    }
    long block = raw.u32(indexed ? 4 : 0);
    long within = at & ((1L << bits) - 1);
    long length = Math.min((1L << bits) - within, inode.size() - at);
    return new Extent((block << superblock.blockBits()) + within, length, block == NO_BLOCK);
  }

  private static FileType type(int mode) throws ImageException {
    return switch (mode & TYPE_MASK) {
      case 0x4000 -> FileType.DIRECTORY;
      case 0x8000 -> FileType.REGULAR;
      case 0xa000 -> FileType.SYMLINK;
      case 0x1000, 0x2000, 0x6000, 0xc000 -> FileType.OTHER;
      default -> throw ImageException.corrupt("an inode has the mode " + mode);
    };
  }

  private record Extent(long position, long length, boolean hole) {}
}
