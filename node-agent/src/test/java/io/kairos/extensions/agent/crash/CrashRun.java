package io.kairos.extensions.agent.crash;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.kairos.extensions.agent.AgentConfig;
import io.kairos.extensions.agent.AgentLife;
import io.kairos.extensions.agent.crash.CutPoint.Blow;
import io.kairos.extensions.agent.fetch.Sources;
import io.kairos.extensions.agent.plan.Storage;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;

/** One host's way to what shall be, whatever falls on it meanwhile. */
final class CrashRun {
  private static final String NODE = "node-1";
  private static final String UID = "uid-1";
  private static final int FASTER = 50;
  private static final Duration LONGEST = Duration.ofSeconds(30);
  private static final Duration LOOK = Duration.ofMillis(3);

  private final Machine machine;
  private final Path root;
  private final List<Want> wants;
  private final Function<Sample, String> urls;
  private final Sources sources;
  private final Faults faults;
  private final Random random;
  private final List<CutPoint> blows = new ArrayList<>();
  private final Object reports = new Object();

  private NodeExtensionStateStatus reported = NodeExtensionStateStatus.EMPTY;
  private NodeExtensionStateStatus before = NodeExtensionStateStatus.EMPTY;

  /**
   * A run.
   *
   * @param wants what shall be
   * @param urls where the images lie
   * @param random decides what the cuts and faults leave open
   */
  CrashRun(
      Machine machine,
      List<Want> wants,
      Function<Sample, String> urls,
      Sources sources,
      Faults faults,
      Random random) {
    this.machine = machine;
    this.root = machine.layout().host().root();
    this.wants = List.copyOf(wants);
    this.urls = urls;
    this.sources = sources;
    this.faults = faults;
    this.random = random;
  }

  /**
   * What a run was like.
   *
   * @param taken how often each step was taken
   * @param blows what fell on it, in order
   */
  record Result(Map<String, Integer> taken, List<CutPoint> blows) {}

  /**
   * What has to be in the end.
   *
   * @param phases by name, as the agent has to report it
   * @param entries of the host's files
   * @param merged digests by name
   * @param boots whether the host is rebooted in good order once that is reported as pending
   */
  record Goal(
      Map<String, Phase> phases,
      Map<String, String> entries,
      Map<String, String> merged,
      boolean boots) {}

  private final class AgentProcess implements AutoCloseable {
    private final Machine.Life life = machine.start();
    private final AgentLife agent;

    AgentProcess() {
      Path hooked = new HookedFileSystem(life).path(root);
      AgentConfig config =
          AgentConfig.of(NODE, root).toBuilder()
              .hostRoot(hooked)
              .images(new Storage.Limits(0, OptionalLong.of(0)))
              .build();
      agent =
          new AgentLife(
              config,
              new HostOfLife(machine, life, faults),
              sources,
              (uid, status) -> report(status),
              FASTER);
      agent.desire(state());
    }

    /** Killed, as by SIGKILL. */
    @Override
    public void close() {
      life.end();
      agent.close();
    }
  }

  private NodeExtensionState state() {
    NodeExtensionState state = new NodeExtensionState();
    state.setMetadata(
        new ObjectMetaBuilder().withName(NODE).withUid(UID).withGeneration(1L).build());
    state.setSpec(
        new NodeExtensionStateSpec(wants.stream().map(want -> want.assignment(urls)).toList()));
    synchronized (reports) {
      state.setStatus(reported);
    }
    return state;
  }

  private void report(NodeExtensionStateStatus status) {
    synchronized (reports) {
      before = reported;
      reported = status;
    }
    machine.signal();
  }

  /** The last report of a process that dies is on its way. */
  private void mayLoseReport() {
    synchronized (reports) {
      if (random.nextBoolean()) {
        reported = before;
      }
    }
  }

  private NodeExtensionStateStatus reported() {
    synchronized (reports) {
      return reported;
    }
  }

  /**
   * Goes on until the goal is reached.
   *
   * @throws AssertionError when it is not, in good time
   */
  Result play(Goal goal) throws IOException, InterruptedException {
    long end = System.nanoTime() + LONGEST.toNanos();
    boolean boots = goal.boots();
    AgentProcess process = new AgentProcess();
    try {
      while (!isReached(goal)) {
        machine.await(LOOK.toMillis());
        Optional<CutPoint> blow = machine.struck();
        if (blow.isPresent()) {
          process.close();
          fall(blow.get());
          boots = goal.boots(); // what it may have forgotten is tried with a boot once more
          process = new AgentProcess();
        } else if (boots && isPendingReboot()) {
          process.close();
          machine.boot();
          boots = false;
          process = new AgentProcess();
        } else if (System.nanoTime() - end > 0) {
          throw new AssertionError("not there after " + LONGEST.toSeconds() + " s: " + gap(goal));
        }
      }
    } finally {
      process.close();
    }
    return new Result(machine.taken(), List.copyOf(blows));
  }

  private void fall(CutPoint blow) throws IOException {
    blows.add(blow);
    mayLoseReport();
    faults.resume();
    if (blow.blow() == Blow.HOST_CUT_OFF) {
      machine.losePower(random);
    }
  }

  private boolean isPendingReboot() {
    return wants.stream()
        .filter(want -> want.activation() == io.kairos.extensions.api.v1alpha1.Activation.NEXT_BOOT)
        .allMatch(want -> phases().get(want.name()) == Phase.PENDING_REBOOT);
  }

  private Map<String, Phase> phases() {
    Map<String, Phase> phases = new HashMap<>();
    for (ExtensionStatus one : reported().extensions()) {
      phases.put(one.name(), one.phase());
    }
    return phases;
  }

  private boolean isReached(Goal goal) throws IOException {
    return goal.phases().equals(phases())
        && goal.merged().equals(machine.systemd().merged())
        && goal.entries().equals(entries());
  }

  private Map<String, String> entries() {
    try {
      return HostTree.entries(machine.layout());
    } catch (IOException vanished) {
      return Map.of("changing while it is looked at", vanished.toString());
    }
  }

  private String gap(Goal goal) {
    Map<String, String> missing = new TreeMap<>(goal.entries());
    Map<String, String> found = new TreeMap<>(entries());
    missing.entrySet().removeAll(entries().entrySet());
    found.entrySet().removeAll(goal.entries().entrySet());
    return "%nfiles that are not as they should: %s%nfiles to be there: %s%nmerged %s, to be %s%nreported %s, to be %s%n%s"
        .formatted(
            found,
            missing,
            machine.systemd().merged(),
            goal.merged(),
            phases(),
            goal.phases(),
            reported().extensions());
  }
}
