package io.kairos.extensions.agent;

import io.kairos.extensions.agent.fetch.Sources;
import io.kairos.extensions.agent.fetch.Stager;
import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.host.RefusedException;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.plan.Action;
import io.kairos.extensions.agent.plan.BootedSystem;
import io.kairos.extensions.agent.plan.Desired;
import io.kairos.extensions.agent.plan.Drift;
import io.kairos.extensions.agent.plan.Elsewhere;
import io.kairos.extensions.agent.plan.Grants;
import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.Memory;
import io.kairos.extensions.agent.plan.Plan;
import io.kairos.extensions.agent.plan.Planner;
import io.kairos.extensions.agent.plan.Proof;
import io.kairos.extensions.agent.plan.Proved;
import io.kairos.extensions.agent.plan.Proving;
import io.kairos.extensions.agent.plan.Setbacks;
import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.report.Evidence;
import io.kairos.extensions.agent.store.Adoption;
import io.kairos.extensions.agent.store.KeptNote;
import io.kairos.extensions.agent.store.MapNote;
import io.kairos.extensions.agent.store.Proofs;
import io.kairos.extensions.agent.store.Store;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.agent.store.VerifiedImages;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after the extensions of one class: a world of its own, with a store, a merge and a memory
 * that the other class has no part in, so that a bad image of one never stops the other. What both
 * share is the host, and that one image at a time is fetched. Used by the agent's loop alone.
 */
final class ClassAgent implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ClassAgent.class);

  private final AgentConfig config;
  private final StoreLayout layout;
  private final Host host;
  private final Stagings stagings;
  private final Provings provings;
  private final LongSupplier now;
  private final Store store;
  private final StageStep stageStep;
  private final ImageRules rules;
  private final ImageTrust trust;
  private final Overlaps overlaps;
  private final Proofs proofs;
  private final ProvenImages proven;
  private final KeptSoaks soaks;
  private final HostObserver observer;
  private final RefreshStep refreshStep;

  /** Who the host is, as it said last. */
  private Host.Identity identity;

  /**
   * The boot entries that boot another system than the one that runs, as it was at the last look.
   */
  private Map<Profile, BootedSystem> others = Map.of();

  private Memory memory = Memory.EMPTY;

  /** What is in effect and must not go without us; nothing before the first look. */
  private Optional<Drift> drift = Optional.empty();

  ClassAgent(
      AgentConfig config,
      StoreLayout layout,
      Host host,
      Host.Identity identity,
      Sources sources,
      Stagings stagings,
      Provings provings,
      Tally tally,
      Runnable signal,
      LongSupplier now) {
    this.config = config;
    this.layout = layout;
    this.host = host;
    this.identity = identity;
    this.stagings = stagings;
    this.provings = provings;
    this.now = now;
    this.store = new Store(layout);
    this.rules =
        new ImageRules(
            layout.extensionClass(),
            () -> this.identity,
            () -> this.others,
            config,
            new KeptNote<>(MapNote.fit(layout, store)));
    this.stageStep =
        new StageStep(
            new Stager(sources, layout, store), new Adoption(layout, store), rules, stagings);
    VerifiedImages verified = new VerifiedImages(layout, store);
    this.trust = new ImageTrust(verified, store, signal);
    this.overlaps = new Overlaps(type(), layout.images(), signal);
    this.proofs = new Proofs(layout);
    this.proven = new ProvenImages(new KeptNote<>(MapNote.proven(layout, store)));
    this.soaks = new KeptSoaks(new KeptNote<>(MapNote.soaks(layout)));
    this.observer =
        new HostObserver(
            layout, () -> this.identity, () -> this.others, proven, verified, config.images());
    this.refreshStep =
        new RefreshStep(host, layout.extensionClass(), observer, config.nodeName(), tally);
  }

  /**
   * One round.
   *
   * @param assignments those of this class
   * @param view what the host shows
   * @param plan what follows from both
   * @param missing what went since the last look, without our doing
   * @param compared extensions whose files were compared
   * @param undeleted garbage that could not be deleted
   */
  record Round(
      List<Assignment> assignments,
      HostView view,
      Plan plan,
      List<String> missing,
      Evidence.Compared compared,
      Setbacks undeleted) {
    /** Takes copies. */
    Round {
      assignments = List.copyOf(assignments);
      missing = List.copyOf(missing);
    }
  }

  /** The host merges, takes or trusts something else than before. */
  void identified(Host.Identity now) {
    identity = now;
  }

  /** The class, as the API calls it. */
  ExtensionType type() {
    return ExtensionType.valueOf(layout.extensionClass().name());
  }

  StoreLayout layout() {
    return layout;
  }

  /** Takes up what an agent before this one reported. */
  void recall(Desired desired, List<ExtensionStatus> reported) {
    memory = memory.recalling(desired.of(type()).assignments(), reported);
  }

  /**
   * Looks and plans, and starts what takes its time.
   *
   * @param all what is asked for of all classes
   * @param merges of the host
   * @param grants what may disturb the node
   * @param entries the boot entries that boot another system than the one that runs
   * @param reported what the node's status says
   */
  Round plan(
      Desired all,
      Map<ExtensionClass, Host.Merge> merges,
      Grants grants,
      Map<Profile, BootedSystem> entries,
      NodeExtensionStateStatus reported)
      throws HostException, IOException {
    others = Map.copyOf(entries);
    Desired desired = all.of(type());
    List<Assignment> assignments = desired.assignments();
    if (isInUse(desired)) {
      store.prepare();
    }
    for (String touched : trust.touched()) {
      memory = memory.distrusting(touched);
    }
    Elsewhere elsewhere = elsewhere(all.assignments(), merges);
    HostView found = observer.look(merges);
    Set<String> assigned = names(assignments);
    HostView view = trust.discardWrong(assigned, found) ? observer.look(merges) : found;
    for (Map.Entry<String, String> unread : trust.takeUnread().entrySet()) {
      memory =
          memory.unread(unread.getKey(), unread.getValue(), now.getAsLong(), config.nodeName());
    }
    trust.recheck(assigned, view, memory.unread().resting(now.getAsLong()));
    memory = memory.outdating(rules.outdated(Memory.uses(desired), memory.staged().keySet(), view));
    String merge =
        Optional.ofNullable(merges.get(layout.extensionClass())).map(Host.Merge::id).orElse("");
    if (drift.isEmpty()) { // the first look
      memory = memory.withSoaks(soaks.left(assignments, merge, now.getAsLong()));
    }
    memory = refuseCommands(memory.observed(desired, view, now.getAsLong()), assignments);
    soaks.keep(assignments, memory.soaks(), view, merge);
    List<String> missing = missing(assignments, reported, view);
    Plan plan = Planner.plan(desired, elsewhere, view, memory, grants, now.getAsLong());
    if (plan.preempt()) {
      stagings.giveUp();
    }
    if (plan.stage().isPresent() && stagings.isIdle()) {
      memory = memory.begun(Memory.use(plan.stage().get()));
      stageStep.begin(plan.stage().get(), assignments, view);
      plan = Planner.plan(desired, elsewhere, view, memory, grants, now.getAsLong());
    }
    memory = memory.suspecting(plan.waiting());
    for (Proving proving : plan.prove()) {
      String name = proving.assignment().name();
      Optional<Proof> begun = Proof.begun(Optional.ofNullable(view.proofs().get(name)), proving);
      if (begun.isPresent()) {
        proofs.put(name, begun.get());
      }
      memory = memory.proving(proving.assignment());
      provings.start(proving);
    }
    drift =
        Optional.of(plan.actions().isEmpty() ? Drift.settled(plan.standings(), view) : Drift.NONE);
    return new Round(
        assignments,
        view,
        plan,
        missing,
        overlaps.of(assignments, view, identity.facts(layout.extensionClass())),
        memory.undeleted());
  }

  private Elsewhere elsewhere(List<Assignment> all, Map<ExtensionClass, Host.Merge> merges) {
    List<Assignment> others =
        all.stream().filter(other -> other.type() != type() && !other.remove()).toList();
    Set<String> merged =
        others.stream()
            .filter(
                other ->
                    Optional.ofNullable(merges.get(ExtensionClass.valueOf(other.type().name())))
                        .filter(merge -> merge.names().contains(other.name()))
                        .isPresent())
            .map(Assignment::extension)
            .collect(Collectors.toSet());
    return new Elsewhere(others, merged);
  }

  /** What nobody uses gets no folders. */
  private boolean isInUse(Desired desired) {
    boolean mergeable = identity.facts(layout.extensionClass()).isPresent();
    return (mergeable && (type() == ExtensionType.SYSEXT || !desired.isEmpty()))
        || Files.isDirectory(layout.ours(), LinkOption.NOFOLLOW_LINKS);
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

  private List<String> missing(
      List<Assignment> assignments, NodeExtensionStateStatus reported, HostView view)
      throws IOException {
    if (drift.isEmpty()) {
      drift = Optional.of(Drift.reported(assignments, reported, observer.bootId()));
    }
    List<String> missing =
        new ArrayList<>(drift.get().butFor(trust.doubtful()).missing(assignments, view).values());
    missing.addAll(trust.takeNews(view));
    missing.forEach(message -> LOG.warn("drift: {}", message));
    return missing;
  }

  /** Draws the conclusion from a download that ended. */
  void staged(Stagings.Ended ended) throws IOException {
    if (ended.outcome().isEmpty()) {
      memory = memory.withStaging(Optional.empty());
      return;
    }
    Staged outcome = ended.outcome().get();
    rules.ended(Memory.use(ended.assignment()), outcome);
    if (outcome instanceof Staged.Ready ready) {
      proven.looked(
          ended.assignment().name(), ended.assignment().target().image().sha256(), ready.release());
    }
    memory = memory.finished(ended.assignment(), outcome, now.getAsLong(), config.nodeName());
    String sha256 = ended.assignment().target().image().sha256();
    // one that is refused stays only where it was there before, and its digest right
    boolean right =
        outcome instanceof Staged.Ready
            || (outcome instanceof Staged.Unfit
                && Files.exists(layout.images().resolve(sha256), LinkOption.NOFOLLOW_LINKS));
    try {
      if (right && trust.verified(sha256)) {
        if (outcome instanceof Staged.Ready ready && ready.nodeRuntime().isPresent()) {
          LOG.warn(
              "image {} had been overwritten while in use: it is right again on the disk, and as {}"
                  + " in it is part of the node's own runtime, the next boot merges it anew",
              sha256,
              ready.nodeRuntime().get());
        } else {
          LOG.warn("image {} had been overwritten while in use: it is merged anew", sha256);
          observer.distrustMerged(sha256);
        }
      }
    } catch (NoSuchFileException gone) {
      memory = memory.distrusting(sha256);
    }
  }

  private static Set<String> names(List<Assignment> assignments) {
    return assignments.stream()
        .filter(assignment -> !assignment.remove())
        .map(Assignment::name)
        .collect(Collectors.toSet());
  }

  /** Draws the conclusion from a proof that ended. */
  void proved(Provings.Ended ended) throws HostException, IOException {
    Proving proving = ended.proving();
    HostView view = observer.look(host.merges());
    String name = proving.assignment().name();
    if (view.isMerged(name, proving.image())) {
      Optional<Proof> known =
          Proof.ended(Optional.ofNullable(view.proofs().get(name)), proving, ended.outcome());
      if (known.isPresent()) {
        proofs.put(name, known.get());
      }
    }
    if (ended.outcome() instanceof Proved.Failed failed) {
      LOG.warn("{} failed its proof: {}", name, failed.message());
    }
    boolean good = view.name(name).wasGood(proving.image());
    memory = memory.proved(proving, ended.outcome(), good, now.getAsLong(), config.nodeName());
  }

  /**
   * Acts in order; the first step that fails ends it, and is held against its extension. Garbage
   * that cannot be deleted is left alone for a while, and holds up nothing.
   *
   * @return whether all was done
   */
  boolean act(Round round) throws HostException, IOException {
    Map<String, Assignment> byName =
        round.assignments().stream()
            .collect(Collectors.toMap(Assignment::name, a -> a, (a, b) -> a));
    for (Action action : round.plan().actions()) {
      LOG.debug("{}", action);
      if (action instanceof Action.Refresh refresh) {
        memory = refreshStep.run(refresh, byName, round.view(), memory, now);
        continue;
      }
      try {
        if (action instanceof Action.StopServices stop) {
          if (!round.view().proofs().containsKey(stop.name())) { // what is stopped stays known
            proofs.put(stop.name(), Proof.ofServices("", List.of()));
          }
          for (String unit : stop.units()) {
            host.units().stop(unit);
          }
        } else if (action instanceof Action.StartServices start) {
          startAgain(start.units());
        } else {
          store.apply(action);
          if (action instanceof Action.DeleteImage deleted) {
            trust.deleted(deleted.sha256());
          } else if (action instanceof Action.SetGood good) {
            proven.proved(
                good.name(),
                good.sha256(),
                release(byName.get(good.name())),
                KnownEntries.system(identity));
          } else if (action instanceof Action.OnName onName) {
            for (String adopted : round.view().name(onName.name()).adopted()) {
              trust.renamed(adopted);
            }
          }
        }
      } catch (HostException e) {
        LOG.warn("{} failed: {}", action, e.getMessage());
        if (action instanceof Action.OnName onName) {
          memory =
              memory.unstopped(
                  onName.name(),
                  String.valueOf(e.getMessage()),
                  now.getAsLong(),
                  config.nodeName());
        }
        return false;
      } catch (IOException e) {
        if (action instanceof Action.Garbage garbage) {
          LOG.warn("{} failed: {}", action, e.toString());
          memory =
              memory.undeleted(garbage.file(), e.toString(), now.getAsLong(), config.nodeName());
          continue;
        }
        hold(action, byName, "the store: " + e);
        return false;
      }
    }
    return true;
  }

  private void startAgain(List<String> units) throws HostException {
    for (String unit : units) {
      try {
        if (host.units().begin(unit)) {
          LOG.info("{} is the host's own, and started again without its extension", unit);
        }
      } catch (RefusedException refused) {
        LOG.warn("{} is the host's own, and does not start: {}", unit, refused.getMessage());
      }
    }
  }

  /** What an image says about itself, where it was looked into in this life. */
  private Map<String, String> release(Assignment assignment) {
    return memory
        .staged(Memory.use(assignment))
        .filter(Staged.Ready.class::isInstance)
        .map(staged -> ((Staged.Ready) staged).release())
        .orElse(Map.of());
  }

  private void hold(Action action, Map<String, Assignment> byName, String message) {
    LOG.warn("{} failed: {}", action, message);
    if (action instanceof Action.OnName onName && byName.containsKey(onName.name())) {
      memory =
          memory.failed(
              byName.get(onName.name()),
              Reasons.STORE_ERROR,
              message,
              now.getAsLong(),
              config.nodeName());
    }
  }

  @Override
  public void close() {
    trust.close();
    overlaps.close();
  }
}
