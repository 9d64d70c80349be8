package io.kairos.extensions.e2e.sandbox;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the sandbox speaks: lines that stay, and below them, on a terminal, lines that are redrawn.
 */
final class Terminal {
  private static final Pattern SIZE = Pattern.compile("([1-9][0-9]{0,3}) ([1-9][0-9]{0,3})\\s*");
  private static final Size USUAL = new Size(24, 80);

  private final PrintStream out;
  private final boolean redraws;
  private final boolean colored;
  private final Size size;
  private List<String> live = List.of();

  /**
   * How large a terminal is.
   *
   * @param rows its lines
   * @param columns a line's characters
   */
  record Size(int rows, int columns) {}

  /**
   * Speaks to a stream.
   *
   * @param redraws whether it understands to be redrawn
   */
  Terminal(PrintStream out, boolean redraws, boolean colored, Size size) {
    this.out = out;
    this.redraws = redraws;
    this.colored = colored;
    this.size = size;
  }

  /** This process' output, whatever stands between it and {@link System#out}. */
  static Terminal ofProcess() {
    boolean terminal = isTerminal() && !System.getenv().getOrDefault("TERM", "dumb").equals("dumb");
    return new Terminal(
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8),
        terminal,
        terminal && System.getenv().getOrDefault("NO_COLOR", "").isEmpty(),
        terminal ? askedSize() : USUAL);
  }

  /** Whether lines can be redrawn, that many of them. */
  boolean redraws(int lines) {
    return redraws && lines < size.rows();
  }

  /** Whether colours are welcome. */
  boolean colored() {
    return colored;
  }

  /** How many characters fit into a line. */
  int columns() {
    return size.columns();
  }

  /** A line that stays. */
  synchronized void line(String text) {
    List<String> below = live;
    live(List.of());
    out.println(text);
    live(below);
  }

  /** What stands below all lines now. Elsewhere than on a terminal nothing does. */
  synchronized void live(List<String> lines) {
    if (!redraws) {
      return;
    }
    StringBuilder text = new StringBuilder();
    if (!live.isEmpty()) {
      text.append("\u001b[").append(live.size()).append("A\r");
    }
    // Without wrapping: a line that is too long for a terminal that has become smaller stays one
    // line.
    text.append("\u001b[?7l");
    lines.forEach(line -> text.append(line).append("\u001b[K\n"));
    text.append("\u001b[?7h\u001b[J");
    out.print(text);
    out.flush();
    live = List.copyOf(lines);
  }

  /** What stands below stays where it is. */
  synchronized void keep() {
    live = List.of();
  }

  private static boolean isTerminal() {
    return Optional.ofNullable(System.console()).filter(Terminal::isTerminal).isPresent();
  }

  /** From JDK 22 on there is a console without a terminal, too, which can be asked. */
  private static boolean isTerminal(Console console) {
    try {
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException before22) {
      return true;
    }
  }

  private static Size askedSize() {
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(Redirect.INHERIT)
              .redirectError(Redirect.DISCARD)
              .start();
      String said = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      Matcher matcher = SIZE.matcher(said);
      return stty.waitFor(1, TimeUnit.SECONDS) && matcher.matches()
          ? new Size(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)))
          : USUAL;
    } catch (IOException e) {
      return USUAL;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return USUAL;
    }
  }
}
