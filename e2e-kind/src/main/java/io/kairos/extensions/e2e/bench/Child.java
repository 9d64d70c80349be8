package io.kairos.extensions.e2e.bench;

import io.kairos.extensions.e2e.fleet.ClassPath;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A program of this build in a process of its own, which is asked by lines and answers by lines.
 */
final class Child implements AutoCloseable {
  private final Process process;
  private final BufferedReader answers;
  private final BufferedWriter questions;

  private Child(Process process) {
    this.process = process;
    this.answers = process.inputReader(StandardCharsets.UTF_8);
    this.questions = process.outputWriter(StandardCharsets.UTF_8);
  }

  static Child start(Class<?> main, List<String> flags, Path argument) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(List.of("-cp", ClassPath.current(), main.getName(), argument.toString()));
    return new Child(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** What it says unasked. */
  String answer() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new IOException("a process of the benchmark ended");
    }
    return line;
  }

  String ask(String question) throws IOException {
    questions.write(question);
    questions.newLine();
    questions.flush();
    return answer();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
