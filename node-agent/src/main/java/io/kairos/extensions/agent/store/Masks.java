package io.kairos.extensions.agent.store;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/**
 * Hides names from systemd that lie in a folder it looks into by itself, until the next boot.
 *
 * <p>A folder of that name whose extension-release fits nobody is found first in the run folder,
 * and left out without a word; of a link that leads nowhere, or to {@code /dev/null}, systemd takes
 * no notice (tried on 252 and 257). The folder lies in our own, whole, before a link in the run
 * folder leads to it, by one rename: a folder without extension-release would make the whole merge
 * fail. The link is gone with the boot.
 */
final class Masks {
  /** No system's: an ID begins with a letter or a digit. */
  private static final String NOBODY = "ID=_hidden-until-the-next-boot\n";

  private final StoreLayout layout;

  Masks(StoreLayout layout) {
    this.layout = layout;
  }

  /** Which of the names has to stay hidden. */
  @FunctionalInterface
  interface Check {
    boolean isMaskable(String name) throws IOException;
  }

  /**
   * Hides a name.
   *
   * @throws IOException when something of somebody else's has the place, or it cannot be written
   */
  void put(String name) throws IOException {
    Path link = link(name);
    if (is(link)) {
      return;
    }
    if (Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(
          layout.host().onHost(link).toString(), null, "not ours, and left alone");
    }
    Path releases = folder(name).resolve(layout.extensionClass().releaseFolder());
    Files.createDirectories(releases);
    Files.writeString(releases.resolve("extension-release." + name), NOBODY);
    Store.replace(layout.temporaryIn(layout.run()), link, layout.masksOnHost().resolve(name));
  }

  /**
   * Shows a name again, where it was hidden.
   *
   * @throws IOException when the link cannot be deleted
   */
  void drop(String name) throws IOException {
    if (layout.looksIntoProfile() && is(link(name))) {
      Files.deleteIfExists(link(name));
    }
  }

  /** Whether an entry of the run folder is one. */
  boolean is(Path entry) throws IOException {
    try {
      return layout
          .masksOnHost()
          .resolve(entry.getFileName())
          .equals(Files.readSymbolicLink(entry));
    } catch (NotLinkException | NoSuchFileException another) {
      return false;
    }
  }

  /**
   * Drops those that hide nothing of ours, and what is left of those that went.
   *
   * @throws IOException when a folder cannot be read or deleted
   */
  void tidy(Check check) throws IOException {
    for (String name : entries(layout.run())) {
      if (is(link(name)) && !check.isMaskable(name)) {
        drop(name);
      }
    }
    for (String name : entries(layout.here(layout.masksOnHost()))) {
      if (!is(link(name))) {
        delete(folder(name));
      }
    }
  }

  private Path link(String name) {
    return layout.run().resolve(name);
  }

  private Path folder(String name) {
    return layout.here(layout.masksOnHost()).resolve(name);
  }

  private static void delete(Path path) throws IOException {
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      for (String name : entries(path)) {
        delete(path.resolve(name));
      }
    }
    Files.deleteIfExists(path);
  }

  private static Set<String> entries(Path folder) throws IOException {
    Set<String> names = new TreeSet<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      entries.forEach(entry -> names.add(entry.getFileName().toString()));
    } catch (NoSuchFileException | NotDirectoryException none) {
      return Set.of();
    } catch (DirectoryIteratorException broken) {
      throw broken.getCause();
    }
    return names;
  }
}
