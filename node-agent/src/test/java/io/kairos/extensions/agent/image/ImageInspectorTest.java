package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageInspectorTest {
  private static final byte[] SQUASHFS = Fixtures.bytes("squashfs-zstd");
  private static final byte[] EROFS = Fixtures.bytes("erofs-zstd");

  @TempDir private Path folder;

  private static Inspection inspect(byte[] image, String name, HostFacts host) throws IOException {
    return ImageInspector.inspect(ImageBytes.of(image), name, host);
  }

  private static void refuses(byte[] image, UnfitReason reason, String... texts)
      throws IOException {
    unfit(inspect(image, "demo", Fixtures.host()), reason, texts);
  }

  private static void unfit(Inspection inspection, UnfitReason reason, String... texts) {
    assertThat(inspection)
        .isInstanceOfSatisfying(
            Inspection.Unfit.class,
            unfit -> {
              assertThat(unfit.reason()).as(unfit.message()).isEqualTo(reason);
              assertThat(unfit.message()).contains(texts);
            });
  }

  @ParameterizedTest
  @CsvSource({
    "3c21444f43545950452068746d6c3e0a,HTML",
    "0a20203c68746d6c206c616e673d22656e,HTML",
    "1f8b0800000000000003000000000000,gzip",
    "fd377a585a000004e6d6b44600000000,xz",
    "504b0304140000000800000000000000,zip",
    "7b226572726f7273223a5b7b22636f64,JSON",
    "7f454c46020101000000000000000000,ELF",
    "00000000000000000000000000000000,zeros",
    "0102030405060708090a0b0c0d0e0f10,01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10"
  })
  void filesThatAreNoImagesAreCalledByName(String hex, String text) throws Exception {
    refuses(HexFormat.of().parseHex(hex), UnfitReason.NOT_AN_IMAGE, text);
    byte[] large = Arrays.copyOf(HexFormat.of().parseHex(hex), 10_000);
    refuses(large, UnfitReason.NOT_AN_IMAGE, text);
  }

  @Test
  void anEmptyFileIsNoImage() throws Exception {
    refuses(new byte[0], UnfitReason.NOT_AN_IMAGE, "empty");
  }

  @ParameterizedTest
  @CsvSource({"58465342,0,XFS", "53ef,1080,ext4", "4c554b53babe0002,0,LUKS", "55aa,510,MBR"})
  void formatsThatAreNotInspectedAreCalledByName(String hex, int offset, String text)
      throws Exception {
    byte[] image = new byte[4096];
    byte[] magic = HexFormat.of().parseHex(hex);
    System.arraycopy(magic, 0, image, offset, magic.length);
    refuses(image, UnfitReason.UNSUPPORTED_FORMAT, text);
  }

  @Test
  void truncationIsNamedWithBothSizes() throws Exception {
    refuses(Arrays.copyOf(SQUASHFS, 512), UnfitReason.TRUNCATED, "has 512", "download it again");
    refuses(Arrays.copyOf(EROFS, 4096), UnfitReason.TRUNCATED, "needs 8192", "has 4096");
    refuses(Arrays.copyOf(SQUASHFS, 50), UnfitReason.TRUNCATED, "needs 96", "has 50");
    refuses(Arrays.copyOf(EROFS, 1100), UnfitReason.TRUNCATED, "has 1100");
  }

  @Test
  void anImageOfTwoKindsAtOnceIsRefused() throws Exception {
    byte[] image = EROFS.clone();
    System.arraycopy(SQUASHFS, 0, image, 0, 96);
    refuses(image, UnfitReason.CORRUPT_IMAGE, "two kinds");
  }

  /** One that has more than one, or one beside a file system, stops the whole merge. */
  @ParameterizedTest
  @ValueSource(ints = {2048, 4096})
  void aSecondPartitionTableWhereSystemdLooksForOneIsRefused(int sector) throws Exception {
    byte[] image = EROFS.clone();
    byte[] signature = "EFI PART".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(signature, 0, image, sector, signature.length);
    refuses(image, UnfitReason.CORRUPT_IMAGE, "partition table of " + sector + "-byte sectors");
  }

  @Test
  void aLinkInPlaceOfTheNodesRuntimeIsTakenForItWhereverItLeads() throws Exception {
    Tools.Tree tree =
        Tools.Tree.in(folder)
            .file(Fixtures.RELEASE, "ID=_any\n")
            .link("usr/bin/kubelet", "/opt/kubernetes/kubelet");
    assertThat(inspect(Tools.mksquashfs(tree.root()), "demo", Fixtures.host()))
        .isInstanceOfSatisfying(
            Inspection.Fits.class,
            fits -> assertThat(fits.nodeRuntime()).hasValue("/usr/bin/kubelet"));
  }

  @Test
  void aChangedErofsSuperblockIsFoundByItsChecksum() throws Exception {
    byte[] image = EROFS.clone();
    image[1024 + 60] ^= 1;
    refuses(image, UnfitReason.CORRUPT_IMAGE, "checksum");
  }

  @ParameterizedTest
  @CsvSource({"28,3", "20,9", "30,1"})
  void squashfsOfAnotherVersionOrCompressorIsUnsupported(int at, byte value) throws Exception {
    byte[] image = SQUASHFS.clone();
    image[at] = value;
    refuses(image, UnfitReason.UNSUPPORTED_FORMAT, "" + value);
  }

  @Test
  void anotherNameIsMisnamedUnlessTheFileWaivesThat() throws Exception {
    assertThat(inspect(EROFS, "other", Fixtures.host()))
        .isInstanceOfSatisfying(
            Inspection.Fits.class,
            fits -> {
              assertThat(fits.release().named()).isFalse();
              assertThat(fits.release().path()).isEqualTo(Fixtures.RELEASE);
            });
  }

  @Test
  void anotherArchitectureIsAMismatch() throws Exception {
    HostFacts host = HostFacts.of(MachineArchitecture.ARM64, Fixtures.os("ID=kairos"));
    unfit(
        inspect(EROFS, "demo", host),
        UnfitReason.ARCHITECTURE_MISMATCH,
        "ARCHITECTURE is 'x86-64'",
        "'arm64'");
  }

  @Test
  void onlyTheHostsHierarchiesCount() throws Exception {
    HostFacts bin =
        new HostFacts(
            MachineArchitecture.X86_64, Fixtures.os("ID=x"), false, List.of("/usr/bin", "/opt"));
    assertThat(inspect(EROFS, "demo", bin))
        .isInstanceOfSatisfying(
            Inspection.Fits.class,
            fits -> assertThat(fits.hierarchies()).containsExactly("/usr/bin"));
    HostFacts none =
        new HostFacts(
            MachineArchitecture.X86_64, Fixtures.os("ID=x"), false, List.of("/usr/sbin", "/opt"));
    unfit(inspect(EROFS, "demo", none), UnfitReason.NO_HIERARCHY, "/usr/sbin, /opt");
    HostFacts file =
        new HostFacts(
            MachineArchitecture.X86_64, Fixtures.os("ID=x"), false, List.of("/usr/bin/demo"));
    unfit(inspect(EROFS, "demo", file), UnfitReason.NO_HIERARCHY, "not a directory");
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "link"})
  void anImageWithAnOsReleaseIsRefused(String kind) throws Exception {
    Tools.Tree tree = Tools.Tree.in(folder).file(Fixtures.RELEASE, "ID=_any\n");
    if (kind.equals("file")) {
      tree.file("usr/lib/os-release", "ID=x\n");
    } else {
      tree.link("usr/lib/os-release", "/nowhere");
    }
    refuses(Tools.mksquashfs(tree.root()), UnfitReason.CARRIES_OS_RELEASE, "usr/lib/os-release");
  }

  @Test
  void anImageWithoutUsrAndOptIsRefused() throws Exception {
    Tools.Tree tree = Tools.Tree.in(folder).file("etc/passwd", "x");
    refuses(Tools.mksquashfs(tree.root()), UnfitReason.NO_HIERARCHY, "/usr, /opt");
  }

  @Test
  void usrMayBeALinkWithinTheImage() throws Exception {
    Tools.Tree tree =
        Tools.Tree.in(folder).link("usr", "/real").file("real/lib/x", "x").link("real/out", "/etc");
    refuses(Tools.mksquashfs(tree.root()), UnfitReason.EXTENSION_RELEASE_MISSING, Fixtures.RELEASE);
    tree.file("real/lib/extension-release.d/extension-release.demo", "ID=_any\n");
    assertThat(inspect(Tools.mksquashfs(tree.root()), "demo", Fixtures.host()))
        .isInstanceOf(Inspection.Fits.class);
  }

  @ParameterizedTest
  @CsvSource({
    "ID=other,OS_MISMATCH,ID=_any",
    "ID=kairos,OS_MISMATCH,VERSION_ID",
    "SYSEXT_SCOPE=portable,SCOPE_MISMATCH,portable",
    "nothing,EXTENSION_RELEASE_INVALID,empty"
  })
  void whatTheExtensionReleaseSaysDecides(String content, UnfitReason reason, String text)
      throws Exception {
    Tools.Tree tree = Tools.Tree.in(folder).file(Fixtures.RELEASE, content + "\n");
    refuses(Tools.mksquashfs(tree.root()), reason, text);
  }

  @Test
  void messagesShowNoControlCharacters() throws Exception {
    Tools.Tree tree = Tools.Tree.in(folder).file(Fixtures.RELEASE, "ID='\u001b[2J\n\u202ex'\n");
    Inspection inspection = inspect(Tools.mksquashfs(tree.root()), "demo", Fixtures.host());
    unfit(inspection, UnfitReason.OS_MISMATCH, "'?[2J?");
  }

  @Test
  void aFileThatCannotBeReadIsNoVerdict() throws Exception {
    Path file = Files.writeString(folder.resolve("x"), "x".repeat(5000), StandardCharsets.UTF_8);
    FileChannel channel = FileChannel.open(file);
    ImageBytes bytes = ImageBytes.of(channel);
    channel.close();
    assertThatThrownBy(() -> ImageInspector.inspect(bytes, "demo", Fixtures.host()))
        .isInstanceOf(ClosedChannelException.class);
  }
}
