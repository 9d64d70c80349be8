package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.util.Optional;

/**
 * The extended attributes of a squashfs image. An inode's number leads to an entry of the id table
 * (where its list is, how many there are); long values may lie elsewhere.
 */
final class SquashfsAttributes {
  static final long NONE = 0xffffffffL;

  private static final int USER = 0;
  private static final int ELSEWHERE = 0x100;
  private static final int NAMESPACE_MASK = 0xff;
  private static final int MOST = 1024;
  private static final int LONGEST_VALUE = 64 << 10;

  private final ImageBytes image;
  private final SquashfsSuperblock superblock;
  private final SquashfsMetadata metadata;

  SquashfsAttributes(ImageBytes image, SquashfsSuperblock superblock, SquashfsMetadata metadata) {
    this.image = image;
    this.superblock = superblock;
    this.metadata = metadata;
  }

  Optional<byte[]> user(long number, String name) throws IOException {
    if (number == NONE || !superblock.hasXattrs()) {
      return Optional.empty();
    }
    LittleEndian header = image.structure(superblock.xattrIdTable(), 16);
    long table = header.u64(0);
    if (number >= header.u32(8)) {
      throw ImageException.corrupt("a file has attributes that do not exist");
    }
    LittleEndian id = metadata.tableEntry(superblock.xattrIdTable() + 16, number, 16);
    long count = id.u32(8);
    if (count > MOST) {
      throw ImageException.corrupt("a file has " + count + " attributes");
    }
    SquashfsMetadata.Cursor cursor = at(table, id.u64(0));
    for (long i = 0; i < count; i++) {
      LittleEndian raw = cursor.take(4);
      int type = raw.u16(0);
      int length = raw.u16(2);
      String found = cursor.take(length).text(0, length);
      byte[] value = value(cursor);
      if ((type & NAMESPACE_MASK) == USER && found.equals(name)) {
        return Optional.of((type & ELSEWHERE) == 0 ? value : elsewhere(table, value));
      }
    }
    return Optional.empty();
  }

  private byte[] elsewhere(long table, byte[] reference) throws IOException {
    return value(at(table, new LittleEndian(reference).u64(0)));
  }

  private SquashfsMetadata.Cursor at(long table, long reference) throws IOException {
    return metadata.cursor(table + (reference >>> 16), (int) (reference & 0xffff));
  }

  private static byte[] value(SquashfsMetadata.Cursor cursor) throws IOException {
    long length = cursor.take(4).u32(0);
    if (length > LONGEST_VALUE) {
      throw ImageException.corrupt("an attribute has " + length + " bytes");
    }
    return cursor.take((int) length).copy(0, (int) length);
  }
}
