package io.kairos.extensions.agent.store;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Below which folder this process sees a host, and where things lie there that belong to no class
 * of extensions.
 *
 * <p>Link targets are paths as the host sees them; files are opened as this process sees them.
 *
 * @param root where this process sees the host's {@code /}
 */
public record HostPaths(Path root) {
  /** A folder in memory that both sides see. */
  private static final Path RUN = Path.of("/run/extensions");

  private static final String OUTPUT = StoreLayout.OURS + "-";

  /** Output of scripts, and the next version of notes, of an agent that was cut off. */
  private static final String LEFT_BEHIND = "{" + OUTPUT + "*," + StoreLayout.OURS + ".*.part}";

  /** A path of the host, as this process sees it. */
  public Path here(Path onHost) {
    return root.resolve(Path.of("/").relativize(onHost));
  }

  /** A path that this process sees, as the host sees it. */
  public Path onHost(Path here) {
    return Path.of("/").resolve(root.relativize(here));
  }

  /** Where the output of a script on the host goes, as the host sees it. */
  public static Path outputOnHost(String id) {
    return RUN.resolve(OUTPUT + id + ".out");
  }

  /**
   * Deletes what an agent before this one left of its questions to the host; to be called before
   * the first of our own.
   *
   * @throws IOException when the run folder cannot be read, or a file not deleted
   */
  public void recover() throws IOException {
    try (DirectoryStream<Path> outputs = Files.newDirectoryStream(here(RUN), LEFT_BEHIND)) {
      for (Path output : outputs) {
        Files.deleteIfExists(output);
      }
    } catch (NoSuchFileException none) {
      // nobody has asked anything in this boot
    }
  }

  /**
   * Whether the run folder that this process sees was deleted on the host, which has another by
   * now: a mount goes on showing what it was made of, and only another process sees the new one.
   */
  public boolean isRunFolderLost() {
    try {
      return Files.getAttribute(here(RUN), "unix:nlink").equals(0);
    } catch (IOException unknown) {
      return false;
    }
  }

  /** Which profile is booted, by the sentinels of immucore. */
  public Path cos() {
    return here(Path.of("/run/cos"));
  }

  /** The block devices, as sysfs lists them: those of the whole machine, whoever looks. */
  public Path block() {
    return here(Path.of("/sys/block"));
  }

  /** The kernel's boot id. */
  public Path bootId() {
    return here(Path.of("/proc/sys/kernel/random/boot_id"));
  }
}
