package io.kairos.extensions.e2e.sandbox;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Turns rows into lines. */
final class StatusTable {
  private static final List<String> HEADS = List.of("NODE", "EXTENSION", "PHASE", "TIME", "DETAIL");
  private static final int PHASE = 2;
  private static final int TIME = 3;
  private static final String GAP = "  ";
  private static final String RESET = "\u001b[0m";

  private StatusTable() {}

  /**
   * The table, heads first.
   *
   * @param width no line is longer
   * @param colored whether phases have colours
   */
  static List<String> render(List<Row> rows, int width, boolean colored) {
    List<List<String>> cells = rows.stream().map(StatusTable::cells).toList();
    int[] widths = new int[HEADS.size()];
    for (int column = 0; column < widths.length; column++) {
      int at = column;
      widths[column] =
          Math.max(
              HEADS.get(at).length(),
              cells.stream().mapToInt(row -> row.get(at).length()).max().orElse(0));
    }
    List<String> lines = new ArrayList<>();
    lines.add(line(HEADS, widths, width));
    for (int i = 0; i < rows.size(); i++) {
      String line = line(cells.get(i), widths, width);
      lines.add(colored ? color(line, widths, rows.get(i).mark()) : line);
    }
    return lines;
  }

  /** One row by itself, for output that is not redrawn. */
  static String line(Row row) {
    return "%7s  %-8s %-14s %-14s %s"
        .formatted(time(row.elapsed()), row.node(), row.what(), row.phase(), oneLine(row.detail()))
        .stripTrailing();
  }

  private static List<String> cells(Row row) {
    return List.of(row.node(), row.what(), row.phase(), time(row.elapsed()), oneLine(row.detail()));
  }

  private static String line(List<String> cells, int[] widths, int width) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < cells.size(); column++) {
      String cell = cells.get(column);
      String padding = " ".repeat(widths[column] - cell.length());
      line.append(column == TIME ? padding + cell : cell + padding).append(GAP);
    }
    String text = line.toString().stripTrailing();
    return text.length() <= width ? text : text.substring(0, Math.max(0, width - 3)) + "...";
  }

  /** The phase's place in the line is known: colours go around it and change no width. */
  private static String color(String line, int[] widths, Row.Mark mark) {
    int from = 0;
    for (int column = 0; column < PHASE; column++) {
      from += widths[column] + GAP.length();
    }
    int to = Math.min(line.length(), from + widths[PHASE]);
    if (from >= to) {
      return line;
    }
    String color =
        switch (mark) {
          case WAITING -> "\u001b[2m";
          case WORKING -> "\u001b[33m";
          case DONE -> "\u001b[32m";
          case FAILED -> "\u001b[31m";
        };
    return line.substring(0, from) + color + line.substring(from, to) + RESET + line.substring(to);
  }

  /** Seconds with one digit after the point. */
  static String time(Duration duration) {
    return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }
}
