package io.kairos.extensions.agent.store;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small file of ours that is read and replaced as a whole. Whoever is root on the host may have
 * put something else in its place: a FIFO would hold up who opens it for ever, a link would lead
 * elsewhere. So nothing but a regular file of a sensible size is opened, anything else is as good
 * as no note, and the next write puts a file in its place.
 */
final class NoteFile {
  private static final Logger LOG = LoggerFactory.getLogger(NoteFile.class);

  /** A hundred images with all that is known of them are some 20 KiB. */
  private static final long MOST_BYTES = 4L << 20;

  private final Path place;
  private final Path temporary;

  /**
   * A note.
   *
   * @param place where it is
   * @param temporary where its next version waits for its rename, on the same file system
   */
  NoteFile(Path place, Path temporary) {
    this.place = place;
    this.temporary = temporary;
  }

  /**
   * What it says; nothing where there is no such file.
   *
   * @throws IOException when it cannot be read
   */
  Optional<byte[]> read() throws IOException {
    try {
      BasicFileAttributes found =
          Files.readAttributes(place, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!found.isRegularFile() || found.size() > MOST_BYTES) {
        LOG.warn(
            "{} is {}: it is taken for no note, and replaced by the next",
            place,
            found.isRegularFile() ? "of " + found.size() + " bytes" : "no regular file");
        return Optional.empty();
      }
      return Optional.of(Files.readAllBytes(place));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    }
  }

  /**
   * Replaces it in one step, which a power cut may take back.
   *
   * @throws IOException when the file system refuses; the note is as before
   */
  void write(byte[] content) throws IOException {
    try {
      prepare(content);
      Files.move(temporary, place, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw withoutLeftover(e);
    }
  }

  /**
   * Replaces it in one step; durable when this returns.
   *
   * @throws IOException when the file system refuses
   */
  void write(byte[] content, Syncs syncs) throws IOException {
    try {
      prepare(content);
      Syncs.sync(temporary);
      syncs.change(
          place.getParent(), () -> Files.move(temporary, place, StandardCopyOption.ATOMIC_MOVE));
    } catch (IOException e) {
      throw withoutLeftover(e);
    }
  }

  /** What it was to say may be what it says already by the time of the next try. */
  private IOException withoutLeftover(IOException e) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException stays) {
      e.addSuppressed(stays);
    }
    return e;
  }

  /**
   * Takes it away.
   *
   * @throws IOException when the file system refuses
   */
  void delete() throws IOException {
    clear(temporary);
    clear(place);
  }

  private void prepare(byte[] content) throws IOException {
    clear(temporary);
    Files.write(temporary, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    if (Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
      clear(place);
    }
  }

  private static void clear(Path path) throws IOException {
    try {
      Files.deleteIfExists(path);
    } catch (DirectoryNotEmptyException folder) {
      throw new IOException(
          path + " is a folder where a note of ours has to be: move it away", folder);
    }
  }
}
