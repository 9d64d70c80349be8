package io.kairos.extensions.e2e.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The disk of a host that has one: an image file with an ext4 in it, mounted on the folder that is
 * {@code /var/lib/kairos} on the host.
 *
 * <p>A loss of power. What programs wrote and did not sync lies in the kernel's memory, and the
 * kernel outlives the host. But the image file holds nothing except what has been written to the
 * disk: a copy of it, taken while nothing is written, is the disk at that moment. That is what the
 * next boot gets, after ext4 has replayed the journal; the file system with the memory is thrown
 * away. Journal commits are put off as long as can be, so that little reaches the disk that nobody
 * asked for.
 */
final class StateDisk {
  private static final String OPTIONS = "loop,commit=300";
  private static final int MOST_COPIES = 100;

  private final Path image;
  private final Path mounted;
  private final Path copy;

  /** That of the host with this folder. */
  StateDisk(Path work) {
    this.image = work.resolve("state.img");
    this.mounted = work.resolve("state");
    this.copy = work.resolve("state.copy");
  }

  /** Makes it, empty, and mounts it. */
  void make(int mebibytes) {
    Commands.mustRun("truncate", "-s", mebibytes + "M", image.toString());
    Commands.mustRun("mkfs.ext4", "-q", "-F", "-m", "0", image.toString());
    mount();
  }

  private void mount() {
    Commands.mustRun("mount", "-t", "ext4", "-o", OPTIONS, image.toString(), mounted.toString());
  }

  /** Puts it into the state that the disk is in now. The host is off. */
  void losePower() {
    try {
      copyAtRest();
      Commands.mustRun("umount", "-l", mounted.toString());
      Files.move(copy, image, StandardCopyOption.ATOMIC_MOVE);
      mount();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Two copies in a row that are the same: nothing was written between them. */
  private void copyAtRest() throws IOException {
    Path before = copy.resolveSibling("state.before");
    copyTo(copy);
    for (int i = 0; i < MOST_COPIES; i++) {
      Files.move(copy, before, StandardCopyOption.REPLACE_EXISTING);
      copyTo(copy);
      if (Files.mismatch(before, copy) == -1) {
        Files.delete(before);
        return;
      }
    }
    throw new HostException("the disk of " + mounted + " is written to without an end");
  }

  private void copyTo(Path target) {
    Commands.mustRun("cp", "--sparse=always", image.toString(), target.toString());
  }
}
