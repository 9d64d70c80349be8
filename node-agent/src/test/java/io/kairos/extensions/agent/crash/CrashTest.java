package io.kairos.extensions.agent.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.crash.CrashRun.Goal;
import io.kairos.extensions.agent.crash.CutPoint.Blow;
import io.kairos.extensions.agent.crash.CutPoint.Side;
import io.kairos.extensions.agent.crash.DurableFolder.Promise;
import io.kairos.extensions.agent.fetch.ImpatientSources;
import io.kairos.extensions.agent.fetch.Sources;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.api.v1alpha1.Phase;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the agent, and cuts its host off, right before and right after each named step of every
 * {@link Scenario}, with other faults mixed in, and a second blow in some runs. The agent is the
 * real one, with its threads, on real files; what a cut leaves of the files is what {@link
 * DurableFolder} says, which is told of every sync.
 *
 * <p>On a host of Kairos and on one of plain systemd. Of a step that both take, each gets two of
 * the four aims, unless {@code -Dcrash.runs=N} makes at least so many runs: then each gets all.
 *
 * <p>A run is its seed: it decides scenario, step, side and blow, which faults come and when, what
 * had reached the disk. {@code -Dcrash.seed=N}, with the same {@code crash.runs} or none, repeats
 * one, with all that the agent says; {@code -Dcrash.first=N} makes others.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CrashTest {
  private static final int LEAST_RUNS = 1_200;
  private static final int CLEAN_RUNS = 4;
  private static final int AT_ONCE = 6;
  private static final int MOST_FAULTS = 3;
  private static final int MOST_STRAIGHT = 5;
  private static final int FURTHEST_SECOND_BLOW = 40;
  private static final Duration PATIENCE = Duration.ofMillis(150);

  private static final int MOST_FAILURES = 5;
  private static final Faults NOTHING_WRONG = new Faults(new Random(0), 0, false);

  @TempDir private Path folder;
  private Optional<Thread.UncaughtExceptionHandler> others = Optional.empty();
  private FaultyServer server;
  private Sources sources;
  private final Map<Ground, Template> templates = new ConcurrentHashMap<>();

  /** A host before a scenario. */
  private record Template(Path root, Systemd systemd) {}

  /** A run that converged. */
  private record Outcome(
      Aim aim, Map<String, Integer> taken, List<CutPoint> blows, List<String> faults) {}

  @BeforeAll
  void serve() throws IOException {
    others = Optional.ofNullable(Thread.getDefaultUncaughtExceptionHandler());
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, error) -> {
          if (!(error instanceof Killed)) {
            error.printStackTrace();
          }
        });
    server = new FaultyServer();
    sources = ImpatientSources.of(folder, PATIENCE);
  }

  @AfterAll
  void end() throws IOException {
    server.close();
    Thread.setDefaultUncaughtExceptionHandler(others.orElse(null));
  }

  @Test
  void everyRunConvergesWhereverItIsCut() throws Exception {
    boolean every = Integer.getInteger("crash.runs") != null;
    Map<Ground, Map<String, Integer>> steps = steps();
    List<Aim> aims = new ArrayList<>();
    steps.forEach(
        (ground, taken) ->
            taken.forEach(
                (step, times) -> {
                  boolean all =
                      every
                          || !steps.containsKey(ground.other())
                          || !steps.get(ground.other()).containsKey(step);
                  ground.aims(step, times).stream()
                      .filter(aim -> all || aim.isOfHalf())
                      .forEach(aims::add);
                }));
    Long only = Long.getLong("crash.seed");
    if (only != null) {
      System.out.println(run(aims, only));
      return;
    }
    long first = Long.getLong("crash.first", 1);
    long runs = Math.max(aims.size(), Integer.getInteger("crash.runs", LEAST_RUNS));
    System.out.printf("%d runs, of the seeds %d to %d%n", runs, first, first + runs - 1);
    Tally tally = new Tally();
    List<String> failures = quietly(() -> runAll(aims, first, runs, tally));
    System.out.println(tally);
    assertThat(failures).as("failed runs").isEmpty();
    assertThat(tally.missed(aims)).as("where no run was cut").isEmpty();
  }

  private List<String> runAll(List<Aim> aims, long first, long runs, Tally tally)
      throws InterruptedException {
    List<String> failures = Collections.synchronizedList(new ArrayList<>());
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    for (long seed = first; seed < first + runs; seed++) {
      long one = seed;
      threads.execute(
          () -> {
            try {
              if (failures.size() < MOST_FAILURES) {
                Outcome outcome = run(aims, one);
                tally.add(outcome.aim(), outcome.blows(), outcome.faults());
              }
            } catch (AssertionError | Exception e) {
              failures.add("seed " + one + ": " + e);
            }
          });
    }
    threads.shutdown();
    if (!threads.awaitTermination(1, TimeUnit.DAYS)) {
      throw new AssertionError("still at work after a day");
    }
    return failures;
  }

  private Map<Ground, Map<String, Integer>> steps() throws Exception {
    Map<Ground, Future<Map<String, Integer>>> coming = new LinkedHashMap<>();
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    for (HostLayout layout : HostLayout.values()) {
      for (Scenario scenario : Scenario.values()) {
        if (scenario.isOf(layout)) {
          Ground ground = new Ground(scenario, layout);
          coming.put(
              ground,
              threads.submit(
                  () -> {
                    templates.put(ground, template(ground));
                    return new TreeMap<>(cleanRun(ground));
                  }));
        }
      }
    }
    threads.shutdown();
    Map<Ground, Map<String, Integer>> steps = new LinkedHashMap<>();
    for (Map.Entry<Ground, Future<Map<String, Integer>>> one : coming.entrySet()) {
      steps.put(one.getKey(), one.getValue().get());
    }
    return steps;
  }

  private Template template(Ground ground) throws IOException, InterruptedException {
    Scenario scenario = ground.scenario();
    Path root = Files.createDirectory(folder.resolve("before-" + scenario + "-" + ground.layout()));
    StoreLayout layout = ground.layout().at(root);
    HostTree.make(layout);
    Systemd systemd = new Systemd(layout);
    systemd.boot();
    Map<String, Sample> before = scenario.before();
    if (!before.isEmpty()) {
      Machine machine = new Machine(layout, systemd, Promise.POSIX, List.of(), NOTHING_WRONG);
      List<Want> wants =
          before.entrySet().stream().map(e -> Want.live(e.getKey(), e.getValue())).toList();
      Map<String, Phase> phases = new HashMap<>();
      wants.forEach(want -> phases.put(want.name(), Phase.ACTIVE));
      CrashRun preparation =
          new CrashRun(
              machine,
              wants,
              sample -> server.url("template", sample),
              sources,
              NOTHING_WRONG,
              new Random(0));
      CrashRun.Result unused =
          preparation.play(
              new Goal(
                  phases, HostTree.expected(layout, before, List.of()), merged(before), false));
    }
    for (Path file : scenario.byHand(layout)) {
      HostTree.putByHand(file, Sample.ONE);
    }
    if (!scenario.byHand(layout).isEmpty()) {
      systemd.boot();
    }
    return new Template(root, systemd);
  }

  private static Map<String, String> merged(Map<String, Sample> installed) {
    Map<String, String> merged = new TreeMap<>();
    installed.forEach((name, image) -> merged.put(name, image.sha256()));
    merged.put("theirs", Sample.THEIRS.sha256());
    return merged;
  }

  /** The steps that are taken every time when nothing goes wrong, and how often. */
  private Map<String, Integer> cleanRun(Ground scenario) throws Exception {
    Map<String, Integer> steps = new TreeMap<>(cleanRunOnce(scenario));
    for (int i = 1; i < CLEAN_RUNS; i++) {
      Map<String, Integer> again = cleanRunOnce(scenario);
      steps.keySet().retainAll(again.keySet());
      steps.replaceAll((step, times) -> Math.min(times, again.get(step)));
    }
    return steps;
  }

  private Map<String, Integer> cleanRunOnce(Ground scenario) throws Exception {
    return run(scenario, List.of(), NOTHING_WRONG, new Random(1)).taken();
  }

  /**
   * One that misses its aim, since something went wrong before, is followed by one in which nothing
   * does. That one misses too where threads of the agent meet at another time than in the clean
   * runs, which seldom happens, and not time and again.
   */
  private Outcome run(List<Aim> aims, long seed) throws IOException, InterruptedException {
    Aim aim = aims.get(Math.floorMod(seed, aims.size()));
    Outcome outcome = run(aim, seed, false);
    for (int i = 0; i < MOST_STRAIGHT && outcome.blows().stream().noneMatch(aim::isHit); i++) {
      outcome = run(aim, seed, true);
    }
    return outcome;
  }

  private Outcome run(Aim aim, long seed, boolean straight)
      throws IOException, InterruptedException {
    Random random = new Random(seed);
    List<CutPoint> cuts = new ArrayList<>();
    int time = random.nextBoolean() || straight ? 1 : 1 + random.nextInt(aim.times());
    cuts.add(new CutPoint(aim.step(), time, aim.side(), aim.blow()));
    if (random.nextInt(3) == 0) {
      Side side = Pick.one(random, Side.values());
      Blow blow = Pick.one(random, Blow.values());
      cuts.add(new CutPoint("", 1 + random.nextInt(FURTHEST_SECOND_BLOW), side, blow));
    }
    boolean later = random.nextBoolean() || straight;
    Faults faults = new Faults(random, random.nextInt(MOST_FAULTS + 1), later);
    try {
      CrashRun.Result result = run(new Ground(aim.scenario(), aim.layout()), cuts, faults, random);
      return new Outcome(aim, result.taken(), result.blows(), faults.happened());
    } catch (AssertionError e) {
      throw new AssertionError("%s: %s".formatted(aim, e.getMessage()), e);
    }
  }

  private CrashRun.Result run(Ground ground, List<CutPoint> cuts, Faults faults, Random random)
      throws IOException, InterruptedException {
    Scenario scenario = ground.scenario();
    Path root = Files.createTempDirectory(folder, "run-");
    String id = root.getFileName().toString();
    server.add(id, faults);
    try {
      Template template = templates.get(ground);
      StoreLayout layout = ground.layout().at(root);
      HostTree.copy(template.root(), root);
      List<String> theirs = HostTree.touchable(layout);
      Systemd systemd = new Systemd(layout, template.systemd());
      Promise promise = Pick.one(random, Promise.values());
      Machine machine = new Machine(layout, systemd, promise, cuts, faults);
      machine.tryBeforeCommit(scenario.tried());
      CrashRun run =
          new CrashRun(
              machine,
              scenario.allWants(),
              sample -> server.url(id, sample),
              sources,
              faults,
              random);
      try {
        CrashRun.Result result = run.play(goal(scenario, layout));
        assertThat(machine.violations()).isEmpty();
        assertThat(HostTree.touchable(layout)).isEqualTo(theirs);
        return result;
      } catch (AssertionError e) {
        throw new AssertionError(
            "cut at %s, a disk that promises %s, faults %s: %s%n  %s"
                .formatted(
                    cuts,
                    promise,
                    faults.happened(),
                    e.getMessage(),
                    String.join("\n  ", machine.trace())),
            e);
      }
    } finally {
      server.remove(id);
      HostTree.delete(root);
    }
  }

  private static Goal goal(Scenario scenario, StoreLayout layout) {
    Map<String, Phase> phases = new HashMap<>();
    scenario.allWants().forEach(want -> phases.put(want.name(), scenario.phase(want)));
    return new Goal(
        phases,
        HostTree.expected(layout, scenario.after(), scenario.spare()),
        merged(scenario.after()),
        scenario.boots());
  }

  private interface Runs {
    List<String> run() throws InterruptedException;
  }

  /** Thousands of agents say what went wrong: that is told by those runs that fail. */
  private static List<String> quietly(Runs runs) throws InterruptedException {
    PrintStream err = System.err;
    System.setErr(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
    try {
      return runs.run();
    } finally {
      System.setErr(err);
    }
  }
}
