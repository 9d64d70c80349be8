package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32;

/**
 * A GUID partition table (UEFI 2.10, chapter 5) of 512-byte sectors, with everything checked that
 * Linux and libblkid check: protective MBR, signature, both checksums, ranges and overlaps. The
 * backup table at the end is not read: a host would fall back to it, but an image that needs it is
 * damaged.
 *
 * @param partitions in table order
 */
public record Gpt(List<Partition> partitions) {
  static final int SECTOR = 512;

  /** Where systemd looks for one besides, to tell the size of a sector. */
  static final List<Integer> OTHER_SECTORS = List.of(1024, 2048, 4096);

  static final long SIGNATURE = 0x5452415020494645L;
  private static final long MOST_SECTORS = 1L << 48;
  private static final int ENTRY = 128;
  private static final int MOST_ENTRIES = 1024;
  private static final int SMALLEST_HEADER = 92;
  private static final int MBR_ENTRIES = 446;
  private static final int MBR_ENTRY = 16;
  private static final int PROTECTIVE = 0xee;
  private static final UUID UNUSED = new UUID(0, 0);

  /** Copies the list. */
  public Gpt {
    partitions = List.copyOf(partitions);
  }

  /**
   * One partition.
   *
   * @param number from 1, as in a device's name
   * @param type the type GUID
   * @param id the partition's own GUID, in which a root hash may be written
   * @param offset of its first byte
   * @param length in bytes
   * @param attributes the 64 flags
   */
  public record Partition(
      int number, UUID type, UUID id, long offset, long length, long attributes) {
    private static final int GROW_FS = 59;
    private static final int READ_ONLY = 60;
    private static final int NO_AUTO = 63;

    /** Whether it asks not to be found by its type (bit 63). */
    public boolean isHidden() {
      return attributes >>> NO_AUTO != 0;
    }

    /** Whether it asks to be mounted read-only (bit 60). */
    boolean isReadOnly() {
      return (attributes >>> READ_ONLY & 1) != 0;
    }

    /** Whether it asks that its file system be grown (bit 59). */
    boolean isGrowing() {
      return (attributes >>> GROW_FS & 1) != 0;
    }
  }

  /** Whether the bytes look like such a table at all. */
  static boolean isAt(ImageBytes image, int sector) throws IOException {
    return image.length() >= sector + 8L && image.structure(sector, 8).i64(0) == SIGNATURE;
  }

  /**
   * Reads the table.
   *
   * @throws ImageException if there is none, or it is damaged
   * @throws IOException if the file cannot be read
   */
  public static Gpt read(ImageBytes image) throws IOException {
    if (image.length() < 2 * SECTOR) {
      throw ImageException.truncated("the partition table", 2 * SECTOR, image.length());
    }
    checkProtectiveMbr(image.structure(0, SECTOR));
    LittleEndian header = header(image);
    long sectors = image.length() / SECTOR;
    long first = header.u64(40);
    long last = header.u64(48);
    long backup = header.u64(32);
    if (backup >= sectors || last >= sectors) {
      long end = Math.max(backup, last);
      if (end >= MOST_SECTORS) {
        throw ImageException.corrupt("its partition table counts " + end + " sectors");
      }
      throw ImageException.truncated("the partitioned image", (end + 1) * SECTOR, image.length());
    }
    long count = header.u32(80);
    long size = header.u32(84);
    if (size != ENTRY || count == 0 || count > MOST_ENTRIES) {
      throw ImageException.unsupported(
          "its partition table has " + count + " entries of " + size + " bytes");
    }
    long position = header.u64(72);
    if (position < 2 || position >= sectors) {
      throw ImageException.corrupt("its partition table lies at sector " + position);
    }
    byte[] table = image.read(position * SECTOR, (int) count * ENTRY);
    if (crc(table) != header.u32(88)) {
      throw ImageException.corrupt("the checksum of its partition entries is wrong");
    }
    List<Partition> partitions = partitions(new LittleEndian(table), first, last);
    checkOverlaps(partitions);
    return new Gpt(partitions);
  }

  private static void checkProtectiveMbr(LittleEndian mbr) throws ImageException {
    boolean signed = mbr.u16(SECTOR - 2) == 0xaa55;
    boolean protective = false;
    for (int i = 0; i < 4; i++) {
      protective |= mbr.u8(MBR_ENTRIES + i * MBR_ENTRY + 4) == PROTECTIVE;
    }
    if (!signed || !protective) {
      throw ImageException.corrupt("its partition table has no protective MBR");
    }
  }

  private static LittleEndian header(ImageBytes image) throws IOException {
    byte[] sector = image.read(SECTOR, SECTOR);
    LittleEndian raw = new LittleEndian(sector);
    long size = raw.u32(12);
    if (raw.i64(0) != SIGNATURE || size < SMALLEST_HEADER || size > SECTOR) {
      throw ImageException.corrupt("its partition table's header has " + size + " bytes");
    }
    byte[] covered = Arrays.copyOf(sector, (int) size);
    Arrays.fill(covered, 16, 20, (byte) 0);
    if (crc(covered) != raw.u32(16)) {
      throw ImageException.corrupt("the checksum of its partition table's header is wrong");
    }
    if (raw.i64(24) != 1) {
      throw ImageException.corrupt("its partition table's header says it is not the first");
    }
    return raw;
  }

  private static List<Partition> partitions(LittleEndian table, long first, long last)
      throws ImageException {
    List<Partition> partitions = new ArrayList<>();
    for (int at = 0; at < table.length(); at += ENTRY) {
      UUID type = guid(table, at);
      if (!type.equals(UNUSED)) {
        int number = at / ENTRY + 1;
        long start = table.u64(at + 32);
        long end = table.u64(at + 40);
        if (start < first || end > last || start > end || start < 2) {
          throw ImageException.corrupt(
              "partition " + number + " spans the sectors " + start + " to " + end + " of " + last);
        }
        partitions.add(
            new Partition(
                number,
                type,
                guid(table, at + 16),
                start * SECTOR,
                (end - start + 1) * SECTOR,
                table.i64(at + 48)));
      }
    }
    return partitions;
  }

  private static void checkOverlaps(List<Partition> partitions) throws ImageException {
    long free = 0;
    for (Partition partition :
        partitions.stream().sorted(Comparator.comparingLong(Partition::offset)).toList()) {
      if (partition.offset < free) {
        throw ImageException.corrupt("partition " + partition.number + " overlaps another");
      }
      free = partition.offset + partition.length;
    }
  }

  /** The first three of a GUID's five fields are little-endian. */
  private static UUID guid(LittleEndian raw, int at) throws ImageException {
    long high = raw.u32(at) << 32 | (long) raw.u16(at + 4) << 16 | raw.u16(at + 6);
    return new UUID(high, Long.reverseBytes(raw.i64(at + 8)));
  }

  private static long crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }
}
