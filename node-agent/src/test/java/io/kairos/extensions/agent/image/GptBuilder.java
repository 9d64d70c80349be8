package io.kairos.extensions.agent.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32;

/** Composes disk images with a GPT, sound ones and others. */
final class GptBuilder {
  static final UUID ROOT_X86_64 = UUID.fromString("4f68bce3-e8cd-4db1-96e7-fbcaf984b709");
  static final UUID ROOT_X86_64_VERITY = UUID.fromString("2c7357ed-ebd2-46d9-aec1-23d437ec2bf5");
  static final UUID ROOT_X86_64_SIGNATURE = UUID.fromString("41092b05-9fc8-4523-994f-2def0408b176");
  static final UUID USR_X86_64 = UUID.fromString("8484680c-9521-48c6-9c11-b0720656f69e");
  static final UUID ROOT_ARM64 = UUID.fromString("b921b045-1df0-41c3-af44-4c6f280d3fae");
  static final UUID GENERIC = UUID.fromString("0fc63daf-8483-4772-8e79-3d69d8477de4");
  static final UUID ESP = UUID.fromString("c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
  static final long NO_AUTO = 1L << 63;

  private static final int SECTOR = 512;
  private static final int ENTRIES = 128;
  private static final int FIRST = 34;

  private final List<Part> parts = new ArrayList<>();
  private int entrySize = 128;

  GptBuilder add(UUID type, byte[] content) {
    return add(type, content, 0);
  }

  GptBuilder add(UUID type, byte[] content, long attributes) {
    long start = parts.isEmpty() ? FIRST : parts.get(parts.size() - 1).end + 1;
    long sectors = Math.max(1, (content.length + SECTOR - 1) / SECTOR);
    return add(type, content, attributes, start, start + sectors - 1);
  }

  GptBuilder add(UUID type, byte[] content, long attributes, long start, long end) {
    parts.add(new Part(type, UUID.randomUUID(), ByteBuffer.wrap(content), attributes, start, end));
    return this;
  }

  /** The partition that was added last gets this GUID of its own. */
  GptBuilder id(UUID id) {
    Part last = parts.remove(parts.size() - 1);
    parts.add(new Part(last.type, id, last.content, last.attributes, last.start, last.end));
    return this;
  }

  /** Where the partition that was added last begins, in bytes. */
  int lastOffset() {
    return (int) parts.get(parts.size() - 1).start * SECTOR;
  }

  GptBuilder entrySize(int size) {
    entrySize = size;
    return this;
  }

  byte[] build() {
    long last = parts.stream().mapToLong(Part::end).max().orElse(FIRST);
    ByteBuffer disk =
        ByteBuffer.allocate((int) (last + FIRST) * SECTOR).order(ByteOrder.LITTLE_ENDIAN);
    disk.put(446 + 4, (byte) 0xee);
    disk.putShort(510, (short) 0xaa55);
    int at = 2 * SECTOR;
    for (Part part : parts) {
      putGuid(disk, at, part.type);
      putGuid(disk, at + 16, part.id);
      disk.putLong(at + 32, part.start)
          .putLong(at + 40, part.end)
          .putLong(at + 48, part.attributes);
      disk.put((int) part.start * SECTOR, part.content, 0, part.content.limit());
      at += 128;
    }
    disk.put(SECTOR, "EFI PART".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    disk.putInt(SECTOR + 8, 0x10000).putInt(SECTOR + 12, 92);
    disk.putLong(SECTOR + 24, 1).putLong(SECTOR + 32, last + FIRST - 1);
    disk.putLong(SECTOR + 40, FIRST).putLong(SECTOR + 48, last).putLong(SECTOR + 72, 2);
    disk.putInt(SECTOR + 80, ENTRIES).putInt(SECTOR + 84, entrySize);
    disk.putInt(SECTOR + 88, crc(disk.array(), 2 * SECTOR, ENTRIES * 128));
    disk.putInt(SECTOR + 16, crc(disk.array(), SECTOR, 92));
    return disk.array();
  }

  private static void putGuid(ByteBuffer disk, int at, UUID guid) {
    long high = guid.getMostSignificantBits();
    disk.putInt(at, (int) (high >>> 32)).putShort(at + 4, (short) (high >>> 16));
    disk.putShort(at + 6, (short) high);
    disk.putLong(at + 8, Long.reverseBytes(guid.getLeastSignificantBits()));
  }

  private static int crc(byte[] bytes, int from, int count) {
    CRC32 crc = new CRC32();
    crc.update(bytes, from, count);
    return (int) crc.getValue();
  }

  private record Part(
      UUID type, UUID id, ByteBuffer content, long attributes, long start, long end) {}
}
