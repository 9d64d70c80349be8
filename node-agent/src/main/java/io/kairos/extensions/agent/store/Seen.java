package io.kairos.extensions.agent.store;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * As what a file was seen.
 *
 * @param inode its number
 * @param bytes its size
 * @param modifiedNanos when its bytes were last written, since 1970
 * @param changedNanos when anything of it was last changed, its names included, since 1970
 */
public record Seen(
    @JsonProperty("inode") long inode,
    @JsonProperty("bytes") long bytes,
    @JsonProperty("modifiedNanos") long modifiedNanos,
    @JsonProperty("changedNanos") long changedNanos) {

  /**
   * Looks at a file, not at what a link leads to.
   *
   * @throws IOException when it cannot be looked at
   */
  static Seen at(Path path) throws IOException {
    Map<String, Object> found =
        Files.readAttributes(
            path, "unix:ino,size,lastModifiedTime,ctime", LinkOption.NOFOLLOW_LINKS);
    return new Seen(
        ((Number) found.get("ino")).longValue(),
        ((Number) found.get("size")).longValue(),
        ((FileTime) found.get("lastModifiedTime")).to(TimeUnit.NANOSECONDS),
        ((FileTime) found.get("ctime")).to(TimeUnit.NANOSECONDS));
  }

  /** Whether it is the same but for a change that left its bytes alone, as another name does. */
  boolean isSameFile(Seen other) {
    return new Seen(inode, bytes, modifiedNanos, other.changedNanos).equals(other);
  }
}
