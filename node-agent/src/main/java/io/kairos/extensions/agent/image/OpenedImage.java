package io.kairos.extensions.agent.image;

import io.kairos.extensions.agent.image.ImageFormat.Container;
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
    ImageLayout layout = ImageLayout.of(image, architecture);
    return open(layout, layout.data());
  }

  /**
   * Opens the file system of an image.
   *
   * @param layout of the image
   * @param data the bytes that a host would mount
   * @throws ImageException if it is damaged
   * @throws IOException if the file cannot be read
   */
  static OpenedImage open(ImageLayout layout, ImageBytes data) throws IOException {
    FileSystem files =
        switch (layout.format().fileSystem()) {
          case SQUASHFS -> SquashfsReader.open(data);
          case EROFS -> ErofsReader.open(data);
        };
    Container container = layout.format().container();
    if (container == Container.BARE && data.length() < SMALLEST) {
      throw ImageException.unsupported(
          "it has "
              + data.length()
              + " bytes, too few for systemd to recognise: pad it to 4096 bytes");
    }
    return new OpenedImage(
        layout.format(),
        new ImageTree(container == Container.GPT_USR ? new UsrFileSystem(files) : files));
  }
}
