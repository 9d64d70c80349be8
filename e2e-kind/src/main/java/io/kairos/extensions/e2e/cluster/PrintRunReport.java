package io.kairos.extensions.e2e.cluster;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Prints what the scenarios of this build ran on: {@code FILE RUN}. */
public final class PrintRunReport {

  private PrintRunReport() {}

  @SuppressWarnings("SystemOut") // that is what it is for
  public static void main(String[] arguments) {
    if (arguments.length != 2) {
      throw new IllegalArgumentException("usage: FILE RUN");
    }
    format(RunReport.in(Path.of(arguments[0]), arguments[1])).forEach(System.out::println);
  }

  /** The report as lines for a person. */
  static List<String> format(RunReport report) {
    List<String> lines =
        report.counts().entrySet().stream()
            .flatMap(
                kind ->
                    kind.getValue().entrySet().stream()
                        .map(
                            what ->
                                "  %-12s %s (%d)"
                                    .formatted(kind.getKey(), what.getKey(), what.getValue())))
            .toList();
    return lines.isEmpty()
        ? List.of("No scenario of this build recorded what it ran on.")
        : Stream.concat(Stream.of("The scenarios of this build ran on:"), lines.stream()).toList();
  }
}
