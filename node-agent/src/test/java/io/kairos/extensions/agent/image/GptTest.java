package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GptTest {
  private static final byte[] SQUASHFS = Fixtures.bytes("squashfs-zstd");
  private static final byte[] EROFS = Fixtures.bytes("erofs-zstd");
  private static final byte[] NOISE = new byte[700];

  private static Gpt read(byte[] disk) throws Exception {
    return Gpt.read(ImageBytes.of(disk));
  }

  private static void refuses(byte[] disk, UnfitReason reason, String text) throws Exception {
    assertThat(ImageInspector.inspect(ImageBytes.of(disk), "demo", Fixtures.host()))
        .isInstanceOfSatisfying(
            Inspection.Unfit.class,
            unfit -> {
              assertThat(unfit.reason()).isEqualTo(reason);
              assertThat(unfit.message()).contains(text);
            });
  }

  private static ImageFormat format(GptBuilder disk) throws Exception {
    Inspection inspection =
        ImageInspector.inspect(ImageBytes.of(disk.build()), "demo", Fixtures.host());
    assertThat(inspection).isInstanceOf(Inspection.Fits.class);
    return ((Inspection.Fits) inspection).format();
  }

  @Test
  void partitionsAreReadWithTheirPlacesInBytes() throws Exception {
    UUID esp = UUID.fromString("01234567-89ab-cdef-0123-456789abcdef");
    UUID root = UUID.fromString("fedcba98-7654-3210-fedc-ba9876543210");
    Gpt gpt =
        read(
            new GptBuilder()
                .add(GptBuilder.ESP, NOISE)
                .id(esp)
                .add(GptBuilder.GENERIC, EROFS, GptBuilder.NO_AUTO)
                .id(root)
                .build());
    assertThat(gpt.partitions())
        .containsExactly(
            new Gpt.Partition(1, GptBuilder.ESP, esp, 34 * 512, 1024, 0),
            new Gpt.Partition(
                2, GptBuilder.GENERIC, root, 36 * 512, EROFS.length, GptBuilder.NO_AUTO));
  }

  @Test
  void theHostsRootPartitionIsMounted() throws Exception {
    GptBuilder disk =
        new GptBuilder()
            .add(GptBuilder.ESP, NOISE)
            .add(GptBuilder.ROOT_ARM64, NOISE)
            .add(GptBuilder.ROOT_X86_64, NOISE, GptBuilder.NO_AUTO)
            .add(GptBuilder.ROOT_X86_64, EROFS);
    assertThat(format(disk))
        .isEqualTo(
            new ImageFormat(
                ImageFormat.Container.GPT_ROOT,
                ImageFormat.FileSystemType.EROFS,
                ImageFormat.Protection.NONE));
  }

  @Test
  void aLoneGenericPartitionIsMounted() throws Exception {
    assertThat(format(new GptBuilder().add(GptBuilder.GENERIC, SQUASHFS)).fileSystem())
        .isEqualTo(ImageFormat.FileSystemType.SQUASHFS);
  }

  @Test
  void aUsrPartitionAppearsUnderUsr() throws Exception {
    byte[] disk = new GptBuilder().add(GptBuilder.USR_X86_64, SQUASHFS).build();
    ImageTree tree = OpenedImage.open(ImageBytes.of(disk), MachineArchitecture.X86_64).tree();
    assertThat(tree.resolve("usr/usr/bin/demo")).isPresent();
    assertThat(tree.resolve("usr/usr/../../usr/usr/bin/demo")).isPresent();
    assertThat(tree.userAttribute(tree.resolve("/").orElseThrow(), "x")).isEmpty();
    refuses(disk, UnfitReason.EXTENSION_RELEASE_MISSING, "extension-release.demo");
  }

  @Test
  void anotherArchitecturesRootIsAMismatch() throws Exception {
    byte[] disk = new GptBuilder().add(GptBuilder.ROOT_ARM64, EROFS).build();
    refuses(disk, UnfitReason.ARCHITECTURE_MISMATCH, "arm64, the host is x86-64");
  }

  @Test
  void whatIsAmbiguousOrIncompleteIsRefused() throws Exception {
    refuses(
        new GptBuilder()
            .add(GptBuilder.ROOT_X86_64, EROFS)
            .add(GptBuilder.USR_X86_64, EROFS)
            .build(),
        UnfitReason.UNSUPPORTED_FORMAT,
        "both");
    refuses(
        new GptBuilder()
            .add(GptBuilder.ROOT_X86_64, EROFS)
            .add(GptBuilder.ROOT_X86_64, EROFS)
            .build(),
        UnfitReason.UNSUPPORTED_FORMAT,
        "2 partitions of one type");
    refuses(
        new GptBuilder().add(GptBuilder.GENERIC, EROFS).add(GptBuilder.GENERIC, EROFS).build(),
        UnfitReason.UNSUPPORTED_FORMAT,
        "exactly one generic");
    refuses(
        new GptBuilder().add(GptBuilder.ESP, EROFS).build(),
        UnfitReason.UNSUPPORTED_FORMAT,
        "neither a root");
    refuses(
        new GptBuilder()
            .add(GptBuilder.GENERIC, EROFS)
            .add(GptBuilder.ROOT_X86_64_VERITY, NOISE)
            .build(),
        UnfitReason.CORRUPT_IMAGE,
        "verity");
    refuses(
        new GptBuilder()
            .add(GptBuilder.ROOT_X86_64, EROFS)
            .add(GptBuilder.ROOT_X86_64_SIGNATURE, NOISE)
            .build(),
        UnfitReason.CORRUPT_IMAGE,
        "verity");
  }

  /** systemd refuses the image for it, and with it the merge of all others. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "77ff5f63-e7b6-4633-acf4-1565b864c0e6", // usr's hash tree
        "e7bb33fb-06cf-4e81-8273-e543b413e2e2" // the signature of usr's
      })
  void whatProtectsAPartitionThatIsNotThereIsRefusedBesideAnother(UUID stray) throws Exception {
    refuses(
        new GptBuilder().add(GptBuilder.ROOT_X86_64, EROFS).add(stray, NOISE).build(),
        UnfitReason.CORRUPT_IMAGE,
        "a verity partition for usr");
  }

  @Test
  void aPartitionWithoutAReadableFileSystemIsRefused() throws Exception {
    refuses(
        new GptBuilder().add(GptBuilder.ROOT_X86_64, NOISE).build(),
        UnfitReason.NOT_AN_IMAGE,
        "zeros");
    byte[] ext4 = new byte[4096];
    ext4[1080] = 0x53;
    ext4[1081] = (byte) 0xef;
    refuses(
        new GptBuilder().add(GptBuilder.ROOT_X86_64, ext4).build(),
        UnfitReason.UNSUPPORTED_FORMAT,
        "ext4");
  }

  @Test
  void aFileSystemLongerThanItsPartitionIsTruncated() throws Exception {
    refuses(
        new GptBuilder().add(GptBuilder.ROOT_X86_64, Arrays.copyOf(EROFS, 4096)).build(),
        UnfitReason.TRUNCATED,
        "needs 8192 bytes, the file has 4096");
  }

  @Test
  void aFileShorterThanItsTableSaysIsTruncated() throws Exception {
    byte[] disk = new GptBuilder().add(GptBuilder.ROOT_X86_64, EROFS).build();
    refuses(Arrays.copyOf(disk, disk.length - 512), UnfitReason.TRUNCATED, "" + disk.length);
    refuses(Arrays.copyOf(disk, 600), UnfitReason.TRUNCATED, "1024");
  }

  @ParameterizedTest
  @ValueSource(ints = {510, 450, 512 + 16, 512 + 40, 1024 + 32, 1024 + 127})
  void aChangedByteInTheTableIsFound(int at) throws Exception {
    byte[] disk = new GptBuilder().add(GptBuilder.ROOT_X86_64, EROFS).build();
    disk[at] ^= 0x10;
    refuses(disk, UnfitReason.CORRUPT_IMAGE, "partition");
  }

  @Test
  void partitionsThatOverlapOrLieOutsideAreRefused() throws Exception {
    refuses(
        new GptBuilder()
            .add(GptBuilder.ROOT_X86_64, EROFS)
            .add(GptBuilder.ESP, NOISE, 0, 40, 50)
            .build(),
        UnfitReason.CORRUPT_IMAGE,
        "overlaps");
    refuses(
        new GptBuilder().add(GptBuilder.ROOT_X86_64, EROFS, 0, 50, 49).build(),
        UnfitReason.CORRUPT_IMAGE,
        "spans");
    refuses(
        new GptBuilder().add(GptBuilder.ROOT_X86_64, EROFS, 0, 20, 49).build(),
        UnfitReason.CORRUPT_IMAGE,
        "spans");
    assertThatThrownBy(() -> read(new GptBuilder().entrySize(256).build()))
        .hasMessageContaining("256 bytes");
  }

  @ParameterizedTest
  @CsvSource({
    "4f68bce3-e8cd-4db1-96e7-fbcaf984b709,ROOT,DATA,X86_64",
    "e7bb33fb-06cf-4e81-8273-e543b413e2e2,USR,VERITY_SIGNATURE,X86_64",
    "b921b045-1df0-41c3-af44-4c6f280d3fae,ROOT,DATA,ARM64",
    "df3300ce-d69f-4c92-978c-9bfb0f38d820,ROOT,VERITY,ARM64",
    "beaec34b-8442-439b-a40b-984381ed097d,USR,DATA,RISCV64",
    "42b0455f-eb11-491d-98d3-56145ba9d037,ROOT,VERITY_SIGNATURE,ARM",
    "ee2b9983-21e8-4153-86d9-b6901a54d1ce,USR,VERITY,PPC64_LE",
    "5eead9a9-fe09-4a1e-a1d7-520d00531306,ROOT,DATA,S390X",
    "75250d76-8cc6-458e-bd66-bd47cc81a812,USR,DATA,X86",
    "77055800-792c-4f94-b39a-98c91b762bb6,ROOT,DATA,LOONGARCH64"
  })
  void partitionTypesAreThoseOfTheSpecification(
      UUID guid,
      PartitionType.Designator designator,
      PartitionType.Role role,
      MachineArchitecture architecture) {
    assertThat(PartitionType.of(guid)).hasValue(new PartitionType(designator, role, architecture));
  }
}
