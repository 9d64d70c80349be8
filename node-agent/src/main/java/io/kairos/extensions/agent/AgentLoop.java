package io.kairos.extensions.agent;

import io.kairos.extensions.agent.fetch.Sources;
import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.host.RefusedException;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.plan.Backoff;
import io.kairos.extensions.agent.plan.BootedSystem;
import io.kairos.extensions.agent.plan.Desired;
import io.kairos.extensions.agent.plan.Grants;
import io.kairos.extensions.agent.plan.Planner;
import io.kairos.extensions.agent.prove.Prover;
import io.kairos.extensions.agent.report.Evidence;
import io.kairos.extensions.agent.report.StatusSink;
import io.kairos.extensions.agent.store.BootState;
import io.kairos.extensions.agent.store.HostPaths;
import io.kairos.extensions.agent.store.KeptNote;
import io.kairos.extensions.agent.store.MapNote;
import io.kairos.extensions.agent.store.Store;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Observe, plan, act, verify, report; again until nothing is left to do, then wait for a new spec,
 * a finished download or proof, the time that a plan named, a change on the host, or the poll. Each
 * class of extensions has a {@link ClassAgent} of its own; the round and the report are common. All
 * of it happens on one thread; only downloads have a thread of their own, and each proof. No state
 * on the API server means no work: what is on the host stays as it is. A host that goes down takes
 * its merges and services apart itself: that is no drift, nothing is begun on it any more, and what
 * was said of it last holds until its next boot.
 */
final class AgentLoop implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AgentLoop.class);

  private static final long BETWEEN_TURNS = -1;
  private static final Duration CLOSING = Duration.ofSeconds(5);

  /** A plan that is never done would be a defect: it is logged and left for the next wake. */
  private static final int MOST_ROUNDS = 64;

  private final AgentConfig config;
  private final HostPaths paths;
  private final Host host;
  private final Sources sources;
  private final Reporter reporter;
  private final Uptime uptime;
  private final RebootStep rebootStep;
  private final Stagings stagings;
  private final Provings provings;
  private final HostWatch watch;
  private final Tally tally = new Tally();
  private final Thread thread = new Thread(this::run, "agent-loop");

  private Optional<NodeExtensionState> desired = Optional.empty();
  private boolean signalled;
  private boolean closed;

  private boolean recovered;

  /**
   * Whether a merge may have come or gone whose unit files systemd has not read: the agent before
   * this one may have ended between the two, or a turn.
   */
  private boolean unitsMayBeUnread = true;

  /** Nothing before the host said who it is. */
  private Optional<Host.Identity> identity = Optional.empty();

  /** One for each class; none before the host said who it is. */
  private volatile List<ClassAgent> classes = List.of();

  /** What the host's boot entries boot; nobody knows before the host said who it is. */
  private Optional<KnownEntries> entries = Optional.empty();

  private int failedLooks;

  /** Why the host could not be looked after the last time, if so; it is unknown before that. */
  private volatile Optional<String> trouble = Optional.of("the host has not said yet who it is");

  /** Since when it sees a run folder that is the host's no more, by {@link Uptime}, if so. */
  private volatile OptionalLong deafSince = OptionalLong.empty();

  /** When the turn began that is under way, by {@link Uptime}; negative between turns. */
  private volatile long turnBegan = BETWEEN_TURNS;

  AgentLoop(
      AgentConfig config, Host host, Sources sources, StatusSink sink, Clock clock, Uptime uptime) {
    this.config = config;
    this.paths = new HostPaths(config.hostRoot());
    this.host = host;
    this.sources = sources;
    this.reporter = new Reporter(sink, clock);
    this.uptime = uptime;
    this.rebootStep = new RebootStep(host, config.nodeName());
    this.stagings = new Stagings(this::signal);
    this.provings = new Provings(new Prover(host.units()), this::signal);
    this.watch = new HostWatch(this::layouts, host, config.poll(), this::signal);
  }

  private List<StoreLayout> layouts() {
    return classes.stream().map(ClassAgent::layout).toList();
  }

  /** What it has done. */
  Tally tally() {
    return tally;
  }

  /** Why the host cannot be looked after, if so. Nobody looks where nothing is wanted. */
  synchronized Optional<String> trouble() {
    return desired.isPresent() ? trouble : Optional.empty();
  }

  /** Whether it will look again. */
  boolean isAlive() {
    return thread.isAlive();
  }

  /** How long it has been at work without a rest. */
  Duration workingFor() {
    long began = turnBegan;
    return began == BETWEEN_TURNS ? Duration.ZERO : Duration.ofMillis(now() - began);
  }

  /** How long it could not look after the host for a cause that only another process mends. */
  Duration deafFor() {
    OptionalLong since = deafSince;
    return since.isPresent() ? Duration.ofMillis(now() - since.getAsLong()) : Duration.ZERO;
  }

  void start() {
    thread.start();
    watch.start();
  }

  synchronized void desire(Optional<NodeExtensionState> state) {
    boolean same =
        state.isPresent()
            && desired.isPresent()
            && state.get().getSpec().equals(desired.get().getSpec())
            && state.get().getMetadata().getGeneration() != null
            && state
                .get()
                .getMetadata()
                .getGeneration()
                .equals(desired.get().getMetadata().getGeneration())
            && state.get().getMetadata().getUid().equals(desired.get().getMetadata().getUid());
    desired = state;
    if (!same) {
      signal();
    }
  }

  private synchronized void signal() {
    signalled = true;
    notifyAll();
  }

  private synchronized Optional<NodeExtensionState> desired() {
    signalled = false;
    return desired;
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private synchronized boolean await(long untilMillis) throws InterruptedException {
    for (long left = untilMillis - now();
        !signalled && !closed && left > 0;
        left = untilMillis - now()) {
      uptime.await(this, left);
    }
    return !closed;
  }

  private void run() {
    try {
      long wake;
      do {
        turnBegan = now();
        wake = turn();
        turnBegan = BETWEEN_TURNS;
      } while (await(wake));
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    } finally {
      stagings.close();
      provings.close();
      classes.forEach(ClassAgent::close);
    }
  }

  /** Works until nothing is left to do now, and tells when to look again. */
  private long turn() throws InterruptedException {
    long poll = now() + config.poll().toMillis();
    Optional<NodeExtensionState> state = desired();
    if (state.isEmpty()) {
      return poll;
    }
    try {
      if (!recovered) {
        paths.recover();
        recovered = true;
      }
      if (identity.isEmpty()) {
        identified(host.identify(), state.get());
        trouble = Optional.empty();
      }
      long wake = work(state.get());
      failedLooks = 0;
      deafSince = OptionalLong.empty();
      trouble = Optional.empty();
      return Math.min(wake, poll);
    } catch (HostException e) {
      return failed(state.get(), String.valueOf(e.getMessage()));
    } catch (IOException e) {
      return failed(state.get(), "the store: " + e);
    } catch (RuntimeException defect) {
      if (!isClosed()) {
        LOG.error("looking after the host broke", defect);
      }
      return failed(state.get(), "internal error: " + defect);
    }
  }

  private long failed(NodeExtensionState state, String why) {
    if (isClosed()) { // and interrupted because of that: it says nothing about the host
      return now();
    }
    boolean deaf = paths.isRunFolderLost();
    String message =
        deaf
            ? "the run folder was deleted on the host, and this process sees no other: " + why
            : why;
    failedLooks++;
    unitsMayBeUnread = true;
    trouble = Optional.of(message);
    deafSince =
        !deaf ? OptionalLong.empty() : deafSince.isPresent() ? deafSince : OptionalLong.of(now());
    LOG.warn("the host could not be looked after: {}", message);
    reporter.unreachable(state, message);
    return now()
        + Math.min(Backoff.millis(failedLooks, config.nodeName()), config.poll().toMillis());
  }

  private void identifiedAgain(Host.Identity now) {
    if (!identity.equals(Optional.of(now))) {
      LOG.info("the host merges, takes or trusts something else than before: {}", now);
      identity = Optional.of(now);
      classes.forEach(one -> one.identified(now));
    }
  }

  private void identified(Host.Identity known, NodeExtensionState state) {
    List<ClassAgent> agents = new ArrayList<>();
    for (ExtensionClass one : ExtensionClass.values()) {
      ClassAgent agent =
          new ClassAgent(
              config,
              StoreLayout.of(known.kairos(), paths, one),
              host,
              known,
              sources,
              stagings,
              provings,
              tally,
              this::signal,
              this::now);
      agent.recall(
          agent.layout().hostProfiles().read(Desired.of(state.getSpec())),
          state.getStatus().extensions());
      agents.add(agent);
    }
    classes = List.copyOf(agents);
    StoreLayout store = StoreLayout.of(known.kairos(), paths, ExtensionClass.SYSEXT);
    entries =
        Optional.of(new KnownEntries(new KeptNote<>(MapNote.entries(store, new Store(store)))));
    identity = Optional.of(known);
  }

  /** A systemd that refuses, as it does where it was asked too often, is asked again later. */
  private boolean areUnitsRead(Map<ExtensionClass, Host.Merge> merges) throws HostException {
    if (merges.values().stream().allMatch(one -> one.names().isEmpty())) {
      return true;
    }
    try {
      host.units().reload();
      return true;
    } catch (RefusedException refused) {
      LOG.warn("unit files of what is merged may not be read yet: {}", refused.getMessage());
      return false;
    }
  }

  private long work(NodeExtensionState first)
      throws HostException, IOException, InterruptedException {
    NodeExtensionState state = first;
    for (int round = 0; round < MOST_ROUNDS; round++) {
      Desired wanted = classes.get(0).layout().hostProfiles().read(Desired.of(state.getSpec()));
      takeEnded(wanted);
      if (round == 0) {
        identifiedAgain(host.identifyAgain(identity.orElseThrow()));
      }
      Map<ExtensionClass, Host.Merge> merges = host.merges();
      if (host.units().isGoingDown()) { // asked after the look, which is from before then, if not
        LOG.info("the host goes down: what it takes apart is left alone");
        return now() + config.poll().toMillis();
      }
      unitsMayBeUnread = unitsMayBeUnread && !areUnitsRead(merges);
      BootState boot = BootState.read(paths);
      Grants grants = Grants.of(state.getSpec().maintenance(), boot.bootId());
      Map<Profile, BootedSystem> others =
          entries.orElseThrow().others(boot.profile(), identity.orElseThrow());
      List<ClassAgent.Round> rounds = new ArrayList<>();
      for (ClassAgent one : classes) {
        rounds.add(one.plan(wanted, merges, grants, others, reporter.previous(state)));
      }
      entries.orElseThrow().keep();
      boolean reboot =
          Planner.isRebootDue(rounds.stream().map(ClassAgent.Round::plan).toList(), grants);
      OptionalLong rebootAgain = rebootStep.run(reboot, now());
      report(state, rounds);
      if (rounds.stream().allMatch(one -> one.plan().actions().isEmpty())) {
        return LongStream.concat(
                rounds.stream().flatMapToLong(one -> one.plan().wakeAtMillis().stream()),
                rebootAgain.stream())
            .min()
            .orElse(Long.MAX_VALUE);
      }
      boolean done = true;
      for (int i = 0; i < rounds.size(); i++) {
        done &= classes.get(i).act(rounds.get(i));
      }
      if (!done) {
        return now() + 1_000;
      }
      state = desired().orElse(state);
    }
    LOG.error("the plan for this host is still not done after {} rounds", MOST_ROUNDS);
    return now() + config.poll().toMillis();
  }

  /** Takes what ended beside the loop, and gives up what nobody wants any more. */
  private void takeEnded(Desired wanted) throws HostException, IOException {
    for (Optional<Stagings.Ended> one = stagings.ended(); one.isPresent(); one = stagings.ended()) {
      agent(one.get().assignment()).staged(one.get());
    }
    stagings.keepOnly(wanted);
    provings.keepOnly(wanted.assignments());
    for (Optional<Provings.Ended> one = provings.ended(); one.isPresent(); one = provings.ended()) {
      agent(one.get().proving().assignment()).proved(one.get());
      provings.taken(one.get());
    }
  }

  private ClassAgent agent(Assignment assignment) {
    return classes.stream()
        .filter(one -> one.type() == assignment.type())
        .findFirst()
        .orElseThrow();
  }

  private void report(NodeExtensionState state, List<ClassAgent.Round> rounds)
      throws HostException, IOException {
    List<Evidence.OfClass> evidence = new ArrayList<>();
    for (int i = 0; i < rounds.size(); i++) {
      evidence.add(
          new Evidence.OfClass(
              classes.get(i).type(),
              rounds.get(i).plan().standings(),
              rounds.get(i).plan().upcoming(),
              rounds.get(i).view(),
              rounds.get(i).compared(),
              rounds.get(i).undeleted()));
    }
    List<String> missing = rounds.stream().flatMap(one -> one.missing().stream()).toList();
    tally.drifted(missing.size());
    reporter.report(
        state,
        new Evidence(
            Reporter.generation(state),
            evidence,
            HostReport.of(classes.get(0).layout(), identity.orElseThrow()),
            rebootStep.state(),
            missing,
            host.unmergedAtBoot()));
  }

  private long now() {
    return uptime.millis();
  }

  /** Ends what it is at, and waits for that; not for ever, as a host may be stuck. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    watch.close();
    thread.interrupt();
    try {
      thread.join(CLOSING.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
