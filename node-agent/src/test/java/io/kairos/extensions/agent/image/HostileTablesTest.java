package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.zip.CRC32;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Partition tables with sound checksums and any numbers in them: partitions that overlap, that are
 * enormous, or end before they begin, and tables of any size. All end in a verdict, soon.
 */
class HostileTablesTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int SECTOR = 512;
  private static final int HEADER_BYTES = 92;
  private static final int TABLE = 2 * SECTOR;
  private static final int COUNT = SECTOR + 80;
  private static final int SIZE = SECTOR + 84;
  private static final int TABLE_CRC = SECTOR + 88;
  private static final int HEADER_CRC = SECTOR + 16;
  private static final byte[] DISK =
      new GptBuilder()
          .add(GptBuilder.ROOT_X86_64, Fixtures.bytes("erofs-zstd"))
          .add(GptBuilder.GENERIC, new byte[1024])
          .add(GptBuilder.USR_X86_64, Fixtures.bytes("squashfs-zstd"))
          .build();

  /** A number somewhere. */
  private record Field(int at, int width, long value) {}

  @Provide
  Arbitrary<List<Field>> fields() {
    Arbitrary<Long> values =
        Arbitraries.oneOf(
            Arbitraries.of(
                0L,
                1L,
                33L,
                34L,
                35L,
                36L,
                127L,
                128L,
                512L,
                -1L,
                1L << 31,
                1L << 32,
                1L << 54,
                1L << 55,
                Long.MAX_VALUE,
                Long.MIN_VALUE,
                Long.MAX_VALUE / SECTOR),
            Arbitraries.longs(),
            Arbitraries.longs().between(0, DISK.length / SECTOR + 4));
    Arbitrary<Field> places =
        Combinators.combine(
                Arbitraries.integers().between(0, 2), Arbitraries.of(32, 40, 48), values)
            .as((entry, at, value) -> new Field(TABLE + entry * 128 + at, 8, value));
    Arbitrary<Field> sizes =
        Combinators.combine(Arbitraries.of(COUNT, SIZE), values)
            .as((at, value) -> new Field(at, 4, value));
    Arbitrary<Field> header =
        Combinators.combine(Arbitraries.of(24, 32, 40, 48, 72), values)
            .as((at, value) -> new Field(SECTOR + at, 8, value));
    return Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(6, places),
            net.jqwik.api.Tuple.of(1, sizes),
            net.jqwik.api.Tuple.of(1, header))
        .list()
        .ofMinSize(1)
        .ofMaxSize(4);
  }

  @Property(tries = 600)
  void anyNumbersEndInAVerdict(@ForAll("fields") List<Field> fields) {
    byte[] bytes = DISK.clone();
    ByteBuffer disk = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (Field field : fields) {
      if (field.width == 8) {
        disk.putLong(field.at, field.value);
      } else {
        disk.putInt(field.at, (int) field.value);
      }
    }
    disk.putInt(TABLE_CRC, crc(bytes, TABLE, tableBytes(disk)));
    disk.putInt(HEADER_CRC, 0);
    disk.putInt(HEADER_CRC, crc(bytes, SECTOR, HEADER_BYTES));
    assertTimeoutPreemptively(
        LIMIT, () -> assertThat(Fixtures.inspect(bytes, Fixtures.host())).isNotNull());
  }

  /** As much of the table as there is on the disk, however large it says that it is. */
  private static int tableBytes(ByteBuffer disk) {
    long count = Integer.toUnsignedLong(disk.getInt(COUNT));
    long size = Integer.toUnsignedLong(disk.getInt(SIZE));
    int rest = DISK.length - TABLE;
    return Long.compareUnsigned(count * size, rest) < 0 ? (int) (count * size) : rest;
  }

  private static int crc(byte[] bytes, int from, int count) {
    CRC32 crc = new CRC32();
    crc.update(bytes, from, count);
    return (int) crc.getValue();
  }
}
