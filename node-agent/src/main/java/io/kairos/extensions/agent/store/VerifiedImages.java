package io.kairos.extensions.agent.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
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

  private final StoreLayout layout;
  private final Map<String, Map<String, Object>> verified = new TreeMap<>();

  /** Nothing is verified yet. */
  public VerifiedImages(StoreLayout layout) {
    this.layout = layout;
  }

  /**
   * The image was verified just now.
   *
   * @throws IOException when its file cannot be looked at
   */
  public void verified(String sha256) throws IOException {
    verified.put(sha256, look(sha256));
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
      try {
        if (!look(entry.getKey()).equals(entry.getValue())) {
          touched.add(entry.getKey());
        }
      } catch (NoSuchFileException gone) {
        touched.add(entry.getKey());
      }
    }
    verified.keySet().removeAll(touched);
    return touched;
  }

  private Map<String, Object> look(String sha256) throws IOException {
    Path image = layout.images().resolve(sha256);
    return Map.copyOf(Files.readAttributes(image, ATTRIBUTES, LinkOption.NOFOLLOW_LINKS));
  }
}
