package io.kairos.extensions.agent.fetch;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A download in progress, {@code staging/SHA256.part}, and beside it, in {@code .part.meta}, what
 * the next try needs to carry on: from where it came, what tells that version of it from others,
 * and its whole length.
 *
 * <p>The note is deleted before the file is begun anew and written before its first byte, so that
 * it never speaks of other bytes than those that are there. A crash of the whole host may still mix
 * them, for neither is synced; the digest of the whole finds that, and the next try starts anew.
 */
final class Part {
  private static final int FORM = 1;

  /** A URL and an ETag are bounded by what servers and the API take. */
  private static final long MOST_NOTE_BYTES = 64 << 10;

  private final Path file;
  private final Path note;

  Part(Path folder, String sha256) {
    this.file = folder.resolve(sha256 + ".part");
    this.note = folder.resolve(sha256 + ".part.meta");
  }

  /**
   * Where a download ended.
   *
   * @param offset bytes that are there
   * @param validator a strong ETag, a date, or a digest: what the source has to be still
   * @param total the length of the whole, where it is known
   */
  record Resume(long offset, String validator, OptionalLong total) {}

  Path file() {
    return file;
  }

  /** What is there of a URL's file, if anything that can be carried on. */
  Optional<Resume> resume(String url) throws IOException {
    List<String> lines;
    try {
      BasicFileAttributes found =
          Files.readAttributes(note, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!found.isRegularFile() || found.size() > MOST_NOTE_BYTES) {
        return Optional.empty(); // nothing of ours: to open a FIFO would hold us up
      }
      lines = Files.readAllLines(note, StandardCharsets.UTF_8);
    } catch (NoSuchFileException | CharacterCodingException none) {
      return Optional.empty();
    }
    boolean regular = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    if (!regular
        || lines.size() != 4
        || !lines.get(0).equals(String.valueOf(FORM))
        || !lines.get(1).equals(url)
        || !lines.get(3).matches("[0-9]{0,18}")) {
      return Optional.empty();
    }
    long offset = Files.size(file);
    OptionalLong total =
        lines.get(3).isEmpty()
            ? OptionalLong.empty()
            : OptionalLong.of(Long.parseLong(lines.get(3)));
    return offset == 0 || (total.isPresent() && offset > total.getAsLong())
        ? Optional.empty()
        : Optional.of(new Resume(offset, lines.get(2), total));
  }

  /**
   * Begins anew, with an empty file.
   *
   * @param validator without one the next try will begin anew as well
   */
  void begin(String url, Optional<String> validator, OptionalLong total) throws IOException {
    delete();
    Files.createFile(file);
    if (validator.isPresent()) {
      String length = total.isPresent() ? String.valueOf(total.getAsLong()) : "";
      Files.writeString(
          note,
          FORM + "\n" + url + "\n" + validator.get() + "\n" + length + "\n",
          StandardCharsets.UTF_8,
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.WRITE);
    }
  }

  /** The whole is there: nothing is left to carry on. */
  void done() throws IOException {
    Files.deleteIfExists(note);
  }

  /** Nothing of it is worth keeping. */
  void delete() throws IOException {
    clear(note);
    clear(file);
  }

  private static void clear(Path path) throws IOException {
    try {
      Files.deleteIfExists(path);
    } catch (DirectoryNotEmptyException folder) {
      throw new IOException(
          path + " is a folder where a download of ours has to be: move it away", folder);
    }
  }

  /** Keeps what another try can carry on, and nothing else. */
  void tidy() throws IOException {
    if (!Files.exists(note, LinkOption.NOFOLLOW_LINKS)) {
      delete();
    }
  }
}
