package io.kairos.extensions.images;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Programs of the machine that builds, run to their end. */
final class Shell {
  private Shell() {}

  /**
   * What a program prints, if it ends well.
   *
   * @throws IOException if it cannot be started or does not end well, with what it said
   */
  static String run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    int code = process.waitFor();
    if (code != 0) {
      throw new IOException(String.join(" ", command) + " ended with " + code + ": " + output);
    }
    return output;
  }

  /** The same, or nothing where it cannot be had. */
  static Optional<String> ask(List<String> command) throws InterruptedException {
    try {
      return Optional.of(run(command));
    } catch (IOException notHere) {
      return Optional.empty();
    }
  }
}
