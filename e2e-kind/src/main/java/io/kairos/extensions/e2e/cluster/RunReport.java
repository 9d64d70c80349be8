package io.kairos.extensions.e2e.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the scenarios of a build ran on, collected in a file, as tests run in processes of their
 * own: one line a record, {@code run TAB kind TAB what}. The run tells this build's records from
 * those of an earlier one, so nobody has to clear the file. Records go nowhere outside of a build.
 */
public final class RunReport {

  /** System property: the file. */
  public static final String FILE = "sysext.run.report";

  /**
   * System property: what is the same in one build and different in the next, for instance its
   * start time.
   */
  public static final String RUN = "sysext.run.id";

  private final Optional<Path> file;
  private final String run;

  private RunReport(Optional<Path> file, String run) {
    this.file = file;
    this.run = oneLine(run);
  }

  /** The report of the build that runs this test, as told by the two system properties. */
  public static RunReport ofThisBuild() {
    return new RunReport(
        Optional.ofNullable(System.getProperty(FILE)).filter(f -> !f.isBlank()).map(Path::of),
        System.getProperty(RUN, ""));
  }

  /** A report in a file of choice. */
  public static RunReport in(Path file, String run) {
    return new RunReport(Optional.of(file), run);
  }

  /**
   * Notes that something of this kind was used, for instance {@code ("systemd", "257 (Debian
   * 13)")}.
   */
  public void record(String kind, String what) {
    file.ifPresent(f -> append(f, run + "\t" + oneLine(kind) + "\t" + oneLine(what) + "\n"));
  }

  /** How often what was recorded in this run, by kind. */
  public Map<String, Map<String, Integer>> counts() {
    Map<String, Map<String, Integer>> counts = new TreeMap<>();
    for (String line : file.filter(Files::exists).map(RunReport::lines).orElse(List.of())) {
      String[] parts = line.split("\t", 3);
      if (parts.length == 3 && parts[0].equals(run)) {
        counts.computeIfAbsent(parts[1], k -> new TreeMap<>()).merge(parts[2], 1, Integer::sum);
      }
    }
    return counts;
  }

  private static void append(Path file, String line) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      // One short write in append mode: lines of several processes do not mix.
      Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s+", " ").trim();
  }
}
