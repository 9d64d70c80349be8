package io.kairos.extensions.agent.store;

import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Takes over files of somebody else's that are the wanted image, byte for byte: installed by hand,
 * or by {@code kairos-agent}, before a policy came.
 *
 * <p>A file gets a second name in {@code images/} (a hard link) and keeps its own, so that there is
 * no moment in which what is merged or boots is lost: file synced, named, {@code images/} synced.
 * From then on it is recognised by its inode, and the ordinary plan replaces its own name by a link
 * in one rename. A further identical file becomes another name of that inode, by one rename, too.
 * Whatever has the file open, a loop device for one, keeps it. Where the file lies outside of the
 * store, it is copied and replaced by a link in one rename.
 *
 * <p>All the files in the way have to be identical, else none is touched: it is a conflict, for a
 * person. A digest is kept with inode, size and times, so that a conflict that stays costs no
 * reading.
 */
public final class Adoption {
  private static final String ATTRIBUTES = "unix:ino,dev,size,lastModifiedTime,ctime";

  private final StoreLayout layout;
  private final Store store;
  private final Syncs syncs;
  private final Map<Path, Known> known = new HashMap<>();

  private record Known(Map<String, Object> attributes, String digest) {}

  /** Adopts into a store. */
  public Adoption(StoreLayout layout, Store store) {
    this.layout = layout;
    this.store = store;
    this.syncs = store.syncs();
  }

  /**
   * Adopts files, if they are what is wanted. Reads them: not for the agent's loop.
   *
   * @param sha256 what is wanted
   * @param files regular files that have its name, by path below the store or by absolute path;
   *     none is no conflict
   * @return the conflict, where there is one
   * @throws InterruptedException when the thread is
   */
  public synchronized Optional<Staged.NotStaged> adopt(String sha256, Set<String> files)
      throws InterruptedException {
    try {
      for (String file : new TreeSet<>(files)) {
        String digest = digest(here(file));
        if (!digest.equals(sha256)) {
          return Optional.of(
              new Staged.NotStaged(
                  Reasons.FOREIGN_FILE,
                  "the file "
                      + layout.storeOnHost().resolve(file)
                      + " has sha256 "
                      + digest
                      + ", wanted is "
                      + sha256));
        }
      }
      for (String file : new TreeSet<>(files)) {
        take(here(file), sha256);
      }
      return Optional.empty();
    } catch (NoSuchFileException gone) {
      return Optional.empty(); // and no longer in the way
    } catch (ClosedByInterruptException givenUp) {
      Thread.interrupted();
      throw (InterruptedException) new InterruptedException("given up").initCause(givenUp);
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.of(
          new Staged.NotStaged(
              Reasons.FOREIGN_FILE,
              "a file that may be the wanted image could not be adopted: move it away: " + e));
    }
  }

  private Path here(String file) {
    return layout.here(layout.storeOnHost().resolve(file));
  }

  private void take(Path file, String sha256) throws IOException, InterruptedException {
    Path image = layout.images().resolve(sha256);
    requireUnchanged(file);
    if (!file.startsWith(layout.store())) {
      takeCopy(file, sha256);
      return;
    }
    if (!Files.exists(image, LinkOption.NOFOLLOW_LINKS)) {
      Syncs.sync(file);
      syncs.change(layout.images(), () -> name(image, file));
    }
    if (Inodes.imageOf(layout, file).isEmpty() && digest(image).equals(sha256)) {
      Path temporary = layout.links().resolve("adopted-" + sha256);
      Files.deleteIfExists(temporary);
      Files.createLink(temporary, image);
      requireUnchanged(file);
      syncs.change(
          file.getParent(), () -> Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE));
    }
  }

  /**
   * A file outside of the store may lie in another file system, and does lie on another mount in a
   * pod: it can have no name in the store. So the store gets a copy, and the file's own place a
   * link to that, of the very same content.
   */
  private void takeCopy(Path file, String sha256) throws IOException, InterruptedException {
    Path image = layout.images().resolve(sha256);
    if (!Files.exists(image, LinkOption.NOFOLLOW_LINKS)) {
      Path part = layout.links().resolve("adopted-" + sha256);
      Files.copy(file, part, StandardCopyOption.REPLACE_EXISTING, LinkOption.NOFOLLOW_LINKS);
      requireDigest(part, sha256);
      store.keep(part, sha256);
    } else {
      requireDigest(image, sha256);
    }
    requireUnchanged(file);
    syncs.change(
        file.getParent(),
        () -> Store.replace(layout.temporary(file), file, layout.targetOf(file, sha256)));
  }

  private static void requireDigest(Path file, String sha256)
      throws IOException, InterruptedException {
    if (!Sha256.of(file).equals(sha256)) {
      throw new IOException(file + " is not what was copied");
    }
  }

  private static void name(Path image, Path file) throws IOException {
    try {
      Files.createLink(image, file);
    } catch (FileAlreadyExistsException since) {
      // then it is that one that counts
    }
  }

  /** Between reading and naming somebody may have written. */
  private void requireUnchanged(Path file) throws IOException {
    Known read = known.get(file);
    if (read == null || !read.attributes().equals(attributes(file))) {
      throw new IOException(file + " changes while it is looked at");
    }
  }

  private String digest(Path file) throws IOException, InterruptedException {
    Map<String, Object> before = attributes(file);
    Known read = known.get(file);
    if (read != null && read.attributes().equals(before)) {
      return read.digest();
    }
    String digest = Sha256.of(file);
    known.put(file, new Known(before, digest));
    return digest;
  }

  private static Map<String, Object> attributes(Path file) throws IOException {
    return Map.copyOf(Files.readAttributes(file, ATTRIBUTES, LinkOption.NOFOLLOW_LINKS));
  }
}
