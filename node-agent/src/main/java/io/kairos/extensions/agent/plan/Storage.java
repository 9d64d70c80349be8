package io.kairos.extensions.agent.plan;

import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The room that images take, and may take.
 *
 * @param files the images that are there, trusted or not
 * @param inLoops digests of images that a loop device of the host has open
 * @param freeBytes room in the file system of the store
 * @param lowWaterBytes below this, images that nobody needs go
 * @param keepImages how many images that nobody needs stay for each extension that is assigned
 */
public record Storage(
    Map<String, ImageFile> files,
    Set<String> inLoops,
    long freeBytes,
    long lowWaterBytes,
    int keepImages) {

  /** Nothing is known, so nothing that nobody needs is kept. */
  public static final Storage UNKNOWN = new Storage(Map.of(), Set.of(), 0, 0, 0);

  /** Takes copies. */
  public Storage {
    files = Map.copyOf(files);
    inLoops = Set.copyOf(inLoops);
  }

  /**
   * An image's file.
   *
   * @param bytes its size
   * @param modifiedMillis when it was downloaded, since 1970
   */
  public record ImageFile(long bytes, long modifiedMillis) {}

  /**
   * What an administrator says of it.
   *
   * @param keepImages how many images that nobody needs may stay for each extension
   * @param minFreeBytes the low-water mark, where it is not left to the default
   */
  public record Limits(int keepImages, OptionalLong minFreeBytes) {
    private static final long GIB = 1L << 30;
    private static final int TENTH = 10;

    /** One image a name: the version before this one. */
    public static final Limits DEFAULT = new Limits(1, OptionalLong.empty());

    /**
     * The low-water mark of a file system. By default 1 GiB, which is room for the next image and
     * for what the host writes beside it; a tenth of a file system that is smaller than 10 GiB, for
     * there 1 GiB would never be free and nothing ever be kept.
     *
     * @param totalBytes the size of the file system
     */
    public long lowWaterBytes(long totalBytes) {
      return minFreeBytes.orElse(Math.min(GIB, totalBytes / TENTH));
    }
  }
}
