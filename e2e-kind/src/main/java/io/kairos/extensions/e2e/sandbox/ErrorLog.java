package io.kairos.extensions.e2e.sandbox;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;

/**
 * Takes all that this process writes to its error output, logs foremost, into a file. The lines
 * that tell of an error are handed on to a person as well.
 */
final class ErrorLog implements AutoCloseable {
  private static final Pattern ERROR =
      Pattern.compile("([^\\[]*\\[.*?] )?ERROR\\s.*|SEVERE: .*|Exception in thread .*");

  private final PrintStream before = System.err;
  private final Lines lines;

  private ErrorLog(Lines lines) {
    this.lines = lines;
  }

  /** Begins. To be called before the first logger is made: this sets what they go by. */
  static ErrorLog into(Path file, Consumer<String> errors) throws IOException {
    System.setProperty("org.slf4j.simpleLogger.logFile", "System.err");
    // Maven puts its own stream back as soon as the process is told to end, and there is more to
    // log then.
    System.setProperty("org.slf4j.simpleLogger.cacheOutputStream", "true");
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "info");
    System.setProperty("org.slf4j.simpleLogger.showDateTime", "true");
    System.setProperty("org.slf4j.simpleLogger.dateTimeFormat", "HH:mm:ss.SSS");
    Logger.getLogger("").setLevel(Level.WARNING);
    Lines lines = new Lines(new BufferedOutputStream(Files.newOutputStream(file)), errors);
    ErrorLog log = new ErrorLog(lines);
    System.setErr(new PrintStream(lines, true, StandardCharsets.UTF_8));
    return log;
  }

  @Override
  public void close() throws IOException {
    System.setErr(before);
    lines.close();
  }

  /** Writes through to a file, and looks at each line. */
  static final class Lines extends OutputStream {
    private final OutputStream file;
    private final Consumer<String> errors;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    Lines(OutputStream file, Consumer<String> errors) {
      this.file = file;
      this.errors = errors;
    }

    @Override
    public synchronized void write(int b) throws IOException {
      file.write(b);
      if (b != '\n') {
        line.write(b);
        return;
      }
      String text = line.toString(StandardCharsets.UTF_8);
      line.reset();
      if (ERROR.matcher(text).matches()) {
        errors.accept(text);
      }
    }

    @Override
    public synchronized void flush() throws IOException {
      file.flush();
    }

    @Override
    public synchronized void close() throws IOException {
      file.close();
    }
  }
}
