package io.kairos.extensions.agent.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes changes of names durable, be it late.
 *
 * <p>A name that was changed is durable once its folder is synced. Between the two the process may
 * end, or the sync may fail; the next look finds the name as it is wanted, nobody would sync it any
 * more, and what it led to before would be deleted for good: a power cut after that brings back a
 * name that leads nowhere. So a folder is in debt from before its change until its sync has
 * succeeded, to begin with every folder is, for nobody knows how the process before ended, and
 * nothing is changed while one is in debt.
 */
final class Syncs {
  private final Set<Path> inDebt;

  /** With folders that may have been left unsynced; those that are not there are durable so. */
  Syncs(Collection<Path> folders) {
    inDebt = new TreeSet<>(folders);
  }

  /** A change of names in one folder. */
  @FunctionalInterface
  interface Change {
    /** Carries it out. */
    void run() throws IOException;
  }

  /**
   * Changes names in a folder; durable when this returns.
   *
   * @throws IOException when the change, or a sync before or after it, fails
   */
  synchronized void change(Path folder, Change change) throws IOException {
    settle();
    inDebt.add(folder);
    change.run();
    settle();
  }

  /**
   * Syncs what is in debt.
   *
   * @throws IOException when a sync fails; it stays in debt
   */
  synchronized void settle() throws IOException {
    for (Path folder : List.copyOf(inDebt)) {
      if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
        try {
          sync(folder);
        } catch (NoSuchFileException gone) {
          // and nothing in it to keep
        }
      } // else there is nothing in it, and opening a FIFO would hold us up
      inDebt.remove(folder);
    }
  }

  /**
   * Syncs a file's bytes, or a folder's names.
   *
   * @throws IOException when the file system refuses
   */
  static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
