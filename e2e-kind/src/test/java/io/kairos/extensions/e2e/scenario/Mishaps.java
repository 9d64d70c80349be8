package io.kairos.extensions.e2e.scenario;

import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.ImageServer;
import io.kairos.extensions.e2e.fleet.ImageServer.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Makes the {@link Mishap}s of one run happen, and ends them: by the image server, by a file that
 * fills the disk, by a drop-in of systemd-sysext, by signals to the bus; and by the gate of {@link
 * SteppedAgents} what cannot be had of a real host at a wanted moment.
 */
final class Mishaps {
  private static final String BROKEN =
      "/run/systemd/system/systemd-sysext.service.d/zz-broken.conf";

  private final FleetNode node;
  private final SteppedAgents agents;
  private final ImageServer server;
  private final FullDisk disk;
  private final List<Path> downloads;
  private final List<Mishap> waiting;
  private final Map<Mishap, Long> lasting = new HashMap<>();
  private final List<Mishap> begun = new ArrayList<>();
  private boolean blown;

  /**
   * Of one run; nothing happens yet.
   *
   * @param downloads the files that the run downloads
   */
  Mishaps(
      FleetNode node,
      SteppedAgents agents,
      ImageServer server,
      List<Path> downloads,
      List<Mishap> mishaps) {
    this.node = node;
    this.agents = agents;
    this.server = server;
    this.disk = new FullDisk(node.host().stateDir());
    this.downloads = downloads;
    this.waiting = new ArrayList<>(mishaps);
  }

  /** A blow fell; the steps of the agent are counted anew. */
  void blown() {
    blown = true;
  }

  /** Begins and ends what is due. The host is on. */
  void tick() {
    int steps = agents.trace().size();
    for (Mishap one : List.copyOf(waiting)) {
      if (one.afterBlow() == blown && one.steps() <= steps) {
        waiting.remove(one);
        begun.add(one);
        begin(one);
      }
    }
    for (Map.Entry<Mishap, Long> one : List.copyOf(lasting.entrySet())) {
      if (System.nanoTime() - one.getValue() > 0) {
        end(one.getKey());
      }
    }
  }

  /** From now on nothing goes wrong any more. */
  void end() {
    waiting.clear();
    agents.order(List.of());
    server.forgetNext();
    for (Mishap one : List.copyOf(lasting.keySet())) {
      end(one);
    }
  }

  /** Those that began. */
  List<Mishap> begun() {
    return List.copyOf(begun);
  }

  private void begin(Mishap one) {
    switch (one.kind()) {
      case SERVER_UNAVAILABLE -> next(one, file -> new Answer.Status(503));
      case SERVER_CUTS_OFF -> next(one, Mishaps::half);
      case SERVER_HANGS_UP -> next(one, file -> new Answer.HangUp());
      case SERVER_STALLS ->
          next(one, file -> new Answer.Stalled(half(file), Duration.ofMillis(one.millis())));
      case DISK_FULL -> {
        disk.fill();
        last(one);
      }
      case DISK_ENOSPC -> order(one, "ENOSPC");
      case DISK_EIO -> order(one, "EIO");
      case REFRESH_FAILS -> {
        shell(
            "mkdir -p $(dirname "
                + BROKEN
                + ") && printf '[Service]\\nExecReload=\\nExecReload=/bin/false\\n' >"
                + BROKEN
                + " && systemctl daemon-reload");
        last(one);
      }
      case REFRESH_REFUSED -> order(one, "REFUSED");
      case BUS_KILLED -> signal("KILL");
      case BUS_FROZEN -> {
        signal("STOP");
        last(one);
      }
      case BUS_UNANSWERED -> order(one, "UNANSWERED");
      case BUS_LOSES_ANSWER -> order(one, "ANSWER_LOST");
    }
  }

  private void last(Mishap one) {
    lasting.put(one, System.nanoTime() + Duration.ofMillis(one.millis()).toNanos());
  }

  private void end(Mishap one) {
    lasting.remove(one);
    switch (one.kind()) {
      case DISK_FULL -> disk.empty();
      case REFRESH_FAILS -> shell("rm -f " + BROKEN + " && systemctl daemon-reload");
      case BUS_FROZEN -> signal("CONT");
      default -> throw new IllegalStateException(one + " ends by itself");
    }
  }

  private static Answer.CutOff half(Path file) {
    try {
      return new Answer.CutOff(file, Files.size(file) / 2);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void next(Mishap one, Function<Path, Answer> answer) {
    for (Path file : downloads) {
      for (int i = 0; i < one.times(); i++) {
        server.next(file.getFileName().toString(), answer.apply(file));
      }
    }
  }

  /** At the next of its occasions: how many steps pass by then was waited for. */
  private void order(Mishap one, String fault) {
    List<String> orders = new ArrayList<>(agents.ordered());
    for (int i = 0; i < one.times(); i++) {
      orders.add((begun.size() * 10 + i) + " " + fault + " 0");
    }
    agents.order(orders);
  }

  /** One that was killed may not have been asked for again yet. */
  private void signal(String name) {
    var unused = node.host().exec("systemctl", "kill", "-s", name, "dbus.service");
  }

  private void shell(String script) {
    node.host().exec("sh", "-c", script).orThrow();
  }
}
