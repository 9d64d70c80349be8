package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.crash.CutPoint.Side;
import io.kairos.extensions.agent.crash.DurableFolder.Promise;
import io.kairos.extensions.agent.store.StoreLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * A host, made of real files and a {@link Systemd}, whose agent can be killed and whose power can
 * be cut right before or after any step that the agent takes. Every step is named, and counted.
 */
final class Machine {
  private final StoreLayout layout;
  private final DurableFolder disk;
  private final Systemd systemd;
  private final StepNames names;
  private final Commits commits;
  private final Faults faults;
  private final Map<String, Integer> taken = new HashMap<>();
  private final List<String> trace = new ArrayList<>();
  private List<CutPoint> cuts;
  private Optional<CutPoint> struck = Optional.empty();
  private int sinceBlow;

  /**
   * Switched on, as its files are.
   *
   * @param layout of the host, below the folder that is its {@code /}
   * @param cuts where it is cut, in this order; each counts the steps since the one before
   */
  Machine(StoreLayout layout, Systemd systemd, Promise promise, List<CutPoint> cuts, Faults faults)
      throws IOException {
    this.layout = layout;
    this.disk = new DurableFolder(layout.here(Path.of("/var/lib")), promise);
    this.systemd = systemd;
    this.names = new StepNames(layout);
    this.commits = new Commits(layout, systemd);
    this.cuts = List.copyOf(cuts);
    this.faults = faults;
  }

  StoreLayout layout() {
    return layout;
  }

  Systemd systemd() {
    return systemd;
  }

  /** What was never to happen, and did. */
  List<String> violations() {
    return commits.violations();
  }

  /** How often each step was taken. */
  synchronized Map<String, Integer> taken() {
    return Map.copyOf(taken);
  }

  /** Every step, and what else happened, in order. */
  synchronized List<String> trace() {
    return List.copyOf(trace);
  }

  synchronized void note(String what) {
    trace.add(what);
  }

  /** The blow that fell since this was asked last. */
  synchronized Optional<CutPoint> struck() {
    Optional<CutPoint> one = struck;
    struck = Optional.empty();
    return one;
  }

  /** Waits for something to happen, so long at most. */
  @SuppressWarnings("WaitNotInLoop") // the caller looks again in any case
  synchronized void await(long millis) throws InterruptedException {
    if (struck.isEmpty()) {
      wait(millis);
    }
  }

  /** Something happened that a waiting run may want to look at. */
  synchronized void signal() {
    notifyAll();
  }

  /** Images that have to be tried before a boot may find them. */
  void tryBeforeCommit(Set<String> images) {
    commits.live(images);
  }

  /** Another process of the agent. */
  synchronized Life start() {
    return new Life();
  }

  /**
   * The power goes, and comes back.
   *
   * @param random decides what had reached the disk
   */
  synchronized void losePower(Random random) throws IOException {
    disk.losePower(random);
    boot();
  }

  /** A reboot in good order: everything reaches the disk. */
  synchronized void boot() throws IOException {
    systemd.boot();
    commits.checkBoot();
  }

  /** One process of the agent: everything that it does to files and host goes through here. */
  final class Life implements FileHook {
    private boolean dead;

    private Life() {}

    /** It is killed, or ends; whatever its threads still do has no effect. */
    void end() {
      synchronized (Machine.this) {
        dead = true;
      }
    }

    private void requireAlive() {
      if (dead) {
        throw new Killed();
      }
    }

    @Override
    public void read() {
      synchronized (Machine.this) {
        requireAlive();
      }
    }

    @Override
    public <T> T change(FileStep step, Effect<T> effect) throws IOException {
      synchronized (Machine.this) {
        requireAlive();
        String name = names.of(step);
        return take(
            name,
            () -> {
              boolean onDisk = disk.covers(step.path());
              Optional<IOException> fault = faults.disk(step, name, !onDisk);
              if (fault.isPresent()) {
                trace.add("  " + fault.get().getMessage());
                throw fault.get();
              }
              commits.before(step);
              T result = effect.run();
              if (onDisk) {
                disk.made(step);
              }
              commits.after(step);
              return result;
            });
      }
    }

    /** A step that is none of files. */
    <T, E extends Exception> T take(String name, Call<T, E> call) throws E {
      synchronized (Machine.this) {
        requireAlive();
        int time = taken.merge(name, 1, Integer::sum);
        sinceBlow++;
        strike(name, time, Side.BEFORE);
        trace.add(name);
        T result = call.run();
        strike(name, time, Side.AFTER);
        return result;
      }
    }

    private void strike(String name, int time, Side side) {
      if (cuts.isEmpty() || !cuts.get(0).isAt(name, time, sinceBlow, side)) {
        return;
      }
      CutPoint cut = cuts.get(0);
      trace.add("-- " + cut.blow() + " " + side + " " + name);
      cuts = cuts.subList(1, cuts.size());
      sinceBlow = 0;
      struck = Optional.of(new CutPoint(name, time, side, cut.blow()));
      dead = true;
      Machine.this.notifyAll();
      throw new Killed();
    }
  }

  /** Something that the host does. */
  @FunctionalInterface
  interface Call<T, E extends Exception> {
    T run() throws E;
  }
}
