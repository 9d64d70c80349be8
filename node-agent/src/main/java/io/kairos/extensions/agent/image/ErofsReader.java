package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.util.Optional;

/** Reads an EROFS image: directories, small files, links and attributes. */
final class ErofsReader implements FileSystem {
  private static final int DIRENT = 12;
  private static final int LONGEST_NAME = 255;

  private final ErofsVolume volume;
  private final ErofsAttributes attributes;

  private ErofsReader(ErofsVolume volume) {
    this.volume = volume;
    this.attributes = new ErofsAttributes(volume);
  }

  static ErofsReader open(ImageBytes image) throws IOException {
    return new ErofsReader(ErofsVolume.open(image));
  }

  @Override
  public long root() {
    return volume.superblock().rootInode();
  }

  @Override
  public Entry entry(long reference) throws IOException {
    ErofsInode inode = volume.inode(reference);
    return new Entry(inode.type(), inode.size(), reference);
  }

  @Override
  public void scan(Entry directory, Names names) throws IOException {
    ErofsInode inode = volume.inode(directory.reference());
    if (inode.type() != FileType.DIRECTORY) {
      throw ImageException.corrupt("a file is listed as a directory");
    }
    if (inode.size() > LARGEST_DIRECTORY) {
      throw ImageException.unsupported("a directory has " + inode.size() + " bytes");
    }
    int blockSize = volume.superblock().blockSize();
    for (long at = 0; at < inode.size(); at += blockSize) {
      int length = (int) Math.min(blockSize, inode.size() - at);
      if (!scanBlock(new LittleEndian(data(inode, at, length)), names)) {
        return;
      }
    }
  }

  /** A block begins with its entries; the first one's name offset tells how many there are. */
  private static boolean scanBlock(LittleEndian block, Names names) throws IOException {
    int end = block.u16(8);
    if (end < DIRENT || end % DIRENT != 0 || end > block.length()) {
      throw ImageException.corrupt("a directory block has its first name at " + end);
    }
    for (int at = 0; at < end; at += DIRENT) {
      int from = block.u16(at + 8);
      boolean last = at + DIRENT == end;
      int to = last ? block.zero(from, block.length()) : block.u16(at + DIRENT + 8);
      if (to - from > LONGEST_NAME) {
        throw ImageException.corrupt("a name has " + (to - from) + " bytes");
      }
      String name = block.text(from, to - from);
      if (!name.equals(".")
          && !name.equals("..")
          && !names.next(FileSystem.checkedName(name), type(block.u8(at + 10)), block.i64(at))) {
        return false;
      }
    }
    return true;
  }

  private static FileType type(int number) throws ImageException {
    return switch (number) {
      case 1 -> FileType.REGULAR;
      case 2 -> FileType.DIRECTORY;
      case 3, 4, 5, 6 -> FileType.OTHER;
      case 7 -> FileType.SYMLINK;
      default -> throw ImageException.corrupt("a name has the type " + number);
    };
  }

  @Override
  public byte[] read(Entry file) throws IOException {
    ErofsInode inode = volume.inode(file.reference());
    if (inode.type() != FileType.REGULAR || inode.size() > ImageBytes.LARGEST_READ) {
      throw ImageException.unsupported("a file of " + inode.size() + " bytes is not read");
    }
    return data(inode, 0, (int) inode.size());
  }

  @Override
  public String target(Entry link) throws IOException {
    ErofsInode inode = volume.inode(link.reference());
    if (inode.type() != FileType.SYMLINK || inode.size() > LONGEST_TARGET) {
      throw ImageException.corrupt("a symbolic link has " + inode.size() + " bytes");
    }
    int length = (int) inode.size();
    return new LittleEndian(data(inode, 0, length)).text(0, length);
  }

  @Override
  public Optional<byte[]> userAttribute(Entry entry, String name) throws IOException {
    return attributes.user(volume.inode(entry.reference()), name);
  }

  private byte[] data(ErofsInode inode, long from, int count) throws IOException {
    return inode.layout().isCompressed()
        ? new ErofsCompressedData(volume, inode).read(from, count)
        : volume.data(inode, from, count);
  }
}
