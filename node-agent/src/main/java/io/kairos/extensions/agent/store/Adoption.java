package io.kairos.extensions.agent.store;

import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
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
 * Whatever has the file open, a loop device for one, keeps it.
 *
 * <p>All the files in the way have to be identical, else none is touched: it is a conflict, for a
 * person. A digest is kept with inode, size and times, so that a conflict that stays costs no
 * reading.
 */
public final class Adoption {
  private static final String ATTRIBUTES = "unix:ino,dev,size,lastModifiedTime,ctime";
  private static final int BUFFER_BYTES = 1 << 20;

  private final StoreLayout layout;
  private final Map<Path, Known> known = new HashMap<>();

  private record Known(Map<String, Object> attributes, String digest) {}

  /** Adopts into a store. */
  public Adoption(StoreLayout layout) {
    this.layout = layout;
  }

  /**
   * Adopts files, if they are what is wanted. Reads them: not for the agent's loop.
   *
   * @param sha256 what is wanted
   * @param files regular files that have its name, by path below the store; none is no conflict
   * @return the conflict, where there is one
   * @throws InterruptedException when the thread is
   */
  public synchronized Optional<Staged.NotStaged> adopt(String sha256, Set<String> files)
      throws InterruptedException {
    try {
      for (String file : new TreeSet<>(files)) {
        String digest = digest(layout.store().resolve(file));
        if (!digest.equals(sha256)) {
          return Optional.of(
              new Staged.NotStaged(
                  Reasons.FOREIGN_FILE,
                  "the file "
                      + StoreLayout.STORE.resolve(file)
                      + " has sha256 "
                      + digest
                      + ", wanted is "
                      + sha256));
        }
      }
      for (String file : new TreeSet<>(files)) {
        take(layout.store().resolve(file), sha256);
      }
      return Optional.empty();
    } catch (NoSuchFileException gone) {
      return Optional.empty(); // and no longer in the way
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.of(
          new Staged.NotStaged(
              Reasons.FOREIGN_FILE,
              "a file that may be the wanted image could not be adopted: move it away: " + e));
    }
  }

  private void take(Path file, String sha256) throws IOException, InterruptedException {
    Path image = layout.images().resolve(sha256);
    requireUnchanged(file);
    if (!Files.exists(image, LinkOption.NOFOLLOW_LINKS)) {
      Store.sync(file);
      name(image, file);
      Store.sync(layout.images());
    }
    if (layout.imageWithInodeOf(file).isEmpty() && digest(image).equals(sha256)) {
      Path temporary = layout.links().resolve("adopted-" + sha256);
      Files.deleteIfExists(temporary);
      Files.createLink(temporary, image);
      requireUnchanged(file);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      Store.sync(file.getParent());
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
    String digest = read(file);
    known.put(file, new Known(before, digest));
    return digest;
  }

  private static String read(Path file) throws IOException, InterruptedException {
    MessageDigest digest = sha256();
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
        if (Thread.interrupted()) {
          throw new InterruptedException("while reading " + file);
        }
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static Map<String, Object> attributes(Path file) throws IOException {
    return Map.copyOf(Files.readAttributes(file, ATTRIBUTES, LinkOption.NOFOLLOW_LINKS));
  }
}
