package io.kairos.extensions.agent.image;

import io.kairos.extensions.agent.image.ImageFormat.Container;
import io.kairos.extensions.agent.image.ImageFormat.FileSystemType;
import io.kairos.extensions.agent.image.ImageFormat.Protection;
import java.io.IOException;

/**
 * An image whose file system was found and can be read.
 *
 * @param format how it is built
 * @param tree its files as systemd would mount them: those of a usr partition appear under usr
 */
public record OpenedImage(ImageFormat format, ImageTree tree) {
  /** The field notes of systemd-sysext: a smaller file is not recognised as an image. */
  private static final int SMALLEST = 2048;

  /**
   * Finds the file system that systemd would mount on a host.
   *
   * @param image the whole file
   * @param architecture of the host
   * @throws ImageException if there is none, with the reason
   * @throws IOException if the file cannot be read
   */
  public static OpenedImage open(ImageBytes image, MachineArchitecture architecture)
      throws IOException {
    boolean partitioned = Gpt.isAt(image, Gpt.SECTOR);
    boolean squashfs = Signatures.isSquashfs(image);
    boolean erofs = Signatures.isErofs(image);
    if ((partitioned ? 1 : 0) + (squashfs ? 1 : 0) + (erofs ? 1 : 0) > 1) {
      throw ImageException.corrupt(
          "it can be taken for an image of two kinds at once, which systemd refuses");
    }
    if (partitioned) {
      return partitioned(image, architecture);
    }
    FileSystemType type = fileSystemType(squashfs, erofs, image);
    FileSystem files = fileSystem(type, image);
    if (image.length() < SMALLEST) {
      throw ImageException.unsupported(
          "it has "
              + image.length()
              + " bytes, too few for systemd to recognise: pad it to 4096 bytes");
    }
    return new OpenedImage(
        new ImageFormat(Container.BARE, type, Protection.NONE), new ImageTree(files));
  }

  private static OpenedImage partitioned(ImageBytes image, MachineArchitecture architecture)
      throws IOException {
    PartitionChoice choice = PartitionChoice.of(Gpt.read(image), architecture);
    ImageBytes window = image.window(choice.data().offset(), choice.data().length());
    FileSystemType type =
        fileSystemType(Signatures.isSquashfs(window), Signatures.isErofs(window), window);
    FileSystem files = fileSystem(type, window);
    boolean usr = choice.designator() == PartitionType.Designator.USR;
    ImageFormat format =
        new ImageFormat(usr ? Container.GPT_USR : Container.GPT_ROOT, type, choice.protection());
    return new OpenedImage(format, new ImageTree(usr ? new UsrFileSystem(files) : files));
  }

  private static FileSystem fileSystem(FileSystemType type, ImageBytes image) throws IOException {
    return switch (type) {
      case SQUASHFS -> SquashfsReader.open(image);
      case EROFS -> ErofsReader.open(image);
    };
  }

  private static FileSystemType fileSystemType(boolean squashfs, boolean erofs, ImageBytes image)
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
