package io.kairos.extensions.agent.host;

import io.kairos.extensions.agent.store.StoreLayout;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;

/**
 * Runs short shell scripts on the host, each as a transient unit of PID 1 with a cgroup and a time
 * limit of its own. The output comes back through a file in the run folder, which both sides see:
 * in memory, so that a full disk does not silence the host. What a crash leaves there is deleted by
 * {@link io.kairos.extensions.agent.store.Store#prepare()}.
 */
final class HostScripts {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int OUTPUT_BYTES = 1024 * 1024;

  private final Bus bus;
  private final StoreLayout layout;

  HostScripts(Bus bus, StoreLayout layout) {
    this.bus = bus;
    this.layout = layout;
  }

  /**
   * Runs a script to its end.
   *
   * @param script for {@code /bin/sh -c}; its standard output and error come back, the first 1 MiB
   * @throws HostException when it cannot be started, fails, or takes more than 20 s
   */
  String run(String script) throws HostException {
    String id = UUID.randomUUID().toString();
    String unit = "sysext-operator-" + id + ".service";
    Path onHost = StoreLayout.outputOnHost(id);
    Path output = layout.here(onHost);
    List<Systemd.Property> properties =
        List.of(
            new Systemd.Property("Description", new Variant<>("sysext-operator: asks the host")),
            new Systemd.Property("Type", new Variant<>("oneshot")),
            new Systemd.Property(
                "TimeoutStartUSec", new Variant<>(new UInt64(LIMIT.toNanos() / 1000))),
            new Systemd.Property("CollectMode", new Variant<>("inactive-or-failed")),
            new Systemd.Property(
                "ExecStart",
                Bus.commands(
                    List.of(
                        new Systemd.Command(
                            "/bin/sh",
                            List.of(
                                "/bin/sh",
                                "-c",
                                "{ " + script + "\n} >\"$1\" 2>&1 && mv \"$1\" \"$2\"",
                                "sh",
                                onHost + ".part",
                                onHost.toString()),
                            false)))));
    try {
      Files.createDirectories(output.getParent());
      bus.manager(
          "StartTransientUnit", m -> m.startTransientUnit(unit, "fail", properties, List.of()));
      if (!Waiting.until(LIMIT, () -> Files.exists(output))) {
        throw new HostException(
            "a script on the host did not end well within " + LIMIT.toSeconds() + " s: " + script);
      }
      byte[] bytes = Files.readAllBytes(output);
      return new String(bytes, 0, Math.min(bytes.length, OUTPUT_BYTES), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new HostException(
          "the output of a script on the host could not be read: " + e.getMessage(), e);
    } finally {
      delete(output);
      delete(layout.here(Path.of(onHost + ".part")));
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException left) {
      // the next look at the store deletes it
    }
  }
}
