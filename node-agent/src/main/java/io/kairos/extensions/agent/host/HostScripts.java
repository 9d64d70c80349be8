package io.kairos.extensions.agent.host;

import io.kairos.extensions.agent.store.HostPaths;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;

/**
 * Runs short shell scripts on the host, each as a transient unit of PID 1 with a cgroup and a time
 * limit of its own. The output comes back through a file in the run folder, which both sides see:
 * in memory, so that a full disk does not silence the host, and for root alone: journals and the
 * words of health checks are nothing for everybody. What a crash leaves there is deleted by {@link
 * HostPaths#recover()}.
 */
final class HostScripts {
  /** Before the journal is read: what a unit wrote right before its end may not be in it yet. */
  static final String LAST_WORDS = "timeout 5 journalctl --sync >/dev/null 2>&1 || true\n";

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int OUTPUT_BYTES = 1024 * 1024;

  /** What does not end at its limit is asked to, and killed so much later. */
  private static final Duration KILL_AFTER = Duration.ofSeconds(5);

  /** Arguments mean what they say: systemd would put variables of its own in. */
  private static final List<String> NO_EXPANSION = List.of("no-env-expand");

  /** Of a program that we know nothing about; the rest is read and dropped. */
  private static final int PROGRAM_OUTPUT_BYTES = 64 * 1024;

  /** The output, then the exit code as the last line. */
  private static final String RUN_PROGRAM =
      "part=$1 whole=$2; shift 2\n"
          + "(umask 077; : >\"$part\")\n"
          + "{ { \"$@\"; echo \"$?\" >\"$part.code\"; } 2>&1 </dev/null"
          + " | { head -c "
          + PROGRAM_OUTPUT_BYTES
          + "; cat >/dev/null; } >\"$part\"; }\n"
          + "{ echo; cat \"$part.code\"; } >>\"$part\" && rm \"$part.code\" && mv \"$part\" \"$whole\"";

  private final Bus bus;
  private final HostPaths paths;

  HostScripts(Bus bus, HostPaths paths) {
    this.bus = bus;
    this.paths = paths;
  }

  /**
   * Runs a script to its end.
   *
   * @param script for {@code /bin/sh -c}; its standard output and error come back, the first 1 MiB
   * @throws HostException when it cannot be started, fails, or takes more than 20 s
   */
  String run(String script) throws HostException {
    Output output = new Output();
    try {
      start(
          LIMIT,
          List.of(
              "(umask 077; : >\"$1\"); { " + script + "\n} >\"$1\" 2>&1 && mv \"$1\" \"$2\"", "sh"),
          output,
          List.of());
      if (!Waiting.until(LIMIT, output::isWhole)) {
        throw new HostException(
            "a script on the host did not end well within " + LIMIT.toSeconds() + " s: " + script);
      }
      return output.read(output.whole);
    } finally {
      output.delete();
    }
  }

  /**
   * Runs a program to its end, or kills it at the limit.
   *
   * @throws HostException when it cannot be started
   */
  Units.Ran run(List<String> command, Duration limit) throws HostException {
    Output output = new Output();
    try {
      start(limit, List.of(RUN_PROGRAM, "sh"), output, command);
      if (!Waiting.until(limit, output::isWhole)) {
        return new Units.Ran.TimedOut(output.read(output.part).strip());
      }
      String written = output.read(output.whole).stripTrailing();
      int lastLine = written.lastIndexOf('\n') + 1;
      return new Units.Ran.Exited(
          Integer.parseInt(written.substring(lastLine)), written.substring(0, lastLine).strip());
    } finally {
      output.delete();
    }
  }

  private void start(Duration limit, List<String> script, Output output, List<String> arguments)
      throws HostException {
    List<String> shell = new ArrayList<>(List.of("/bin/sh", "-c"));
    shell.addAll(script);
    shell.add(output.onHost + ".part");
    shell.add(output.onHost.toString());
    shell.addAll(arguments);
    List<Systemd.Property> properties =
        List.of(
            new Systemd.Property("Description", new Variant<>("sysext-operator: asks the host")),
            new Systemd.Property("Type", new Variant<>("oneshot")),
            new Systemd.Property(
                "TimeoutStartUSec", new Variant<>(new UInt64(limit.toNanos() / 1000))),
            new Systemd.Property(
                "TimeoutStopUSec", new Variant<>(new UInt64(KILL_AFTER.toNanos() / 1000))),
            new Systemd.Property("CollectMode", new Variant<>("inactive-or-failed")),
            new Systemd.Property(
                "ExecStartEx",
                Bus.commands(List.of(new Systemd.Command("/bin/sh", shell, NO_EXPANSION)))));
    bus.manager(
        "StartTransientUnit",
        m -> m.startTransientUnit(output.unit, "fail", properties, List.of()));
  }

  /** The file through which the output of one script comes back. */
  private final class Output {
    private final String unit;
    private final Path onHost;
    private final Path whole;
    private final Path part;

    Output() throws HostException {
      String id = UUID.randomUUID().toString();
      this.unit = "sysext-operator-" + id + ".service";
      this.onHost = HostPaths.outputOnHost(id);
      this.whole = paths.here(onHost);
      this.part = paths.here(Path.of(onHost + ".part"));
      try {
        Files.createDirectories(whole.getParent());
      } catch (IOException e) {
        throw new HostException("the run folder cannot be made: " + e.getMessage(), e);
      }
    }

    boolean isWhole() {
      return Files.exists(whole);
    }

    String read(Path file) throws HostException {
      try (InputStream in = Files.newInputStream(file)) {
        return new String(in.readNBytes(OUTPUT_BYTES), StandardCharsets.UTF_8);
      } catch (NoSuchFileException nothingWritten) {
        return "";
      } catch (IOException e) {
        throw new HostException(
            "the output of a script on the host could not be read: " + e.getMessage(), e);
      }
    }

    void delete() {
      for (Path file : List.of(whole, part, Path.of(part + ".code"))) {
        try {
          Files.deleteIfExists(file);
        } catch (IOException left) {
          // in memory, and deleted when the agent starts anew
        }
      }
    }
  }
}
