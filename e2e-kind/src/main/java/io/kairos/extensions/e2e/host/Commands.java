package io.kairos.extensions.e2e.host;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs commands of this machine, with an environment that does not depend on the caller's. */
final class Commands {
  private static final File NOTHING = new File("/dev/null");
  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private Commands() {}

  /** A command ready to be started: no input, and a clean environment with {@code more} in it. */
  static ProcessBuilder prepare(Map<String, String> more, List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command).redirectInput(NOTHING);
    builder.environment().clear();
    builder.environment().putAll(Map.of("PATH", PATH, "LANG", "C.UTF-8"));
    builder.environment().putAll(more);
    return builder;
  }

  /** Runs a command to its end. */
  static CommandResult run(Duration timeout, List<String> command) {
    return run(timeout, Map.of(), command);
  }

  /**
   * Runs a command to its end, with {@code more} in its environment. Its output goes through files,
   * so that a child it leaves behind cannot make this wait; they have no name while it runs, so
   * that nothing can leave them behind.
   */
  static CommandResult run(Duration timeout, Map<String, String> more, List<String> command) {
    try {
      Path stdout = Files.createTempFile("sysext-command-", ".out");
      Path stderr = Files.createTempFile("sysext-command-", ".err");
      try (InputStream out = Files.newInputStream(stdout);
          InputStream err = Files.newInputStream(stderr)) {
        Process process;
        try {
          process =
              prepare(more, command)
                  .redirectOutput(stdout.toFile())
                  .redirectError(stderr.toFile())
                  .start();
        } finally {
          Files.delete(stdout);
          Files.delete(stderr);
        }
        if (!ends(process, timeout, command)) {
          kill(process);
          throw new HostException(
              String.join(" ", command)
                  + " did not end within "
                  + timeout
                  + ": "
                  + text(out)
                  + text(err));
        }
        return new CommandResult(process.exitValue(), text(out), text(err));
      }
    } catch (IOException e) {
      throw new HostException("cannot run " + String.join(" ", command), e);
    }
  }

  /** Runs a command to its end, which has to be a success. */
  static CommandResult mustRun(String... command) {
    CommandResult result = run(Duration.ofMinutes(2), List.of(command));
    if (!result.succeeded()) {
      throw new HostException(
          String.join(" ", command) + " ended with " + result.exitCode() + ": " + result.stderr());
    }
    return result;
  }

  /** Whether a program of that name is installed. */
  static boolean installed(String program) {
    return Stream.of(PATH.split(":", -1))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  /** A file that comes with this package. */
  static byte[] resource(String name) {
    try (var stream = Commands.class.getResourceAsStream(name)) {
      if (stream == null) {
        throw new HostException("no resource " + name);
      }
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean ends(Process process, Duration timeout, List<String> command) {
    try {
      return process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      kill(process);
      Thread.currentThread().interrupt();
      throw new HostException("interrupted while waiting for " + String.join(" ", command), e);
    }
  }

  private static void kill(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private static String text(InputStream output) throws IOException {
    return new String(output.readAllBytes(), StandardCharsets.UTF_8);
  }
}
