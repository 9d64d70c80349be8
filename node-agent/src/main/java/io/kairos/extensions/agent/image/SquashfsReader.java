package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.util.Optional;

/**
 * Reads a squashfs 4.0 image: inodes, directories, small files, links and attributes. Layout:
 * squashfs_fs.h of squashfs-tools; references are {@code block << 16 | offset} into the inode
 * table.
 */
final class SquashfsReader implements FileSystem {
  private static final long NO_FRAGMENT = 0xffffffffL;
  private static final long STORED = 1 << 24;
  private static final int LONGEST_HEADER_RUN = 256;
  private static final int EXTENDED = 7;

  private final ImageBytes image;
  private final SquashfsSuperblock superblock;
  private final SquashfsMetadata metadata;
  private final SquashfsAttributes attributes;
  private final WorkBudget budget = new WorkBudget();

  private SquashfsReader(ImageBytes image, SquashfsSuperblock superblock) {
    this.image = image;
    this.superblock = superblock;
    this.metadata = new SquashfsMetadata(image, superblock.compressor(), budget);
    this.attributes = new SquashfsAttributes(image, superblock, metadata);
  }

  static SquashfsReader open(ImageBytes image) throws IOException {
    SquashfsSuperblock superblock = SquashfsSuperblock.read(image);
    return new SquashfsReader(image.window(0, superblock.bytesUsed()), superblock);
  }

  @Override
  public long root() {
    return superblock.rootInode();
  }

  @Override
  public Entry entry(long reference) throws IOException {
    Inode inode = inode(reference);
    return new Entry(inode.type, inode.size, reference);
  }

  @Override
  public void scan(Entry directory, Names names) throws IOException {
    Inode inode = inode(directory.reference());
    if (inode.type != FileType.DIRECTORY) {
      throw ImageException.corrupt("a file is listed as a directory");
    }
    // The size counts three bytes for the "." and ".." that are not stored.
    long left = inode.size - 3;
    if (left > LARGEST_DIRECTORY) {
      throw ImageException.unsupported("a directory has " + left + " bytes");
    }
    if (left <= 0) {
      return;
    }
    SquashfsMetadata.Cursor cursor =
        metadata.cursor(superblock.directoryTable() + inode.start, (int) inode.offset);
    while (left > 0) {
      LittleEndian header = cursor.take(12);
      left -= 12;
      long count = header.u32(0) + 1;
      if (count > LONGEST_HEADER_RUN) {
        throw ImageException.corrupt("a directory header counts " + count + " names");
      }
      for (long i = 0; i < count; i++) {
        LittleEndian raw = cursor.take(8);
        int length = raw.u16(6) + 1;
        String name = FileSystem.checkedName(cursor.take(length).text(0, length));
        left -= 8 + length;
        budget.spend(8 + length);
        if (left < 0) {
          throw ImageException.corrupt("a directory is longer than its size");
        }
        long reference = header.u32(4) << 16 | raw.u16(0);
        if (!names.next(name, type(raw.u16(4)), reference)) {
          return;
        }
      }
    }
  }

  @Override
  public byte[] read(Entry file) throws IOException {
    Inode inode = inode(file.reference());
    if (inode.type != FileType.REGULAR || inode.size > ImageBytes.LARGEST_READ) {
      throw ImageException.unsupported("a file of " + inode.size + " bytes is not read");
    }
    byte[] out = new byte[(int) inode.size];
    int blockSize = superblock.blockSize();
    boolean fragment = inode.fragment != NO_FRAGMENT;
    int blocks = fragment ? out.length / blockSize : (out.length + blockSize - 1) / blockSize;
    long position = inode.start;
    for (int i = 0; i < blocks; i++) {
      long stored = inode.rest.take(4).u32(0);
      int length = Math.min(blockSize, out.length - i * blockSize);
      long size = stored & ~STORED;
      if (size != 0) {
        byte[] block = data(position, stored);
        checkLength(block, 0, length);
        System.arraycopy(block, 0, out, i * blockSize, length);
      }
      position += size;
    }
    int done = Math.min(blocks * blockSize, out.length);
    if (fragment && done < out.length) {
      copyFragment(inode, out, done);
    }
    return out;
  }

  @Override
  public String target(Entry link) throws IOException {
    Inode inode = inode(link.reference());
    if (inode.type != FileType.SYMLINK || inode.size > LONGEST_TARGET) {
      throw ImageException.corrupt("a symbolic link has " + inode.size + " bytes");
    }
    int length = (int) inode.size;
    return inode.rest.take(length).text(0, length);
  }

  @Override
  public Optional<byte[]> userAttribute(Entry entry, String name) throws IOException {
    return attributes.user(inode(entry.reference()).xattr, name);
  }

  private void copyFragment(Inode inode, byte[] out, int done) throws IOException {
    if (!superblock.hasFragments() || inode.fragment >= superblock.fragments()) {
      throw ImageException.corrupt("a file lies in a fragment that does not exist");
    }
    LittleEndian entry = metadata.tableEntry(superblock.fragmentTable(), inode.fragment, 16);
    byte[] block = data(entry.u64(0), entry.u32(8));
    int length = out.length - done;
    checkLength(block, inode.offset, length);
    System.arraycopy(block, (int) inode.offset, out, done, length);
  }

  private static void checkLength(byte[] block, long from, int length) throws ImageException {
    if (from + length > block.length) {
      throw ImageException.corrupt("a data block is shorter than the file in it");
    }
  }

  private byte[] data(long position, long stored) throws IOException {
    long size = stored & ~STORED;
    if (size == 0 || size > superblock.blockSize()) {
      throw ImageException.corrupt("a data block has " + size + " bytes");
    }
    byte[] raw = image.read(position, (int) size);
    budget.spend(superblock.blockSize());
    return (stored & STORED) != 0
        ? raw
        : superblock.compressor().decode(raw, superblock.blockSize());
  }

  /** The kind of a basic inode, which directories also use; extended inodes add seven. */
  private static FileType type(int number) throws ImageException {
    return switch (number) {
      case 1 -> FileType.DIRECTORY;
      case 2 -> FileType.REGULAR;
      case 3 -> FileType.SYMLINK;
      case 4, 5, 6, 7 -> FileType.OTHER;
      default -> throw ImageException.corrupt("an inode has the type " + number);
    };
  }

  private Inode inode(long reference) throws IOException {
    SquashfsMetadata.Cursor cursor =
        metadata.cursor(superblock.inodeTable() + (reference >>> 16), (int) (reference & 0xffff));
    int number = cursor.take(16).u16(0);
    return switch (number) {
      case 1 -> {
        LittleEndian raw = cursor.take(16);
        yield new Inode(
            FileType.DIRECTORY, raw.u16(8), raw.u32(0), NO_FRAGMENT, raw.u16(10), cursor);
      }
      case 2 -> {
        LittleEndian raw = cursor.take(16);
        yield new Inode(FileType.REGULAR, raw.u32(12), raw.u32(0), raw.u32(4), raw.u32(8), cursor);
      }
      case 3, 10 -> symlink(number, cursor);
      case 4, 5, 6, 7 -> new Inode(FileType.OTHER, 0, 0, NO_FRAGMENT, 0, cursor);
      case 8 -> {
        LittleEndian raw = cursor.take(24);
        yield new Inode(
            FileType.DIRECTORY,
            raw.u32(4),
            raw.u32(8),
            NO_FRAGMENT,
            raw.u16(18),
            raw.u32(20),
            cursor);
      }
      case 9 -> {
        LittleEndian raw = cursor.take(40);
        yield new Inode(
            FileType.REGULAR,
            raw.u64(8),
            raw.u64(0),
            raw.u32(28),
            raw.u32(32),
            raw.u32(36),
            cursor);
      }
      default -> new Inode(type(number - EXTENDED), 0, 0, NO_FRAGMENT, 0, cursor);
    };
  }

  private static Inode symlink(int number, SquashfsMetadata.Cursor cursor) throws IOException {
    long size = cursor.take(8).u32(4);
    return new Inode(FileType.SYMLINK, size, 0, NO_FRAGMENT, number, cursor);
  }

  /**
   * What is needed of an inode.
   *
   * @param start of a directory, its block in the directory table; of a file, its first data block
   * @param offset of a directory, its place in that block; of a file, its place in the fragment
   * @param rest what follows the inode's fixed part: a file's block sizes, a link's target
   */
  private record Inode(
      FileType type,
      long size,
      long start,
      long fragment,
      long offset,
      long xattr,
      SquashfsMetadata.Cursor rest) {

    Inode(
        FileType type,
        long size,
        long start,
        long fragment,
        long offset,
        SquashfsMetadata.Cursor rest) {
      this(type, size, start, fragment, offset, SquashfsAttributes.NONE, rest);
    }
  }
}
