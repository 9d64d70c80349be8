package io.kairos.extensions.agent.image;

import io.kairos.extensions.agent.image.ImageFormat.Container;
import io.kairos.extensions.agent.image.ImageFormat.FileSystemType;
import io.kairos.extensions.agent.image.ImageFormat.Protection;
import java.io.IOException;
import java.util.Optional;

/**
 * Where in an image the file system lies that systemd would mount, and what guards it. Nothing of
 * the file system is read yet but its magic.
 *
 * @param image the whole file
 * @param format how it is built
 * @param partitions those that matter, where it has any
 * @param data the bytes of the file system: all, or a partition
 */
record ImageLayout(
    ImageBytes image, ImageFormat format, Optional<PartitionChoice> partitions, ImageBytes data) {

  /**
   * Finds the file system.
   *
   * @throws ImageException if there is none, with the reason
   * @throws IOException if the file cannot be read
   */
  static ImageLayout of(ImageBytes image, MachineArchitecture architecture) throws IOException {
    boolean partitioned = Gpt.isAt(image, Gpt.SECTOR);
    boolean squashfs = Signatures.isSquashfs(image);
    boolean erofs = Signatures.isErofs(image);
    if ((partitioned ? 1 : 0) + (squashfs ? 1 : 0) + (erofs ? 1 : 0) > 1) {
      throw ImageException.corrupt(
          "it can be taken for an image of two kinds at once, which systemd refuses");
    }
    for (int sector : Gpt.OTHER_SECTORS) {
      if ((partitioned || squashfs || erofs) && Gpt.isAt(image, sector)) {
        throw ImageException.corrupt(
            "it has a partition table of "
                + sector
                + "-byte sectors besides, and systemd would not know which to take");
      }
    }
    if (!partitioned) {
      ImageFormat format =
          new ImageFormat(Container.BARE, type(squashfs, erofs, image), Protection.NONE);
      return new ImageLayout(image, format, Optional.empty(), image);
    }
    PartitionChoice choice = PartitionChoice.of(Gpt.read(image), architecture);
    ImageBytes data = window(image, choice.data());
    FileSystemType type = type(Signatures.isSquashfs(data), Signatures.isErofs(data), data);
    boolean usr = choice.designator() == PartitionType.Designator.USR;
    ImageFormat format =
        new ImageFormat(usr ? Container.GPT_USR : Container.GPT_ROOT, type, choice.protection());
    return new ImageLayout(image, format, Optional.of(choice), data);
  }

  /** The bytes of a partition. */
  static ImageBytes window(ImageBytes image, Gpt.Partition partition) throws ImageException {
    return image.window(partition.offset(), partition.length());
  }

  private static FileSystemType type(boolean squashfs, boolean erofs, ImageBytes image)
      throws IOException {
    if (squashfs) {
      return FileSystemType.SQUASHFS;
    }
    if (erofs) {
      return FileSystemType.EROFS;
    }
    throw Signatures.refusal(image);
  }
}
