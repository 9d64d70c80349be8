package io.kairos.extensions.e2e.scenario;

import java.util.List;
import java.util.Random;

/**
 * Something that goes wrong in a run for a while, beside that the agent is killed or the host cut
 * off.
 *
 * @param kind what
 * @param afterBlow whether it waits for the first blow
 * @param steps how many steps of the agent pass before it begins
 * @param times how often it comes, where it comes by the piece
 * @param millis how long it lasts, where it lasts
 */
record Mishap(Kind kind, boolean afterBlow, int steps, int times, int millis) {
  private static final int MOST_STEPS = 12;
  private static final int MOST_TIMES = 2;
  private static final int SHORTEST_MILLIS = 200;
  private static final int LONGEST_MILLIS = 3_000;

  /** What may go wrong. */
  enum Kind {
    /** The image server says 503. */
    SERVER_UNAVAILABLE,
    /** It gives half of the file. */
    SERVER_CUTS_OFF,
    /** It closes the connection without an answer. */
    SERVER_HANGS_UP,
    /** It gives half of the file and then nothing, and holds the connection. */
    SERVER_STALLS,
    /** The store's file system has not one block left. */
    DISK_FULL,
    /** One change finds no room. */
    DISK_ENOSPC,
    /** One change meets a broken block. */
    DISK_EIO,
    /** systemd-sysext itself fails each time. */
    REFRESH_FAILS,
    /** One job to refresh is refused. */
    REFRESH_REFUSED,
    /** The bus is killed, and comes back. */
    BUS_KILLED,
    /** The bus stands still. */
    BUS_FROZEN,
    /** One question or command is not answered. */
    BUS_UNANSWERED,
    /** One has its effect, and the answer is lost. */
    BUS_LOSES_ANSWER
  }

  private static final List<List<Kind>> AREAS =
      List.of(
          List.of(
              Kind.SERVER_UNAVAILABLE,
              Kind.SERVER_CUTS_OFF,
              Kind.SERVER_HANGS_UP,
              Kind.SERVER_STALLS),
          List.of(Kind.DISK_FULL, Kind.DISK_ENOSPC, Kind.DISK_EIO),
          List.of(
              Kind.REFRESH_FAILS,
              Kind.REFRESH_REFUSED,
              Kind.BUS_KILLED,
              Kind.BUS_FROZEN,
              Kind.BUS_UNANSWERED,
              Kind.BUS_LOSES_ANSWER));

  /** One of network, disk and commands, each as likely. */
  static Mishap draw(Random random) {
    List<Kind> area = AREAS.get(random.nextInt(AREAS.size()));
    Kind drawn = area.get(random.nextInt(area.size()));
    return new Mishap(
        Kind.valueOf(System.getProperty("steps.mishap", drawn.name())),
        random.nextBoolean(),
        random.nextBoolean() ? 0 : random.nextInt(MOST_STEPS),
        1 + random.nextInt(MOST_TIMES),
        SHORTEST_MILLIS + random.nextInt(LONGEST_MILLIS - SHORTEST_MILLIS));
  }

  @Override
  public String toString() {
    return "%s %s %d steps, %d times, %d ms"
        .formatted(kind, afterBlow ? "after the blow and" : "after", steps, times, millis);
  }
}
