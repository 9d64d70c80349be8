package io.kairos.extensions.e2e.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SampleImagesTest {
  private static final byte[] SQUASHFS = "hsqs".getBytes(StandardCharsets.US_ASCII);

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"hello, 1.0.0", "hello, 1.1.0", "tools, 2.0.0"})
  void readyMadeImagesHoldWhatTheyClaim(String name, String version) throws IOException {
    SampleImage image = new SampleImages(folder).readyMade(name, version).orElseThrow();

    assertThat(Arrays.copyOf(Files.readAllBytes(image.path()), 4)).isEqualTo(SQUASHFS);
    assertThat(image.size()).isEqualTo(4096);
    assertThat(cat(image, "usr/lib/extension-release.d/extension-release." + name))
        .isEqualTo("ID=_any\n");
    assertThat(cat(image, "usr/bin/" + name))
        .isEqualTo("#!/bin/sh\necho \"" + name + " " + version + "\"\n");
  }

  @ParameterizedTest
  @CsvSource({"hello, 1.0.0", "hello, 1.1.0", "tools, 2.0.0"})
  void readyMadeImagesAreMerged(String name, String version) throws IOException {
    try (BootedHost host = BootedHost.boot(Bases.any(), HostOptions.named("ready"))) {
      SampleImage image = new SampleImages(folder).readyMade(name, version).orElseThrow();
      Files.copy(image.path(), host.stateDir().resolve("extensions/active/" + name + ".raw"));
      host.reboot();
      assertThat(host.exec(name).stdout()).isEqualTo(name + " " + version + "\n");
    }
  }

  @Test
  void thereAreNoOtherReadyMadeImages() {
    assertThat(new SampleImages(folder).readyMade("hello", "2.0.0")).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void theSameRequestGivesTheSameBytesAndAnotherVersionOthers(ImageFormat format) throws Exception {
    requires(format);
    SampleImages images = new SampleImages(folder);
    SampleImage image = images.image("hello", "1.0.0").format(format).build();
    SampleImage again = images.image("hello", "1.0.0").format(format).build();
    SampleImage other = images.image("hello", "1.1.0").format(format).build();

    assertThat(again).isEqualTo(image);
    assertThat(other.sha256()).isNotEqualTo(image.sha256());
    assertThat(image.sha256())
        .isEqualTo(
            HexFormat.of()
                .formatHex(
                    MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(image.path()))));
    assertThat(image.size()).isEqualTo(Files.size(image.path()));
  }

  @Test
  void releaseFieldsReleaseNameAndMoreFilesAreAsAskedFor() throws IOException {
    requires(ImageFormat.SQUASHFS);
    SampleImage image =
        new SampleImages(folder)
            .image("hello", "1.0.0")
            .release(Map.of("SYSEXT_LEVEL", "1.0"))
            .releaseName("other")
            .fileName("hello.sysext.raw")
            .file("usr/lib/systemd/system/hello.service", "[Service]\n")
            .executable("usr/libexec/hello", "#!/bin/sh\n")
            .build();

    assertThat(image.path()).hasFileName("hello.sysext.raw");
    assertThat(cat(image, "usr/lib/extension-release.d/extension-release.other"))
        .isEqualTo("SYSEXT_LEVEL=1.0\n");
    assertThat(cat(image, "usr/lib/systemd/system/hello.service")).isEqualTo("[Service]\n");
    assertThat(
            Commands.mustRun("unsquashfs", "-lls", image.path().toString(), "usr/libexec/hello")
                .stdout())
        .contains("-rwxr-xr-x root/root");
  }

  @Test
  void aConfigurationExtensionHoldsFilesBelowEtc() throws IOException {
    requires(ImageFormat.SQUASHFS);
    SampleImage image = new SampleImages(folder).image("site", "3").confext().build();

    assertThat(cat(image, "etc/extension-release.d/extension-release.site")).isEqualTo("ID=_any\n");
    assertThat(cat(image, "etc/site.version")).isEqualTo("3\n");
  }

  @ParameterizedTest
  @EnumSource
  void fillerMakesAnImageLarge(ImageFormat format) {
    requires(format);
    SampleImage image =
        new SampleImages(folder).image("large", "1").format(format).filler(3_000_001).build();

    assertThat(image.size()).isBetween(3_000_001L, 4_500_000L);
  }

  @Test
  void aGptImageHasTwoSoundTablesAroundItsFileSystem() throws IOException {
    requires(ImageFormat.GPT);
    SampleImage image =
        new SampleImages(folder).image("hello", "1.0.0").format(ImageFormat.GPT).build();

    ByteBuffer disk =
        ByteBuffer.wrap(Files.readAllBytes(image.path())).order(ByteOrder.LITTLE_ENDIAN);
    int last = disk.capacity() / 512 - 1;
    assertThat(disk.getShort(510)).isEqualTo((short) 0xaa55);
    for (int sector : new int[] {1, last}) {
      int at = sector * 512;
      assertThat(disk.getLong(at)).isEqualTo(0x5452415020494645L);
      assertThat(disk.getLong(at + 24)).isEqualTo(sector);
      int table = (int) disk.getLong(at + 72) * 512;
      assertThat(disk.getInt(at + 88)).isEqualTo(crc(disk, table, 128 * 128));
      int crc = disk.getInt(at + 16);
      disk.putInt(at + 16, 0);
      assertThat(crc).isEqualTo(crc(disk, at, 92));
      assertThat(disk.getLong(table + 32) * 512).isEqualTo(GptDisk.PARTITION_OFFSET);
    }
    byte[] start = new byte[4];
    disk.get((int) GptDisk.PARTITION_OFFSET, start);
    assertThat(start).isEqualTo(SQUASHFS);
  }

  @Test
  void filesOutsideTheImageAreRefused() {
    requires(ImageFormat.SQUASHFS);
    assertThatThrownBy(() -> new SampleImages(folder).image("x", "1").file("../../x", "").build())
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static int crc(ByteBuffer bytes, int from, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes.duplicate().position(from).limit(from + length));
    return (int) crc.getValue();
  }

  private static String cat(SampleImage image, String path) {
    Assumptions.assumeTrue(Commands.installed("unsquashfs"), "unsquashfs is not installed");
    return Commands.mustRun("unsquashfs", "-cat", image.path().toString(), path).stdout();
  }

  private static void requires(ImageFormat format) {
    Assumptions.assumeTrue(
        SampleImages.formats().contains(format), () -> "no " + format + " can be made here");
  }
}
