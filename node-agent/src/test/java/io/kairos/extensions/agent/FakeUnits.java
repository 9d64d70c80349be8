package io.kairos.extensions.agent;

import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.host.RefusedException;
import io.kairos.extensions.agent.host.Units;
import io.kairos.extensions.api.v1alpha1.ServiceAction;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** Units in memory: all that are named exist and start well, unless a test says otherwise. */
public final class FakeUnits implements Units {
  private final Set<String> missing = ConcurrentHashMap.newKeySet();
  private final Set<String> broken = ConcurrentHashMap.newKeySet();
  private final Set<String> stubborn = ConcurrentHashMap.newKeySet();
  private final Map<String, String> active = new ConcurrentHashMap<>();
  private final Queue<HostException> failures = new ConcurrentLinkedQueue<>();
  private final List<String> done = new CopyOnWriteArrayList<>();
  private final AtomicInteger starts = new AtomicInteger();
  private volatile boolean goingDown;
  private volatile boolean reloadRefused;
  private volatile Optional<HostException> journal = Optional.empty();
  private volatile Function<List<String>, Ran> programs = command -> new Ran.Exited(0, "");

  /** There is no such unit. */
  public void missing(String unit) {
    missing.add(unit);
  }

  /** It fails at each start. */
  public void broken(String unit) {
    broken.add(unit);
  }

  /** It starts well again. */
  public void mended(String unit) {
    broken.remove(unit);
  }

  /** It does not stop, or does again. */
  public void stubborn(String unit, boolean isStubborn) {
    if (isStubborn) {
      stubborn.add(unit);
    } else {
      stubborn.remove(unit);
    }
  }

  /** Nobody can read a journal. */
  public void unreadableJournal(HostException why) {
    journal = Optional.of(why);
  }

  /** What comes of the next change of a unit, whichever it is. */
  public void failsOnce(HostException failure) {
    failures.add(failure);
  }

  /** The host is on its way down, or has come up again. */
  public void goingDown(boolean isGoing) {
    goingDown = isGoing;
  }

  /** What comes of programs. */
  public void programs(Function<List<String>, Ran> outcome) {
    programs = outcome;
  }

  /** What was asked of it, in order. */
  public List<String> done() {
    return List.copyOf(done);
  }

  @Override
  public void reload() throws RefusedException {
    if (reloadRefused) {
      throw new RefusedException("Reload limit was reached");
    }
    done.add("reload");
  }

  /** Does not read unit files anew, or does again. */
  void refusesReloads(boolean isRefused) {
    reloadRefused = isRefused;
  }

  @Override
  public UnitState state(String unit) {
    boolean isMissing = missing.contains(unit);
    String invocation = active.getOrDefault(unit, "");
    String state = invocation.isEmpty() ? "inactive" : "active";
    if (broken.contains(unit)) {
      state = "failed";
    }
    return new UnitState(
        isMissing ? "not-found" : "loaded",
        state,
        state.equals("active") ? "running" : "dead",
        state.equals("failed") ? "exit-code" : "success",
        invocation,
        0);
  }

  @Override
  public UnitState change(String unit, ServiceAction action) throws HostException {
    done.add(action.text() + " " + unit);
    HostException failure = failures.poll();
    if (failure != null) {
      throw failure;
    }
    if (action != ServiceAction.NONE) {
      active.put(unit, "invocation-" + starts.incrementAndGet());
    }
    return state(unit);
  }

  @Override
  public boolean begin(String unit) {
    if (!state(unit).isLoaded() || state(unit).isActive()) {
      return false;
    }
    done.add("Begin " + unit);
    active.put(unit, "invocation-" + starts.incrementAndGet());
    return true;
  }

  @Override
  public void stop(String unit) throws HostException {
    done.add("Stop " + unit);
    if (stubborn.contains(unit)) {
      throw new RefusedException(unit + " does not stop");
    }
    active.remove(unit);
  }

  @Override
  public boolean isGoingDown() {
    return goingDown;
  }

  @Override
  public String journal(String unit) throws HostException {
    done.add("journal " + unit);
    if (journal.isPresent()) {
      throw journal.get();
    }
    return "it said why";
  }

  @Override
  public Ran run(List<String> command, Duration limit) {
    done.add(String.join(" ", command));
    return programs.apply(command);
  }
}
