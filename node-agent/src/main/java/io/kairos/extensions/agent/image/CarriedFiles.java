package io.kairos.extensions.agent.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The files that an image has below some hierarchies: everything but folders, which a merge joins.
 * Kept as eight bytes of each path's digest, so that an image of 100,000 files takes less than a
 * megabyte.
 */
public final class CarriedFiles {
  /** More entries than any image in use has; the rest is not compared. */
  private static final int MOST_ENTRIES = 1_000_000;

  private final long[] paths;

  private CarriedFiles(long[] paths) {
    this.paths = paths;
  }

  /**
   * Lists them.
   *
   * @param hierarchies as the host merges them, {@code /usr} for one
   * @throws ImageException when the image is damaged, or has too much in it to be listed
   * @throws IOException when its file cannot be read
   */
  public static CarriedFiles of(ImageTree tree, List<String> hierarchies) throws IOException {
    Hashes hashes = new Hashes();
    walk(
        tree,
        hierarchies,
        path -> {
          hashes.add(path);
          return true;
        });
    return new CarriedFiles(hashes.sorted());
  }

  /** How many of them are in another image, too. */
  public int shared(CarriedFiles other) {
    return (int) Arrays.stream(paths).filter(other::has).count();
  }

  /**
   * Names files of an image that are among these.
   *
   * @param most how many at most
   * @return paths on the host, in the order of the image
   * @throws IOException as {@link #of} does
   */
  public List<String> named(ImageTree tree, List<String> hierarchies, int most) throws IOException {
    List<String> named = new ArrayList<>();
    walk(
        tree,
        hierarchies,
        path -> {
          if (has(hash(path))) {
            named.add("/" + path);
          }
          return named.size() < most;
        });
    return named;
  }

  private interface Taker {
    boolean take(String path);
  }

  private static void walk(ImageTree tree, List<String> hierarchies, Taker taker)
      throws IOException {
    for (String hierarchy : hierarchies) {
      String folder = hierarchy.replaceAll("^/+|/+$", "");
      ImageTree.WalkEnd end =
          tree.walk(
              folder, MOST_ENTRIES, (path, type) -> type == FileType.DIRECTORY || taker.take(path));
      if (end == ImageTree.WalkEnd.STOPPED) {
        return;
      }
    }
  }

  private boolean has(long hash) {
    return Arrays.binarySearch(paths, hash) >= 0;
  }

  private static long hash(String path) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(path.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(digest).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static final class Hashes {
    private long[] all = new long[1024];
    private int count;

    void add(String path) {
      if (count == all.length) {
        all = Arrays.copyOf(all, count * 2);
      }
      all[count++] = hash(path);
    }

    long[] sorted() {
      return Arrays.stream(all, 0, count).sorted().distinct().toArray();
    }
  }
}
