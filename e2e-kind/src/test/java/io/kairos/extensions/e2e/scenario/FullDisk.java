package io.kairos.extensions.e2e.scenario;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A disk without one block left, by a file that somebody else put there, for a while. */
final class FullDisk {
  private static final int[] BLOCKS = {1 << 20, 1 << 10};

  private final Path folder;

  /** The disk with this folder. */
  FullDisk(Path folder) {
    this.folder = folder;
  }

  private Path filler() {
    return folder.resolve("filler");
  }

  /** The last block goes to something that is none of ours. */
  void fill() {
    for (int block : BLOCKS) {
      try (OutputStream out =
          Files.newOutputStream(filler(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
        while (true) {
          out.write(new byte[block]);
        }
      } catch (IOException full) {
        // that is what is wanted
      }
    }
  }

  /** For good: a cut of power right afterwards does not bring back what was deleted. */
  void empty() {
    try {
      Files.deleteIfExists(filler());
      try (FileChannel opened = FileChannel.open(folder, StandardOpenOption.READ)) {
        opened.force(true);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
