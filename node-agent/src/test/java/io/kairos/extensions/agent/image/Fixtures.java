package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Small committed images. All but the plain ones hold a compressible extension-release.demo of 18
 * KiB, a link to it and a script; made with {@code mksquashfs DIR x.raw -comp C -noappend
 * -all-root} (4.5.1) and {@code mkfs.erofs --all-root -T0 OPTIONS x.raw DIR} (1.8.6; 1.5 where the
 * name says so) with the options {@code -zlz4hc}, {@code -zlz4hc -C65536} (big), {@code
 * -Elegacy-compress} (full), {@code -noI -noD -noF -noX} (stored), {@code -Eztailpacking} (tail),
 * {@code -Efragments}, {@code -Eall-fragments,dedupe} and {@code -b512 -zlz4}.
 */
final class Fixtures {
  static final String RELEASE = "usr/lib/extension-release.d/extension-release.demo";

  static final List<String> SQUASHFS =
      List.of("squashfs-gzip", "squashfs-lz4", "squashfs-lzo", "squashfs-xz", "squashfs-zstd");

  static final List<String> EROFS_COMPRESSED =
      List.of(
          "erofs-lz4-1.5",
          "erofs-lz4-big",
          "erofs-lz4-full",
          "erofs-lzma",
          "erofs-deflate",
          "erofs-zstd",
          "erofs-tail",
          "erofs-fragments",
          "erofs-all-fragments",
          "erofs-b512");

  static final List<String> PLAIN = List.of("erofs-plain", "erofs-plain-1.5", "squashfs-stored");

  private Fixtures() {}

  static byte[] bytes(String name) {
    try (InputStream in = Fixtures.class.getResourceAsStream(name + ".raw")) {
      if (in == null) {
        throw new IllegalArgumentException("no fixture " + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String longRelease() {
    return IntStream.range(0, 800)
        .mapToObj(i -> String.format("# line %04d of padding\n", i))
        .collect(Collectors.joining("", plainRelease(), "SYSEXT_LEVEL=1.0\n"));
  }

  static String plainRelease() {
    return "ID=_any\nARCHITECTURE=x86-64\n";
  }

  static OsRelease os(String... lines) {
    byte[] bytes = String.join("\n", lines).getBytes(StandardCharsets.UTF_8);
    return ((OsRelease.Valid) OsRelease.parse(bytes)).release();
  }

  static HostFacts host() {
    return HostFacts.of(MachineArchitecture.X86_64, os("ID=kairos", "VERSION_ID=3.5"));
  }

  /** A verdict on an image, and none that stands for a defect of its readers. */
  static Inspection inspect(byte[] image, HostFacts host) throws IOException {
    Inspection verdict = ImageInspector.inspect(ImageBytes.of(image), "demo", host);
    if (verdict instanceof Inspection.Unfit unfit) {
      assertThat(unfit.message()).doesNotContain("it makes no sense");
    }
    return verdict;
  }
}
