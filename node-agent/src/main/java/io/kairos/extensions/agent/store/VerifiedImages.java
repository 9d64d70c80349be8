package io.kairos.extensions.agent.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Knows by what inode, size and times an image file was verified. A file of ours is never
 * rewritten, so a difference means that somebody else touched it and that it has to be hashed again
 * before anything more is linked to it. It is much cheaper than a digest, and no proof against
 * somebody who is root on the host.
 */
public final class VerifiedImages {
  private static final String ATTRIBUTES = "unix:ino,size,lastModifiedTime,ctime";
  private static final String INODE = "ino";
  private static final String CTIME = "ctime";

  private final StoreLayout layout;
  private final Map<String, Map<String, Object>> verified = new TreeMap<>();

  /** Images that were touched and not verified since, with what they were found as. */
  private final Map<String, Touched> untrusted = new TreeMap<>();

  /** Nothing is verified yet. */
  public VerifiedImages(StoreLayout layout) {
    this.layout = layout;
  }

  /**
   * A file that is not what was verified.
   *
   * @param before the inode that was verified
   * @param found the inode that was found, nothing where the file was gone
   */
  private record Touched(Object before, Optional<Object> found) {}

  /**
   * The image was verified just now.
   *
   * @return whether it had been overwritten in place and was fetched again: whoever has the old
   *     inode open, a merge for one, reads bytes that nobody verified
   * @throws IOException when its file cannot be looked at
   */
  public boolean verified(String sha256) throws IOException {
    Map<String, Object> now = look(sha256);
    verified.put(sha256, now);
    return Optional.ofNullable(untrusted.remove(sha256))
        .filter(touched -> touched.found().equals(Optional.of(touched.before())))
        .filter(touched -> !touched.before().equals(now.get(INODE)))
        .isPresent();
  }

  /** The images that were touched and have to be verified anew. */
  public Set<String> untrusted() {
    return Set.copyOf(untrusted.keySet());
  }

  /**
   * The images whose files are not what was verified. They are named once: what is not verified
   * anew is not known here any more.
   *
   * @throws IOException when a file cannot be looked at
   */
  public Set<String> touched() throws IOException {
    Set<String> touched = new TreeSet<>();
    for (Map.Entry<String, Map<String, Object>> entry : verified.entrySet()) {
      Optional<Map<String, Object>> found = lookIfThere(entry.getKey());
      if (!found.equals(Optional.of(entry.getValue()))) {
        touched.add(entry.getKey());
        untrusted.put(
            entry.getKey(),
            new Touched(entry.getValue().get(INODE), found.map(file -> file.get(INODE))));
      }
    }
    verified.keySet().removeAll(touched);
    return touched;
  }

  /**
   * We changed how many names a verified image has, which moves its ctime and nothing else.
   *
   * @throws IOException when its file cannot be looked at
   */
  public void renamed(String sha256) throws IOException {
    Optional<Map<String, Object>> now = lookIfThere(sha256);
    Map<String, Object> before = verified.get(sha256);
    if (before != null && now.filter(file -> isButForCtime(before, file)).isPresent()) {
      verified.put(sha256, now.get());
    }
  }

  private static boolean isButForCtime(Map<String, Object> one, Map<String, Object> other) {
    Map<String, Object> rest = new TreeMap<>(one);
    rest.put(CTIME, other.get(CTIME));
    return rest.equals(other);
  }

  /** Forgets an image that was deleted for good. */
  public void deleted(String sha256) {
    verified.remove(sha256);
    untrusted.remove(sha256);
  }

  private Optional<Map<String, Object>> lookIfThere(String sha256) throws IOException {
    try {
      return Optional.of(look(sha256));
    } catch (NoSuchFileException gone) {
      return Optional.empty();
    }
  }

  private Map<String, Object> look(String sha256) throws IOException {
    Path image = layout.images().resolve(sha256);
    return Map.copyOf(Files.readAttributes(image, ATTRIBUTES, LinkOption.NOFOLLOW_LINKS));
  }
}
