package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.e2e.cluster.Effort;
import io.kairos.extensions.e2e.cluster.RunReport;
import io.kairos.extensions.e2e.cluster.TestCluster;
import io.kairos.extensions.e2e.cluster.TestClusters;
import io.kairos.extensions.e2e.fleet.Fleet;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.ImageFormat;
import io.kairos.extensions.e2e.host.SampleImages;
import io.kairos.extensions.e2e.scenario.StepRun.Blow;
import io.kairos.extensions.e2e.scenario.StepRun.Strike;
import io.kairos.extensions.e2e.scenario.StepStory.Operation;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * A real agent process that gets a SIGKILL, and a real host whose power is cut, at a named step of
 * an install, an upgrade, a rollback and a removal, while the network, the disk, commands and the
 * bus fail for a while ({@link Mishap}): the next agent, and the next boot, carry on to what shall
 * be. Nothing half done is seen at any time, nothing stays behind, and what somebody else put there
 * is not touched. The steps are those of {@code CrashTest} in node-agent, which does the same
 * thousands of times in one process, on a model of a disk; here systemd, kernel and ext4 are real.
 *
 * <p>A run at one of an operation's steps takes seconds, so by default a few are drawn of all, on a
 * host of Kairos or one of plain systemd. The seed, which decides all of it, is printed: {@code
 * -Dsteps.seed=N} repeats it, {@code -Dsteps.only=K} the run K of it alone. {@code
 * -Dsteps.rounds=all} cuts at every step of each operation, {@code -Dsteps.rounds=N} does N rounds
 * of four runs, {@code -Dsteps.host=kairos|systemd} chooses the host, {@code -Dsteps.mishap=KIND}
 * what goes wrong.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class NamedStepScenarios {
  private static final int STORE_MEBIBYTES = 32;
  private static final int MOST_TRIES = 4;
  private static final int LOOK_MILLIS = 50;

  /** After that nothing goes wrong any more. */
  private static final Duration FAULTY = Duration.ofSeconds(15);

  /** A refused refresh, a full disk and a server in trouble are tried again after 2, 4, 8 s. */
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final long seed = Long.getLong("steps.seed", System.nanoTime());
  private final int only = Integer.getInteger("steps.only", 0);
  private final Map<Operation, List<String>> steps = new EnumMap<>(Operation.class);
  private final Map<String, Integer> mishaps = new TreeMap<>();

  /** The reasons that the agent gave in a run. */
  private final Set<String> told = new LinkedHashSet<>();

  private World world;
  private SteppedAgents agents;
  private FleetNode node;
  private ApiWatch api;
  private StepStory story;

  abstract Hosts hosts();

  @BeforeAll
  void startWorld() throws IOException, InterruptedException {
    assumeTrue(
        hosts() instanceof Hosts.Booted, () -> "no power can be cut here: " + hosts().describe());
    assumeTrue(
        SampleImages.formats().contains(ImageFormat.SQUASHFS),
        "mksquashfs is not installed: no images with services can be made");
    HostKind kind =
        HostKind.valueOf(
            System.getProperty(
                    "steps.host",
                    (seed & 1) == 0 ? HostKind.KAIROS.name() : HostKind.SYSTEMD.name())
                .toUpperCase(Locale.ROOT));
    System.out.printf("%s: seed %d, a host of %s%n", name(), seed, kind);
    TestCluster cluster =
        TestClusters.best(Effort.CACHED_ONLY).recordIn(RunReport.ofThisBuild()).cluster();
    cluster.applyCrds(Fleet.crds());
    agents = new SteppedAgents(cluster);
    world = World.on(hosts(), cluster, agents);
    node = world.boot(kind.named("node-1").withState(STORE_MEBIBYTES));
    api = new ApiWatch(world.fleet().client());
    story = new StepStory(world, node, kind, api);
    for (Operation operation : Operation.values()) {
      clean(operation);
      steps.put(operation, List.copyOf(new LinkedHashSet<>(agents.trace())));
    }
    agents.endLast();
    node.startAgent();
    System.out.printf("%s: steps %s%n", name(), steps);
  }

  private String name() {
    return getClass().getSimpleName();
  }

  @AfterAll
  void endWorld() {
    if (world != null) {
      if (api != null) {
        api.close();
      }
      world.close();
      agents.delete();
    }
  }

  @Test
  void anAgentKilledAtNamedStepsCarriesOn() throws Exception {
    cut(Blow.SIGKILL);
  }

  @Test
  void aHostCutOffAtNamedStepsCarriesOn() throws Exception {
    cut(Blow.POWER_CUT);
  }

  private void clean(Operation operation) {
    agents.clear();
    story.begin(operation);
    story.awaitDone(operation);
  }

  private void cut(Blow blow) throws Exception {
    Map<Operation, Deque<String>> left = new EnumMap<>(Operation.class);
    long drawn = blow == Blow.SIGKILL ? seed : ~seed;
    Random random = new Random(drawn);
    int most = refill(left, random);
    String wanted = System.getProperty("steps.rounds", "1");
    int rounds = wanted.equals("all") ? most : Integer.parseInt(wanted);
    Map<String, Integer> tries = new TreeMap<>();
    List<String> missed = new ArrayList<>();
    int cuts = 0;
    int number = 0;
    long began = System.nanoTime();
    for (int round = 0; round < rounds; round++) {
      if (left.values().stream().allMatch(Deque::isEmpty)) {
        most = refill(left, random);
      }
      for (Operation operation : Operation.values()) {
        number++;
        String step = left.get(operation).poll();
        if (step == null || (only != 0 && only != number)) {
          clean(operation);
          continue;
        }
        int tried = tries.merge(operation + step, 1, Integer::sum);
        Random own = new Random(drawn * 31 + number);
        StepRun run = StepRun.draw(operation, step, blow, all(), tried > 1, own);
        if (play(run, "%s, seed %d, run %d".formatted(run, seed, number))) {
          cuts++;
        } else if (tried < MOST_TRIES) {
          left.get(operation).addLast(step);
        } else {
          missed.add(operation + " " + step);
        }
      }
    }
    System.out.printf(
        "%s: %d cuts by %s, all converged, %d ms each; never came by %s; mishaps so far %s%n",
        name(),
        cuts,
        blow,
        Duration.ofNanos(System.nanoTime() - began).toMillis() / Math.max(1, cuts),
        missed,
        mishaps);
    assertThat(cuts).isPositive();
  }

  private List<String> all() {
    return steps.values().stream().flatMap(List::stream).distinct().toList();
  }

  private int refill(Map<Operation, Deque<String>> left, Random random) {
    int most = 0;
    for (Operation operation : Operation.values()) {
      List<String> shuffled = new ArrayList<>(steps.get(operation));
      Collections.shuffle(shuffled, random);
      left.put(operation, new ArrayDeque<>(shuffled));
      most = Math.max(most, shuffled.size());
    }
    return most;
  }

  /** Whether the agent came by the first strike's step. */
  private boolean play(StepRun run, String what) throws Exception {
    agents.clear();
    agents.forgetFaults();
    Mishaps faults =
        new Mishaps(
            node, agents, world.fleet().server(), story.downloads(run.operation()), run.mishaps());
    told.clear();
    try {
      int fell = carryOut(run, faults);
      faults.end();
      story.awaitDone(run.operation());
      faults.begun().forEach(one -> mishaps.merge(one.kind().name(), 1, Integer::sum));
      System.out.printf(
          "  %s%n    blows %d, noticed %s, told %s%n", what, fell, agents.noticed(), told);
      return fell > 0;
    } catch (AssertionError | RuntimeException e) {
      String noticed = String.join("\n  ", agents.noticed());
      String trace = String.join("\n  ", agents.trace());
      if (!node.host().isOn()) {
        node.host().powerOn();
      }
      faults.end();
      throw new AssertionError(
          "%s: %s%nnoticed:%n  %s%nsteps:%n  %s%ntold %s, at last %s"
              .formatted(what, e.getMessage(), noticed, trace, told, node.extension("hello")),
          e);
    }
  }

  /** Until the operation is done, whatever falls on it meanwhile. */
  private int carryOut(StepRun run, Mishaps faults) throws Exception {
    Deque<Strike> strikes = new ArrayDeque<>(run.strikes());
    int fell = 0;
    agents.aim(strikes.getFirst().where());
    faults.tick();
    story.begin(run.operation());
    long began = System.nanoTime();
    while (true) {
      if (agents.struck().isPresent()) {
        fell++;
        fall(strikes.removeFirst().blow(), run.operation());
        if (!strikes.isEmpty()) {
          agents.aim(strikes.getFirst().where());
        }
        faults.blown();
        faults.tick();
        node.startAgent();
      }
      story.reported().map(ExtensionStatus::reason).ifPresent(told::add);
      Duration passed = Duration.ofNanos(System.nanoTime() - began);
      if (story.isReported(run.operation())) {
        faults.end();
        if (story.hasItsFiles(run.operation())) {
          agents.aimNoMore();
          if (agents.struck().isEmpty()) {
            return fell;
          }
        }
      } else if (passed.compareTo(FAULTY) > 0) {
        faults.end();
      } else {
        faults.tick();
      }
      if (passed.compareTo(FAULTY.plus(PATIENCE)) > 0) {
        story.awaitDone(run.operation()); // says what is missing
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
  }

  private void fall(Blow blow, Operation during) {
    if (blow == Blow.SIGKILL) {
      node.killAgent();
      story.assertOthersRun();
      story.assertWholeVersion(during);
      agents.clear();
    } else {
      node.host().cutPower();
      node.killAgent();
      agents.clear();
      node.host().powerOn();
      story.assertBooted(during);
    }
  }
}
