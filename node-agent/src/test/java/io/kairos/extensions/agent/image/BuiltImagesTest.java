package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that the real tools build here and now. */
class BuiltImagesTest {
  private static final int MANY = 400;
  private static final String LONG_VALUE = "v".repeat(3000);

  @TempDir private Path folder;

  /** Files of all sizes around the block sizes, a large directory, links, attributes. */
  private Tools.Tree tree() throws Exception {
    Tools.Tree tree =
        Tools.Tree.in(folder)
            .file("usr/lib/extension-release.d/extension-release.demo", "ID=_any\n")
            .link("usr/lib/up", "../../usr/./lib/extension-release.d")
            .link("usr/lib/out", "/../../etc/passwd");
    for (int size : sizes()) {
      tree.file("usr/share/compressible/" + size, compressible(size));
      tree.file("usr/share/noise/" + size, noise(size));
    }
    tree.file("usr/share/sparse", new byte[200_000]);
    for (int i = 0; i < MANY; i++) {
      tree.file("opt/many/name-that-is-not-short-" + i, i % 7 == 0 ? "x" : "");
    }
    tree.attribute("usr/share/sparse", "long", LONG_VALUE.getBytes(StandardCharsets.UTF_8));
    tree.attribute("usr/share/sparse", "short", new byte[] {1});
    tree.attribute("usr/share/noise/1", "long", LONG_VALUE.getBytes(StandardCharsets.UTF_8));
    return tree;
  }

  private static int[] sizes() {
    return new int[] {0, 1, 100, 4000, 4095, 4096, 4097, 8192, 12_000, 70_000, 131_072, 300_000};
  }

  private static byte[] compressible(int size) {
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) ("line " + i / 16 + " of a text").charAt(i % 16 % 10);
    }
    return bytes;
  }

  private static byte[] noise(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private void checkAll(byte[] image) throws Exception {
    ImageTree tree = OpenedImage.open(ImageBytes.of(image), MachineArchitecture.X86_64).tree();
    for (int size : sizes()) {
      check(tree, "usr/share/compressible/" + size, compressible(size));
      check(tree, "usr/share/noise/" + size, noise(size));
    }
    check(tree, "usr/share/sparse", new byte[200_000]);
    check(tree, "usr/lib/up/extension-release.demo", "ID=_any\n".getBytes(StandardCharsets.UTF_8));
    assertThat(tree.resolve("usr/lib/out")).isEmpty();
    assertThat(tree.target(tree.find("usr/lib/out").orElseThrow())).isEqualTo("/../../etc/passwd");
    Entry many = tree.resolve("opt/many").orElseThrow();
    assertThat(new TreeSet<>(tree.list(many, MANY + 1)))
        .isEqualTo(
            IntStream.range(0, MANY)
                .mapToObj(i -> "name-that-is-not-short-" + i)
                .collect(TreeSet::new, TreeSet::add, TreeSet::addAll));
    assertThat(tree.list(many, 3)).hasSize(3);
    int[] count = new int[1];
    assertThat(tree.walk("", 10_000, (path, type) -> ++count[0] > 0))
        .isEqualTo(ImageTree.WalkEnd.COMPLETE);
    assertThat(count[0]).isEqualTo(countOnDisk());
    checkAttributes(tree);
  }

  private static void checkAttributes(ImageTree tree) throws Exception {
    Entry sparse = tree.resolve("usr/share/sparse").orElseThrow();
    byte[] value = LONG_VALUE.getBytes(StandardCharsets.UTF_8);
    assertThat(tree.userAttribute(sparse, "long")).hasValue(value);
    assertThat(tree.userAttribute(sparse, "short")).hasValue(new byte[] {1});
    assertThat(tree.userAttribute(sparse, "none")).isEmpty();
    Entry other = tree.resolve("usr/share/noise/1").orElseThrow();
    assertThat(tree.userAttribute(other, "long")).hasValue(value);
    assertThat(tree.userAttribute(tree.resolve("usr/lib").orElseThrow(), "long")).isEmpty();
  }

  private int countOnDisk() throws Exception {
    try (var files = Files.walk(folder.resolve("tree"))) {
      return (int) files.count() - 1;
    }
  }

  private static void check(ImageTree tree, String path, byte[] content) throws Exception {
    Entry entry = tree.resolve(path).orElseThrow();
    assertThat(entry.size()).isEqualTo(content.length);
    assertThat(tree.read(entry, 1 << 20)).as(path).hasValue(content);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-comp gzip",
        "-comp xz",
        "-comp zstd",
        "-comp lz4",
        "-comp lz4 -Xhc",
        "-comp lzo",
        "-comp xz -Xbcj x86,arm",
        "-b 4096",
        "-b 1M -comp xz",
        "-no-fragments",
        "-noI -noD -noF -noX",
        "-always-use-fragments",
        "-no-sparse",
        "-nopad -comp zstd -b 8192"
      })
  void squashfsIsReadWhateverItsOptions(String options) throws Exception {
    byte[] image = Tools.mksquashfs(tree().root(), options.split(" "));
    checkAll(Arrays.copyOf(image, (image.length + 511) / 512 * 512));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-T0",
        "-zlz4",
        "-zlz4hc,12 -C65536",
        "--chunksize=4096",
        "-x1",
        "-Enoinline_data"
      })
  void erofsIsReadWhateverItsOptions(String options) throws Exception {
    checkAll(Tools.mkfsErofs(tree().root(), options.split(" ")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-T0",
        "-b512",
        "-b512 -zlz4hc",
        "-b1024 -zlz4 -C4096",
        "-zlz4hc -C65536",
        "-zlz4hc -Elegacy-compress",
        "-zlz4hc -Elegacy-compress -C16384",
        "-zlzma -C65536",
        "-zdeflate -C32768",
        "-zzstd -C1048576",
        "-zlz4hc -Eztailpacking",
        "-zlz4hc -Eztailpacking -C65536",
        "-zlz4hc -Efragments",
        "-zzstd -Eall-fragments",
        "-zlz4hc -Ededupe -C32768",
        "-zlz4hc -Eall-fragments,dedupe,ztailpacking",
        "-Efragments -zlzma -C131072",
        "-zlz4hc -Elegacy-compress,fragments",
        "--chunksize=65536",
        "-zlz4hc:zstd -x2",
        "-Eforce-inode-extended",
        "-Eforce-inode-compact"
      })
  void newerErofsIsReadWhateverItsOptions(String options) throws Exception {
    checkAll(Tools.newerMkfsErofs(tree().root(), options.split(" ")));
  }

  @Test
  void anImageIsReadOutOfAPartitionOfAFile() throws Exception {
    byte[] disk =
        new GptBuilder()
            .add(GptBuilder.ESP, new byte[512])
            .add(GptBuilder.ROOT_X86_64, Tools.mksquashfs(tree().root()))
            .build();
    Path file = Files.write(folder.resolve("disk.raw"), disk);
    try (FileChannel channel = FileChannel.open(file)) {
      assertThat(ImageInspector.inspect(ImageBytes.of(channel), "demo", Fixtures.host()))
          .isInstanceOfSatisfying(
              Inspection.Fits.class,
              fits -> assertThat(fits.hierarchies()).containsExactly("/usr", "/opt"));
    }
  }

  @Test
  void squashfsThatALoopDeviceWouldCutOffIsRefused() throws Exception {
    Tools.Tree small = Tools.Tree.in(folder).file("usr/noise", noise(3000));
    byte[] image = Tools.mksquashfs(small.root(), "-nopad");
    assertThat(ImageInspector.inspect(ImageBytes.of(image), "demo", Fixtures.host()))
        .isInstanceOfSatisfying(
            Inspection.Unfit.class, unfit -> assertThat(unfit.message()).contains("-nopad"));
  }
}
