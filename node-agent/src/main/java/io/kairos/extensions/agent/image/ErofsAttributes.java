package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.util.Optional;

/**
 * The extended attributes of an EROFS image: an inode's own follow it, those that many inodes have
 * lie in a shared area. Names behind a long prefix (an option of mkfs.erofs that nobody uses for
 * {@code user.}) are passed over.
 */
final class ErofsAttributes {
  private static final int USER = 1;
  private static final int HEADER = 12;

  private final ErofsVolume volume;

  ErofsAttributes(ErofsVolume volume) {
    this.volume = volume;
  }

  Optional<byte[]> user(ErofsInode inode, String name) throws IOException {
    if (inode.attributesSize() <= HEADER) {
      return Optional.empty();
    }
    LittleEndian raw = volume.structure(inode.attributes(), inode.attributesSize());
    int shared = raw.u8(4);
    int at = HEADER + 4 * shared;
    while (at < raw.length()) {
      int nameLength = raw.u8(at);
      int valueLength = raw.u16(at + 2);
      if (matches(raw, at, name)) {
        return Optional.of(raw.copy(at + 4 + nameLength, valueLength));
      }
      at += (4 + nameLength + valueLength + 3) & ~3;
    }
    long area = volume.superblock().attributesBlock() << volume.superblock().blockBits();
    for (int i = 0; i < shared; i++) {
      long position = area + 4 * raw.u32(HEADER + 4 * i);
      LittleEndian head = volume.structure(position, 4);
      int size = 4 + head.u8(0) + head.u16(2);
      LittleEndian entry = volume.structure(position, size);
      if (matches(entry, 0, name)) {
        return Optional.of(entry.copy(4 + entry.u8(0), entry.u16(2)));
      }
    }
    return Optional.empty();
  }

  private static boolean matches(LittleEndian raw, int at, String name) throws ImageException {
    return raw.u8(at + 1) == USER && raw.text(at + 4, raw.u8(at)).equals(name);
  }
}
