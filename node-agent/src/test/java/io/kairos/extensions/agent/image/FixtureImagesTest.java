package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FixtureImagesTest {
  static Stream<String> longFixtures() {
    return Stream.concat(Fixtures.SQUASHFS.stream(), Fixtures.EROFS_COMPRESSED.stream());
  }

  static Stream<String> plainFixtures() {
    return Fixtures.PLAIN.stream();
  }

  private static ImageTree tree(String fixture) throws Exception {
    return OpenedImage.open(ImageBytes.of(Fixtures.bytes(fixture)), MachineArchitecture.X86_64)
        .tree();
  }

  @ParameterizedTest
  @MethodSource("longFixtures")
  void compressedFilesAreReadByteForByte(String fixture) throws Exception {
    ImageTree tree = tree(fixture);
    Entry entry = tree.resolve(Fixtures.RELEASE).orElseThrow();
    assertThat(entry.type()).isEqualTo(FileType.REGULAR);
    assertThat(tree.read(entry, 64 << 10).map(b -> new String(b, StandardCharsets.UTF_8)))
        .hasValue(Fixtures.longRelease());
    assertThat(tree.read(entry, 1000)).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("longFixtures")
  void treesAttributesAndLinksAreRead(String fixture) throws Exception {
    ImageTree tree = tree(fixture);
    TreeMap<String, FileType> seen = new TreeMap<>();
    assertThat(tree.walk("", 100, (path, type) -> seen.put(path, type) == null))
        .isEqualTo(ImageTree.WalkEnd.COMPLETE);
    assertThat(seen)
        .hasSize(7)
        .containsEntry("usr", FileType.DIRECTORY)
        .containsEntry("usr/bin/demo", FileType.REGULAR)
        .containsEntry("usr/lib/extension-release.d/alias", FileType.SYMLINK);
    Entry alias = tree.find("usr/lib/extension-release.d/alias").orElseThrow();
    assertThat(tree.target(alias)).isEqualTo("extension-release.demo");
    Entry release = tree.resolve("usr/lib/extension-release.d/alias").orElseThrow();
    assertThat(release).isEqualTo(tree.resolve(Fixtures.RELEASE).orElseThrow());
    assertThat(tree.userAttribute(release, "extension-release.strict")).hasValue(new byte[] {'0'});
    assertThat(tree.userAttribute(release, "other")).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("plainFixtures")
  void filesThatAreNotCompressedAreRead(String fixture) throws Exception {
    ImageTree tree = tree(fixture);
    Entry entry = tree.resolve(Fixtures.RELEASE).orElseThrow();
    assertThat(tree.read(entry, 100).map(b -> new String(b, StandardCharsets.UTF_8)))
        .hasValue(Fixtures.plainRelease());
    assertThat(tree.userAttribute(entry, "extension-release.strict")).hasValue(new byte[] {'0'});
  }

  @ParameterizedTest
  @MethodSource({"longFixtures", "plainFixtures"})
  void anImageThatFitsFits(String fixture) throws Exception {
    Inspection inspection =
        ImageInspector.inspect(ImageBytes.of(Fixtures.bytes(fixture)), "demo", Fixtures.host());
    assertThat(inspection)
        .isInstanceOfSatisfying(
            Inspection.Fits.class,
            fits -> {
              assertThat(fits.release().named()).isTrue();
              assertThat(fits.hierarchies()).containsExactly("/usr");
              assertThat(fits.format().container()).isEqualTo(ImageFormat.Container.BARE);
            });
  }

  @Test
  void aCompressorThatNoKernelHasIsNamed() throws Exception {
    Inspection inspection =
        ImageInspector.inspect(
            ImageBytes.of(Fixtures.bytes("squashfs-lzma")), "demo", Fixtures.host());
    assertThat(inspection)
        .isInstanceOfSatisfying(
            Inspection.Unfit.class,
            unfit -> {
              assertThat(unfit.reason()).isEqualTo(UnfitReason.UNSUPPORTED_FORMAT);
              assertThat(unfit.message()).contains("lzma");
            });
  }
}
