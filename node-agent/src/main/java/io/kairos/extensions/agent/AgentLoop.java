package io.kairos.extensions.agent;

import io.kairos.extensions.agent.fetch.Stager;
import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.plan.Action;
import io.kairos.extensions.agent.plan.Backoff;
import io.kairos.extensions.agent.plan.Drift;
import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.Memory;
import io.kairos.extensions.agent.plan.Plan;
import io.kairos.extensions.agent.plan.Planner;
import io.kairos.extensions.agent.plan.Proof;
import io.kairos.extensions.agent.plan.Proved;
import io.kairos.extensions.agent.plan.Proving;
import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.prove.Prover;
import io.kairos.extensions.agent.report.Evidence;
import io.kairos.extensions.agent.report.StatusReport;
import io.kairos.extensions.agent.report.StatusWriter;
import io.kairos.extensions.agent.store.Adoption;
import io.kairos.extensions.agent.store.Proofs;
import io.kairos.extensions.agent.store.Store;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.agent.store.VerifiedImages;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Observe, plan, act, verify, report; again until nothing is left to do, then wait for a new spec,
 * a finished download or proof, the time that the plan named, a change on the host, or the poll.
 * All of it happens on one thread; only downloads have a thread of their own, and each proof. No
 * state on the API server means no work: what is on the host stays as it is.
 */
final class AgentLoop implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AgentLoop.class);

  /** A plan that is never done would be a defect: it is logged and left for the next wake. */
  private static final int MOST_ROUNDS = 64;

  private final AgentConfig config;
  private final Store store;
  private final Host host;
  private final Stager stager;
  private final StatusWriter writer;
  private final Clock clock;
  private final HostObserver observer;
  private final VerifiedImages verified;
  private final Adoption adoption;
  private final RefreshStep refreshStep;
  private final Proofs proofs;
  private final Provings provings;
  private final SignatureRules signatures;
  private final HostWatch watch;
  private final ConcurrentLinkedQueue<Done> done = new ConcurrentLinkedQueue<>();
  private final Thread thread = new Thread(this::run, "agent-loop");

  private Optional<NodeExtensionState> desired = Optional.empty();
  private boolean signalled;
  private boolean closed;

  private boolean recovered;
  private Memory memory = Memory.EMPTY;

  /** What is in effect and must not go without us; nothing before the first look. */
  private Optional<Drift> drift = Optional.empty();

  private Optional<Host.Identity> identity = Optional.empty();
  private NodeExtensionStateStatus reported = NodeExtensionStateStatus.EMPTY;
  private String reportedUid = "";
  private int failedLooks;

  /** The image in work, and who works on it. */
  private Optional<Fetching> fetching = Optional.empty();

  private record Fetching(Assignment assignment, Thread thread) {}

  /** What came of an image; nothing where it was given up, as nobody wants it any more. */
  private record Done(Assignment assignment, Optional<Staged> outcome) {}

  AgentLoop(
      AgentConfig config,
      StoreLayout layout,
      Store store,
      Host host,
      Stager stager,
      StatusWriter writer,
      Clock clock) {
    this.config = config;
    this.store = store;
    this.host = host;
    this.stager = stager;
    this.writer = writer;
    this.clock = clock;
    this.verified = new VerifiedImages(layout);
    this.proofs = new Proofs(layout);
    this.provings = new Provings(new Prover(host.units()), this::signal);
    this.signatures = new SignatureRules(config);
    this.adoption = new Adoption(layout);
    this.observer = new HostObserver(layout, host, verified, config.images());
    this.refreshStep = new RefreshStep(host, observer, config.nodeName());
    this.watch = new HostWatch(layout, host, config.poll(), this::signal);
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
      wait(left);
    }
    return !closed;
  }

  private void run() {
    try {
      long wake;
      do {
        wake = turn();
      } while (await(wake));
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    } finally {
      fetching.ifPresent(one -> one.thread().interrupt());
      provings.close();
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
      store.prepare();
      if (!recovered) {
        store.recover();
        memory =
            memory.recalling(
                state.get().getSpec().assignments(), state.get().getStatus().extensions());
        recovered = true;
      }
      if (identity.isEmpty()) {
        identity = Optional.of(host.identify());
        observer.identified(identity.get());
      }
      long wake = work(state.get());
      failedLooks = 0;
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

  private long failed(NodeExtensionState state, String message) {
    if (isClosed()) { // and interrupted because of that: it says nothing about the host
      return now();
    }
    failedLooks++;
    LOG.warn("the host could not be looked after: {}", message);
    unreachable(state, message);
    return now()
        + Math.min(Backoff.millis(failedLooks, config.nodeName()), config.poll().toMillis());
  }

  private long work(NodeExtensionState first)
      throws HostException, IOException, InterruptedException {
    NodeExtensionState state = first;
    for (int round = 0; round < MOST_ROUNDS; round++) {
      takeStaged();
      for (String touched : verified.touched()) {
        LOG.warn("image {} was touched by somebody else: it is hashed again before use", touched);
        memory = memory.distrusting(touched);
      }
      List<Assignment> assignments = state.getSpec().assignments();
      giveUpObsolete(assignments);
      provings.keepOnly(assignments);
      takeProved();
      HostView view = observer.look();
      memory = refuseCommands(memory.observed(assignments, view, now()), assignments);
      List<String> missing = missing(state, view);
      Plan plan = Planner.plan(assignments, view, memory, now());
      if (plan.stage().isPresent()) {
        stage(plan.stage().get(), view);
        plan = Planner.plan(assignments, view, memory, now());
      }
      memory = memory.suspecting(plan.waiting());
      for (Proving proving : plan.prove()) {
        memory = memory.proving(proving.assignment());
        provings.start(proving);
      }
      report(state, plan, view, missing);
      boolean settled = plan.actions().isEmpty();
      drift = Optional.of(settled ? Drift.settled(plan.standings(), view) : Drift.NONE);
      if (settled) {
        return plan.wakeAtMillis().orElse(Long.MAX_VALUE);
      }
      if (!act(plan.actions(), assignments, view)) {
        return now() + 1_000;
      }
      state = desired().orElse(state);
    }
    LOG.error("the plan for this host is still not done after {} rounds", MOST_ROUNDS);
    return now() + config.poll().toMillis();
  }

  private void takeProved() throws HostException, IOException {
    for (Optional<Provings.Ended> ended = provings.ended();
        ended.isPresent();
        ended = provings.ended()) {
      takeProved(ended.get().proving(), ended.get().outcome(), observer.look());
      provings.taken(ended.get());
    }
  }

  private void takeProved(Proving proving, Proved outcome, HostView view) throws IOException {
    String name = proving.assignment().name();
    if (view.isMerged(name, proving.image())) {
      Proof before = view.proof(name, proving.image()).orElse(Proof.ofServices(proving.image()));
      if (outcome instanceof Proved.Passed) {
        proofs.put(name, before.passed(proving.checks()));
      } else if (outcome instanceof Proved.Failed failed && failed.servicesDone()) {
        proofs.put(name, before);
      }
    }
    if (outcome instanceof Proved.Failed failed) {
      LOG.warn("{} failed its proof: {}", name, failed.message());
    }
    boolean good = view.name(name).good().filter(proving.image()::equals).isPresent();
    memory = memory.proved(proving, outcome, good, now(), config.nodeName());
  }

  private Memory refuseCommands(Memory known, List<Assignment> assignments) {
    Memory next = known;
    for (Assignment assignment : assignments) {
      boolean runsCommand =
          assignment.target().healthChecks().stream().anyMatch(c -> !c.command().isEmpty());
      if (runsCommand && !config.commandsAllowed()) {
        next =
            next.refusing(
                assignment,
                Phase.INCOMPATIBLE,
                Reasons.COMMANDS_NOT_ALLOWED,
                "a health check is a command, which this agent may not run: SYSEXT_ALLOW_COMMANDS=true"
                    + " allows it, and makes whoever writes SystemExtensions root on the host");
      }
    }
    return next;
  }

  /** What went since the last look, without our doing. */
  private List<String> missing(NodeExtensionState state, HostView view) throws IOException {
    List<Assignment> assignments = state.getSpec().assignments();
    if (drift.isEmpty()) {
      drift = Optional.of(Drift.reported(assignments, previous(state), observer.bootId()));
    }
    Map<ExtensionKey, String> missing = drift.get().missing(assignments, view);
    missing.values().forEach(message -> LOG.warn("drift: {}", message));
    return List.copyOf(missing.values());
  }

  /** A download that nobody wants any more must not hold up one that somebody does. */
  private void giveUpObsolete(List<Assignment> assignments) {
    fetching
        .filter(
            one ->
                assignments.stream()
                    .filter(assignment -> !assignment.remove())
                    .noneMatch(
                        assignment -> Memory.use(assignment).equals(Memory.use(one.assignment()))))
        .ifPresent(one -> one.thread().interrupt());
  }

  private void takeStaged() throws IOException {
    for (Done one = done.poll(); one != null; one = done.poll()) {
      fetching = Optional.empty();
      if (one.outcome().isEmpty()) {
        memory = memory.withStaging(Optional.empty());
        continue;
      }
      Staged outcome = one.outcome().get();
      memory = memory.finished(one.assignment(), outcome, now(), config.nodeName());
      if (outcome instanceof Staged.Ready) {
        takeVerified(one.assignment().target().image().sha256());
      }
    }
  }

  private void takeVerified(String sha256) throws IOException {
    try {
      if (verified.verified(sha256)) {
        LOG.warn("image {} had been overwritten while in use: it is merged anew", sha256);
        observer.distrustMerged(sha256);
      }
    } catch (NoSuchFileException gone) {
      memory = memory.distrusting(sha256);
    }
  }

  private void stage(Assignment assignment, HostView view) {
    memory = memory.begun(Memory.use(assignment));
    Host.Identity known = identity.orElseThrow();
    Set<String> rivals = view.name(assignment.name()).adoptable(assignment.target().profiles());
    Thread stager =
        new Thread(
            () -> {
              done.add(new Done(assignment, stageOrGiveUp(assignment, rivals, known)));
              signal();
            },
            "stager");
    stager.setDaemon(true);
    fetching = Optional.of(new Fetching(assignment, stager));
    stager.start();
  }

  private Optional<Staged> stageOrGiveUp(
      Assignment assignment, Set<String> rivals, Host.Identity known) {
    try {
      Optional<Staged.NotStaged> conflict =
          adoption.adopt(assignment.target().image().sha256(), rivals);
      return Optional.of(conflict.isPresent() ? conflict.get() : stageNow(assignment, known));
    } catch (InterruptedException givenUp) {
      return Optional.empty();
    } catch (RuntimeException defect) {
      LOG.error("staging {} broke", assignment.name(), defect);
      return Optional.of(new Staged.NotStaged(Reasons.STORE_ERROR, "internal error: " + defect));
    }
  }

  private Staged stageNow(Assignment assignment, Host.Identity known) throws InterruptedException {
    SignatureRules.Rule rule = signatures.of(assignment.target().signature(), known);
    if (rule instanceof SignatureRules.Rule.Unverifiable not) {
      return new Staged.NotStaged(not.reason(), not.message());
    }
    var signers = ((SignatureRules.Rule.Signers) rule).signers();
    return stager.stage(
        assignment.target().image(), assignment.name(), known.facts().signedBy(signers));
  }

  /** Acts in order; the first step that fails ends it, and is held against its extension. */
  private boolean act(List<Action> actions, List<Assignment> assignments, HostView view)
      throws HostException, IOException {
    Map<String, Assignment> byName =
        assignments.stream().collect(Collectors.toMap(Assignment::name, a -> a, (a, b) -> a));
    for (Action action : actions) {
      LOG.debug("{}", action);
      if (action instanceof Action.Refresh refresh) {
        memory = refreshStep.run(refresh, byName, view, memory, this::now);
        continue;
      }
      try {
        if (action instanceof Action.StopServices stop) {
          for (String unit : stop.units()) {
            host.units().stop(unit);
          }
        } else {
          store.apply(action);
          if (action instanceof Action.DeleteImage deleted) {
            verified.deleted(deleted.sha256());
          } else if (action instanceof Action.OnName onName) {
            for (String adopted : view.name(onName.name()).adopted()) {
              verified.renamed(adopted);
            }
          }
        }
      } catch (HostException e) {
        hold(action, byName, Reasons.SERVICE_FAILED, String.valueOf(e.getMessage()));
        return false;
      } catch (IOException e) {
        hold(action, byName, Reasons.STORE_ERROR, "the store: " + e);
        return false;
      }
    }
    return true;
  }

  private void hold(Action action, Map<String, Assignment> byName, String reason, String message) {
    LOG.warn("{} failed: {}", action, message);
    if (action instanceof Action.OnName onName && byName.containsKey(onName.name())) {
      memory = memory.failed(byName.get(onName.name()), reason, message, now(), config.nodeName());
    }
  }

  private void report(NodeExtensionState state, Plan plan, HostView view, List<String> missing)
      throws IOException {
    Evidence evidence =
        new Evidence(
            generation(state),
            plan.standings(),
            view,
            observer.status(identity.orElseThrow()),
            missing);
    send(state, StatusReport.of(evidence, previous(state), timestamp()));
  }

  private void unreachable(NodeExtensionState state, String message) {
    send(state, StatusReport.unreachable(previous(state), generation(state), message, timestamp()));
  }

  private void send(NodeExtensionState state, NodeExtensionStateStatus status) {
    reported = status;
    reportedUid = state.getMetadata().getUid();
    writer.report(reportedUid, status);
  }

  private NodeExtensionStateStatus previous(NodeExtensionState state) {
    return reportedUid.equals(state.getMetadata().getUid()) ? reported : state.getStatus();
  }

  private static long generation(NodeExtensionState state) {
    Long generation = state.getMetadata().getGeneration();
    return generation == null ? 0 : generation;
  }

  private String timestamp() {
    return clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** Monotonic: a clock that is set must not end a soak. */
  private long now() {
    return System.nanoTime() / 1_000_000;
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    watch.close();
    thread.interrupt();
  }
}
