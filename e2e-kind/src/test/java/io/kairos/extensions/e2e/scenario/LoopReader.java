package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.SampleImages;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A process on a host that reads a file of each of some extensions from {@code /usr}, over and over
 * without a pause: what it could not read for a moment was not merged in that moment.
 *
 * <p>It is a unit of the host, {@code reader.service}. What it reads is listed in a file that
 * outlives boots: once there is one, each boot starts the reader as soon as the boot's merge is
 * done. It notes whenever a file's content is another than before, with the time.
 */
final class LoopReader {
  private static final Path FOLDER = Path.of("/run/reader");
  private static final Path NAMES = Path.of("/var/lib/kairos/reader-names");

  private static final String SCRIPT =
      """
      #!/bin/bash
      names=$(cat %1$s)
      declare -A was
      reads=0
      mkdir -p %2$s
      until [ -e %2$s/stop ]; do
        for name in $names; do
          line=
          { read -r line </usr/share/reader/$name; } 2>/dev/null
          if [ "$line" != "${was[$name]-}" ]; then
            echo "$EPOCHREALTIME $name ${line:--}" >>%2$s/changes
            was[$name]=$line
          fi
          reads=$((reads + 1))
        done
      done
      echo $reads >%2$s/reads.new
      mv %2$s/reads.new %2$s/reads
      """
          .formatted(NAMES, FOLDER);

  private static final String UNIT =
      """
      [Unit]
      After=systemd-sysext.service
      ConditionPathExists=%s
      [Service]
      ExecStart=/bin/bash /etc/reader.sh
      """
          .formatted(NAMES);

  private final FleetNode node;

  LoopReader(FleetNode node) {
    this.node = node;
  }

  /** The same host with a reader on it. */
  static HostOptions on(HostOptions options) {
    return options
        .withFile("/etc/reader.sh", SCRIPT)
        .withFile("/etc/systemd/system/reader.service", UNIT)
        .withFile(
            "/etc/systemd/system/multi-user.target.d/reader.conf",
            "[Unit]\nWants=reader.service\n");
  }

  /** An image in the making, with the file that is read. */
  static SampleImages.Builder readable(SampleImages images, String name, String version) {
    return images.image(name, version).file("usr/share/reader/" + name, version + "\n");
  }

  /**
   * What a file was from a moment on.
   *
   * @param at seconds since the epoch
   * @param name of the extension
   * @param version its content; {@code -} where there was none
   */
  record Change(BigDecimal at, String name, String version) {
    boolean isMiss() {
      return version.equals("-");
    }
  }

  /**
   * What a reader saw.
   *
   * @param reads how many times a file was read, or was to be
   * @param changes in the order of time; the first of each name is what it was at the start, none
   *     if it was never there
   */
  record Report(long reads, List<Change> changes) {
    Report {
      changes = List.copyOf(changes);
    }

    /** When something that had been there could not be read. */
    List<Change> misses() {
      return changes.stream().filter(Change::isMiss).toList();
    }

    /** The first content of each name. */
    Map<String, String> first() {
      Map<String, String> first = new HashMap<>();
      changes.forEach(change -> first.putIfAbsent(change.name(), change.version()));
      return first;
    }

    /** The last content of each name. */
    Map<String, String> last() {
      Map<String, String> last = new HashMap<>();
      changes.forEach(change -> last.put(change.name(), change.version()));
      return last;
    }

    /** How often there was a time in which anything was missing. */
    List<Gap> gaps() {
      List<Gap> gaps = new ArrayList<>();
      Map<String, BigDecimal> missing = new HashMap<>();
      BigDecimal from = BigDecimal.ZERO;
      for (Change change : changes) {
        boolean began = missing.isEmpty();
        if (change.isMiss()) {
          missing.put(change.name(), change.at());
          from = began ? change.at() : from;
        } else if (missing.remove(change.name()) != null && missing.isEmpty()) {
          gaps.add(new Gap(from, change.at()));
        }
      }
      assertThat(missing).as("what never came back").isEmpty();
      return gaps;
    }

    String describe() {
      return "%d reads, %d misses, gaps in ms: %s"
          .formatted(
              reads, misses().size(), gaps().stream().map(gap -> gap.millis() + "").toList());
    }
  }

  /** A time in which a file was missing, in seconds since the epoch. */
  record Gap(BigDecimal from, BigDecimal to) {
    BigDecimal millis() {
      return to.subtract(from).movePointRight(3);
    }
  }

  /** Begins to read what these extensions carry. */
  LoopReader start(List<String> names) {
    node.host().exec("systemctl", "stop", "reader.service").orThrow(); // one of a test that failed
    readInEachBoot(names);
    node.host().exec("rm", "-rf", FOLDER.toString()).orThrow();
    node.host().exec("systemctl", "start", "reader.service").orThrow();
    return this;
  }

  /** From the next boot on; that of now has no reader yet. */
  void readInEachBoot(List<String> names) {
    node.host()
        .exec("sh", "-c", "echo '" + String.join(" ", names) + "' >" + NAMES + "; sync " + NAMES)
        .orThrow();
  }

  /** Ends it, and all that later boots would start. */
  Report stop() {
    node.host().exec("rm", "-f", NAMES.toString()).orThrow();
    node.host().exec("mkdir", "-p", FOLDER.toString()).orThrow();
    node.host().exec("touch", FOLDER.resolve("stop").toString()).orThrow();
    Path reads = here("reads");
    await("the reader to end").atMost(World.PATIENCE).until(() -> Files.exists(reads));
    try {
      List<Change> changes = new ArrayList<>();
      for (String line : Files.readAllLines(here("changes"))) {
        String[] fields = line.split(" ", 3);
        changes.add(new Change(new BigDecimal(fields[0]), fields[1], fields[2]));
      }
      return new Report(Long.parseLong(Files.readString(reads).strip()), changes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path here(String file) {
    return node.layout().here(FOLDER.resolve(file));
  }
}
