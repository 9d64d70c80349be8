package io.kairos.extensions.e2e.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** What the JDK lacks for folders. */
final class Folders {

  private Folders() {}

  /**
   * Deletes a folder with all that is in it, following no link. Does nothing if it is not there.
   */
  static void delete(Path folder) {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      List<Path> deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        Files.deleteIfExists(path);
      }
    } catch (NoSuchFileException gone) {
      // Someone else deletes it, too.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
