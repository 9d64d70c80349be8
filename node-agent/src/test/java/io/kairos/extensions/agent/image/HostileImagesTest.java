package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Damaged and malicious images end in a verdict, soon, and in nothing else. */
class HostileImagesTest {
  private static final int CASES = Integer.getInteger("image.fuzz.cases", 400);
  private static final long SEED = Long.getLong("image.fuzz.seed", System.nanoTime());
  private static final Duration LIMIT = Duration.ofSeconds(60);

  static Stream<String> fixtures() {
    return Stream.of(Fixtures.SQUASHFS, Fixtures.PLAIN, Fixtures.EROFS_COMPRESSED)
        .flatMap(names -> names.stream());
  }

  private static void look(byte[] image) throws IOException {
    assertThat(Fixtures.inspect(image, Fixtures.host())).isNotNull();
    try {
      ImageTree tree = OpenedImage.open(ImageBytes.of(image), MachineArchitecture.X86_64).tree();
      tree.walk("", 1000, (path, type) -> touch(tree, path));
    } catch (ImageException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  private static boolean touch(ImageTree tree, String path) throws IOException {
    Entry entry = tree.resolve(path).orElse(new Entry(FileType.OTHER, 0, 0));
    tree.read(entry, 1 << 20);
    if (entry.type() != FileType.OTHER) {
      tree.userAttribute(entry, "x");
    }
    return true;
  }

  private static void fuzz(String name, byte[] image) {
    assertTimeoutPreemptively(
        LIMIT,
        () -> {
          for (int i = 0; i < CASES; i++) {
            long seed = SEED + i;
            byte[] mutant = mutate(image, new Random(seed));
            assertThatCode(() -> look(mutant))
                .as("%s with -Dimage.fuzz.seed=%d", name, seed)
                .doesNotThrowAnyException();
          }
        });
  }

  /** Flips, overwrites, or cuts; then makes the erofs checksum right, or it would hide the rest. */
  private static byte[] mutate(byte[] image, Random random) {
    byte[] mutant = image.clone();
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(4) == 0 ? random.nextInt(mutant.length) : random.nextInt(2048);
      int width = 1 << random.nextInt(4);
      byte value = (byte) (random.nextBoolean() ? random.nextInt() : random.nextInt(2) * -1);
      if (random.nextBoolean()) {
        mutant[at] ^= (byte) (1 << random.nextInt(8));
      } else {
        Arrays.fill(mutant, at, Math.min(at + width, mutant.length), value);
      }
    }
    if (random.nextInt(10) == 0) {
      return Arrays.copyOf(mutant, random.nextInt(mutant.length));
    }
    return withErofsChecksum(mutant);
  }

  private static byte[] withErofsChecksum(byte[] image) {
    ByteBuffer buffer = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    int bits = image.length > 2048 ? image[1024 + 12] : 0;
    boolean erofs = image.length > 2048 && buffer.getInt(1024) == (int) ErofsSuperblock.MAGIC;
    if (!erofs || bits < 9 || bits > 12) {
      return image;
    }
    buffer.putInt(1024 + 4, 0);
    CRC32C crc = new CRC32C();
    crc.update(image, 1024, bits < 11 ? 1 << bits : (1 << bits) - 1024);
    buffer.putInt(1024 + 4, (int) ~crc.getValue());
    return image;
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void mutationsOfFileSystemsEndInAVerdict(String fixture) {
    fuzz(fixture, Fixtures.bytes(fixture));
  }

  @Test
  void mutationsOfPartitionTablesEndInAVerdict() {
    fuzz("gpt", new GptBuilder().add(GptBuilder.ROOT_X86_64, Fixtures.bytes("erofs-zstd")).build());
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void everyTruncationEndsInAVerdict(String fixture) {
    byte[] image = Fixtures.bytes(fixture);
    assertTimeoutPreemptively(
        LIMIT,
        () -> {
          for (int length = 0; length < image.length; length += 41) {
            Inspection inspection =
                ImageInspector.inspect(
                    ImageBytes.of(Arrays.copyOf(image, length)), "demo", Fixtures.host());
            if (length < 2048) {
              assertThat(inspection).isInstanceOf(Inspection.Unfit.class);
            }
          }
        });
  }

  @Test
  void aDirectoryThatContainsItselfIsFound() throws Exception {
    byte[] image = Fixtures.bytes("erofs-plain");
    ByteBuffer buffer = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    int root = buffer.getShort(1024 + 14);
    // The root lies inline: its entries for ".", ".." and "usr" follow its inode; usr becomes root.
    int entries = root * 32 + ((buffer.getShort(root * 32) & 1) != 0 ? 64 : 32);
    buffer.putLong(entries + 24, root);
    withErofsChecksum(image);
    assertThatCode(
            () ->
                OpenedImage.open(ImageBytes.of(image), MachineArchitecture.X86_64)
                    .tree()
                    .walk("", 1_000_000, (path, type) -> true))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("two places");
    assertThat(ImageInspector.inspect(ImageBytes.of(image), "demo", Fixtures.host()))
        .isInstanceOf(Inspection.Unfit.class);
  }

  /** Its end lies in the index, as it is but turned, and is shorter than it would be turned by. */
  @Test
  void anInlineEndThatIsTurnedByMoreThanItsLengthIsAFaultOfTheImage() throws Exception {
    byte[] image = Fixtures.bytes("erofs-lz4-full");
    ImageTree tree = OpenedImage.open(ImageBytes.of(image), MachineArchitecture.X86_64).tree();
    Entry entry = tree.find(Fixtures.RELEASE).orElseThrow();
    ErofsVolume volume = ErofsVolume.open(ImageBytes.of(image));
    int map = (int) (volume.inode(entry.reference()).end() + 7) & ~7;
    int last = (int) (entry.size() - 1) / volume.superblock().blockSize();
    int within = (int) entry.size() % volume.superblock().blockSize() - 60;
    ByteBuffer.wrap(image)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort(map + 2, (short) 60)
        .putShort(map + 4, (short) 0x18) // an inline end, interlaced
        .putShort(map + 16 + 8 * last, (short) 0) // not compressed
        .putShort(map + 16 + 8 * last + 2, (short) within);
    assertThatCode(() -> tree.read(entry, 1 << 20))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("not compressed");
    assertThat(ImageInspector.inspect(ImageBytes.of(image), "demo", Fixtures.host()))
        .isInstanceOf(Inspection.Unfit.class);
  }

  @Test
  void workBeyondTheBudgetIsRefused() {
    WorkBudget budget = new WorkBudget();
    assertThatCode(
            () -> {
              for (int i = 0; i < 300; i++) {
                budget.spend(1 << 20);
              }
            })
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("256 MiB");
  }

  @Test
  void aReadThatIsTooLargeOrOutsideIsAFaultOfTheImage() {
    ImageBytes bytes = ImageBytes.of(new byte[10]);
    assertThatCode(() -> bytes.read(5, 6)).isInstanceOf(ImageException.class);
    assertThatCode(() -> bytes.read(-1, 1)).isInstanceOf(ImageException.class);
    assertThatCode(() -> bytes.read(Long.MAX_VALUE, 1)).isInstanceOf(ImageException.class);
    assertThatCode(() -> bytes.window(9, 2)).isInstanceOf(ImageException.class);
    assertThatCode(() -> bytes.window(2, 8).read(8, 1)).isInstanceOf(ImageException.class);
  }
}
