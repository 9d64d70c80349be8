package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.crash.FileStep.Kind;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** What goes wrong beside the cut: a few things in a run, then nothing any more. */
final class Faults {
  /** What a server does instead of giving the file. */
  enum Network {
    ERROR_500,
    RESET,
    TRUNCATED,
    STALLED,
    CORRUPTED,
    EMPTY
  }

  /** What comes of a refresh, instead of the merge. */
  enum Refresh {
    REFUSED,
    UNMERGES_ALL,
    CHANGES_NOTHING,
    UNANSWERED,
    DONE_BUT_UNANSWERED
  }

  private final Random random;
  private final List<String> happened = new ArrayList<>();
  private int left;
  private boolean paused;

  /**
   * At most so many.
   *
   * @param random decides when, and which
   * @param paused whether nothing goes wrong until {@link #resume}
   */
  Faults(Random random, int most, boolean paused) {
    this.random = random;
    this.left = most;
    this.paused = paused;
  }

  /** From now on things may go wrong. */
  synchronized void resume() {
    paused = false;
  }

  /** What happened, in order. */
  synchronized List<String> happened() {
    return List.copyOf(happened);
  }

  private boolean strikes(int oneIn) {
    if (paused || left == 0 || random.nextInt(oneIn) != 0) {
      return false;
    }
    left--;
    return true;
  }

  /** For a request to the server. */
  synchronized Optional<Network> network() {
    if (!strikes(2)) {
      return Optional.empty();
    }
    Network fault = Pick.one(random, Network.values());
    happened.add("network " + fault);
    return Optional.of(fault);
  }

  /**
   * For a refresh of the merge.
   *
   * @return what happens instead
   */
  synchronized Optional<Refresh> refresh() {
    if (!strikes(3)) {
      return Optional.empty();
    }
    Refresh fault = Pick.one(random, Refresh.values());
    happened.add("refresh " + fault);
    return Optional.of(fault);
  }

  /** Whether the host leaves a question, or a command other than a refresh, without an answer. */
  synchronized boolean unanswered(String what) {
    boolean silent = strikes(12);
    if (silent) {
      happened.add("command UNANSWERED " + what);
    }
    return silent;
  }

  /**
   * For a change of the file system; it has no effect then.
   *
   * @param inMemory whether the file system has no disk that can break
   */
  synchronized Optional<IOException> disk(FileStep step, String name, boolean inMemory) {
    boolean takesRoom = step.kind() != Kind.DELETE && step.kind() != Kind.SYNC;
    if ((inMemory && !takesRoom) || !strikes(30)) {
      return Optional.empty();
    }
    boolean full = takesRoom && (inMemory || random.nextBoolean());
    happened.add("disk " + (full ? "ENOSPC" : "EIO") + " " + name);
    return Optional.of(
        new FileSystemException(
            step.path().toString(), null, full ? "No space left on device" : "Input/output error"));
  }
}
