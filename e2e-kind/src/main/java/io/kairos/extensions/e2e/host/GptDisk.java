package io.kairos.extensions.e2e.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32;

/**
 * Wraps a file system into a disk image with a GUID partition table and one root partition, as the
 * UEFI specification (chapter 5) lays it out: protective MBR, header and 128 entries at the start,
 * the partition at 1 MiB, entries and header again at the end. No tool is needed, and the same
 * input gives the same bytes.
 */
final class GptDisk {
  /** Where the partition starts. */
  static final long PARTITION_OFFSET = 1024 * 1024;

  private static final int SECTOR = 512;
  private static final int ENTRY = 128;
  private static final int ENTRIES = 128;
  private static final int TABLE_SECTORS = ENTRIES * ENTRY / SECTOR;
  private static final int HEADER = 92;

  /** Root partition types by {@code os.arch}, from the Discoverable Partitions Specification. */
  private static final Map<String, String> ROOT_TYPES =
      Map.of(
          "amd64", "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
          "aarch64", "b921b045-1df0-41c3-af44-4c6f280d3fae",
          "riscv64", "72ec70a6-cf74-40e6-bd49-4bda08e8f224",
          "ppc64le", "c31c45e6-3f39-412e-80fb-4809c4980599",
          "s390x", "5eead9a9-fe09-4a1e-a1d7-520d00531306");

  private GptDisk() {}

  /** Writes {@code disk} with {@code fileSystem} in its root partition. */
  static void write(Path fileSystem, Path disk) throws IOException {
    String architecture = System.getProperty("os.arch");
    UUID type =
        UUID.fromString(
            Optional.ofNullable(ROOT_TYPES.get(architecture))
                .orElseThrow(
                    () ->
                        new HostException("no root partition type is known for " + architecture)));
    long first = PARTITION_OFFSET / SECTOR;
    long sectors = (Files.size(fileSystem) + SECTOR - 1) / SECTOR;
    long lastUsable = first + sectors - 1;
    long total = lastUsable + 1 + TABLE_SECTORS + 1;

    ByteBuffer table = buffer(ENTRIES * ENTRY);
    putGuid(table, type);
    putGuid(table, guid("partition", disk));
    table.putLong(first).putLong(lastUsable).putLong(0);
    table.put("root".getBytes(StandardCharsets.UTF_16LE));
    table.rewind();

    UUID diskGuid = guid("disk", disk);
    try (FileChannel out =
            FileChannel.open(
                disk,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE);
        FileChannel in = FileChannel.open(fileSystem)) {
      put(out, 0, protectiveMbr(total));
      put(out, 1, header(1, total - 1, 2, lastUsable, diskGuid, table));
      put(out, 2, table);
      out.position(PARTITION_OFFSET);
      long done = 0;
      while (done < in.size()) {
        done += in.transferTo(done, in.size() - done, out);
      }
      put(out, lastUsable + 1, table);
      put(out, total - 1, header(total - 1, 1, lastUsable + 1, lastUsable, diskGuid, table));
    }
  }

  private static ByteBuffer protectiveMbr(long total) {
    ByteBuffer mbr = buffer(SECTOR);
    mbr.position(446);
    mbr.put(new byte[] {0, 0, 2, 0, (byte) 0xee, (byte) 0xff, (byte) 0xff, (byte) 0xff});
    mbr.putInt(1).putInt((int) Math.min(total - 1, 0xffffffffL));
    mbr.position(510);
    mbr.put((byte) 0x55).put((byte) 0xaa);
    return mbr.rewind();
  }

  private static ByteBuffer header(
      long here, long other, long tableAt, long lastUsable, UUID disk, ByteBuffer table) {
    ByteBuffer header = buffer(SECTOR);
    header.put("EFI PART".getBytes(StandardCharsets.US_ASCII));
    header.putInt(0x00010000).putInt(HEADER).putInt(0).putInt(0);
    header.putLong(here).putLong(other).putLong(2 + TABLE_SECTORS).putLong(lastUsable);
    putGuid(header, disk);
    header.putLong(tableAt).putInt(ENTRIES).putInt(ENTRY).putInt(crc(table, table.capacity()));
    header.putInt(16, crc(header, HEADER));
    return header.rewind();
  }

  private static int crc(ByteBuffer bytes, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes.duplicate().position(0).limit(length));
    return (int) crc.getValue();
  }

  /** A GUID's first three fields are little-endian on disk, the rest is as it is written. */
  private static void putGuid(ByteBuffer out, UUID guid) {
    long most = guid.getMostSignificantBits();
    out.putInt((int) (most >>> 32)).putShort((short) (most >>> 16)).putShort((short) most);
    out.putLong(Long.reverseBytes(guid.getLeastSignificantBits()));
  }

  private static UUID guid(String what, Path disk) {
    return UUID.nameUUIDFromBytes(
        (what + " " + disk.getFileName()).getBytes(StandardCharsets.UTF_8));
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void put(FileChannel out, long sector, ByteBuffer bytes) throws IOException {
    ByteBuffer copy = bytes.duplicate();
    out.position(sector * SECTOR);
    while (copy.hasRemaining()) {
      out.write(copy);
    }
  }
}
