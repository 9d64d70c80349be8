package io.kairos.extensions.e2e.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whether real hosts can be booted on this machine. What there is to boot from is {@link
 * BaseRoot}'s question.
 */
public sealed interface HostSupport {
  /** They can. */
  record Supported() implements HostSupport {}

  /**
   * They cannot.
   *
   * @param reasons all that is missing
   */
  record Unsupported(List<String> reasons) implements HostSupport {
    /** Keeps a copy. */
    public Unsupported {
      reasons = List.copyOf(reasons);
    }
  }

  /**
   * Finds out, by trying in throw-away namespaces what can only be tried. Takes some hundredths of
   * a second.
   */
  static HostSupport check() {
    List<String> reasons = new ArrayList<>();
    Path self = Path.of("/proc/self");
    if (!Files.isDirectory(self)) {
      return new Unsupported(List.of("this is no Linux, or /proc is not mounted"));
    }
    try {
      if (!Integer.valueOf(0).equals(Files.getAttribute(self, "unix:uid"))) {
        reasons.add("not root");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (String tool :
        List.of(
            "bash",
            "setsid",
            "unshare",
            "nsenter",
            "mount",
            "umount",
            "mountpoint",
            "pivot_root",
            "chroot")) {
      if (!Commands.installed(tool)) {
        reasons.add(tool + " is not installed");
      }
    }
    Optional<Path> cgroup = cgroup2();
    if (cgroup.isEmpty()) {
      reasons.add("cgroup2 is not mounted");
    } else if (!Files.isWritable(cgroup.get())) {
      reasons.add("no cgroup can be made below " + cgroup.get());
    }
    if (reasons.isEmpty()) {
      reasons.addAll(probe());
    }
    return reasons.isEmpty() ? new Supported() : new Unsupported(reasons);
  }

  /**
   * Where cgroup v2 is mounted: {@code /sys/fs/cgroup}, or a folder in it where v1 is in use beside
   * it.
   */
  static Optional<Path> cgroup2() {
    try {
      return Files.readAllLines(Path.of("/proc/self/mounts")).stream()
          .map(line -> line.split(" ", -1))
          .filter(fields -> fields.length > 2 && fields[2].equals("cgroup2"))
          .map(fields -> Path.of(fields[1]))
          .findFirst();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> probe() {
    try {
      Path folder = Files.createTempDirectory("sysext-host-probe-");
      Path script = Files.createTempFile("sysext-host-probe-", ".sh");
      try {
        Files.write(script, Commands.resource("probe-host.sh"));
        CommandResult result =
            Commands.run(
                Duration.ofSeconds(20),
                List.of(
                    "unshare",
                    "-m",
                    "-p",
                    "-u",
                    "-i",
                    "-n",
                    "-C",
                    "--fork",
                    "--kill-child",
                    "--propagation",
                    "private",
                    "bash",
                    script.toString(),
                    folder.toString()));
        if (result.stdout().isBlank() && !result.stderr().isBlank()) {
          return List.of("namespaces cannot be made: " + result.stderr().strip());
        }
        return result.stdout().lines().toList();
      } finally {
        Files.delete(script);
        Files.delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
