package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Service;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import lombok.With;

/**
 * Plans what to do next on a host.
 *
 * <p>The agent observes, plans, acts and observes again until a plan is empty. No plan trusts the
 * one before: each is made from the links, images and mounts that are there now, so a crash at any
 * point leaves nothing but an earlier observation.
 *
 * <ol>
 *   <li>Each assignment is decided by itself ({@link Decider}): steps that only settle what is
 *       already proven, and steps that change what the next refresh would merge, with what that
 *       refresh has to show.
 *   <li>All changes of the second kind go into one refresh. What another one requires is tried
 *       before it or with it, never after. When several new images were part of one that failed,
 *       those that were good on this system before are tried together, and the rest alone, one by
 *       one, until the bad one is found; an extension that waits for its turn is put back to what
 *       is merged.
 *   <li>Services of what a refresh takes away are stopped before anything of it is unlinked. One
 *       that does not stop keeps its extension merged, and holds up no other.
 *   <li>A host that refuses a refresh that tries nothing new is left in peace for a growing pause;
 *       one that is frozen is asked for none at all.
 *   <li>A merged image whose extension has services or health checks proves itself before it is
 *       committed: that takes its time, beside all else, and meanwhile nothing about its name
 *       changes.
 *   <li>What is assigned no more stays as it is; only a trial of it that was cut off is ended, for
 *       it would stand in the way of every refresh.
 *   <li>What comes next is fetched and looked into while nothing else has to be ({@link Ahead}).
 *   <li>The host is rebooted once all of the policy that is allowed to is linked, and nothing is
 *       being done to the host.
 *   <li>Only a plan without any other step collects garbage ({@link Garbage}): images that no link
 *       leads to and nobody wants, and what interrupted steps left behind.
 * </ol>
 */
public final class Planner {
  private static final Set<Phase> SETTLED =
      EnumSet.of(
          Phase.PENDING_REBOOT,
          Phase.ACTIVE,
          Phase.FAILED,
          Phase.INCOMPATIBLE,
          Phase.ROLLED_BACK,
          Phase.REMOVED);

  private static final Set<Phase> MERGING =
      EnumSet.of(Phase.ACTIVATING, Phase.ROLLING_BACK, Phase.REMOVING);

  private final Desired desired;
  private final List<Assignment> assignments;
  private final Elsewhere elsewhere;
  private final HostView view;
  private final Memory memory;
  private final Grants grants;
  private final long nowMillis;

  private Planner(
      Desired desired,
      Elsewhere elsewhere,
      HostView view,
      Memory memory,
      Grants grants,
      long nowMillis) {
    this.desired = desired;
    this.assignments = RequiredFirst.sort(desired.assignments());
    this.elsewhere = elsewhere;
    this.view = view;
    this.memory = memory;
    this.grants = grants;
    this.nowMillis = nowMillis;
  }

  /**
   * Plans.
   *
   * @param desired what is asked for of one class
   * @param elsewhere the other classes
   * @param view what the host shows
   * @param memory what the agent remembers; {@link Memory#observed} of the same view
   * @param grants what may disturb the node
   * @param nowMillis the agent's monotonic clock
   */
  public static Plan plan(
      Desired desired,
      Elsewhere elsewhere,
      HostView view,
      Memory memory,
      Grants grants,
      long nowMillis) {
    return new Planner(desired, elsewhere, view, memory, grants, nowMillis).plan();
  }

  private Plan plan() {
    Decider decider = new Decider(assignments, view, memory, grants, nowMillis);
    Ahead ahead = new Ahead(desired, view, memory, nowMillis);
    Map<Assignment, Decision> decisions = new HashMap<>();
    assignments.forEach(assignment -> decisions.put(assignment, decider.decide(assignment)));
    waitForRequired(decider, decisions);
    Set<ImageUse> waiting = takeTurns(decider, decisions);
    decisions.replaceAll((assignment, decision) -> heldUp(decision));

    List<Decision> inOrder = assignments.stream().map(decisions::get).toList();
    List<Action> actions = new ArrayList<>();
    inOrder.forEach(decision -> actions.addAll(decision.settle()));
    actions.addAll(endTrials());
    boolean inPeace = memory.trouble().filter(t -> t.retryAtMillis() > nowMillis).isPresent();
    if (!inPeace && !isUnverifiedLinked(decisions)) {
      actions.addAll(refresh(inOrder));
    }
    Optional<Assignment> urgent =
        assignments.stream().filter(a -> decisions.get(a).stage()).findFirst();
    List<Proving> prove =
        inOrder.stream().flatMap(d -> d.prove().stream()).filter(this::isIdle).toList();
    List<Standing> standings = inOrder.stream().map(d -> ahead.tell(d.standing())).toList();
    boolean idle = actions.isEmpty() && prove.isEmpty() && memory.proving().isEmpty();
    if (actions.isEmpty()) {
      actions.addAll(new Garbage(desired, view, memory, nowMillis).actions());
    }
    return new Plan(
        actions,
        memory.staging().isPresent() ? Optional.empty() : urgent.or(ahead::stage),
        urgent.isPresent() && ahead.isInWork(assignments),
        prove,
        standings,
        desired.upcoming().stream().map(ahead::standing).toList(),
        waiting,
        idle,
        wake(inOrder, ahead, inPeace));
  }

  /**
   * Whether the host is to be rebooted now: for a policy that may, and whose extensions are ready
   * for it, whatever their classes are.
   *
   * @param plans of all classes
   */
  public static boolean isRebootDue(List<Plan> plans, Grants grants) {
    List<Standing> standings = plans.stream().flatMap(plan -> plan.standings().stream()).toList();
    return plans.stream().allMatch(Plan::idle)
        && grants.reboot().stream().anyMatch(policy -> isReadyToReboot(policy, standings));
  }

  /**
   * Whether all that a policy gives is linked, and some of it waits for a boot, while nothing else
   * is being merged or unmerged.
   */
  private static boolean isReadyToReboot(String policy, List<Standing> standings) {
    List<Phase> own =
        standings.stream()
            .filter(standing -> standing.assignment().policy().equals(policy))
            .map(Standing::phase)
            .toList();
    return own.contains(Phase.PENDING_REBOOT)
        && SETTLED.containsAll(own)
        && standings.stream().map(Standing::phase).noneMatch(MERGING::contains);
  }

  /** Puts off trials whose requirements are neither merged nor part of the same refresh. */
  private void waitForRequired(Decider decider, Map<Assignment, Decision> decisions) {
    Set<String> there = new HashSet<>(elsewhere.merged());
    assignments.stream()
        .filter(assignment -> view.merged().containsKey(assignment.name()))
        .forEach(assignment -> there.add(assignment.extension()));
    for (Assignment assignment : assignments) {
      if (!decisions.get(assignment).trial()) {
        continue;
      }
      List<String> missing =
          assignment.target().requires().extensions().stream()
              .filter(name -> !there.contains(name) && !isInCircleWith(assignment, name, decisions))
              .toList();
      if (missing.isEmpty()) {
        there.add(assignment.extension());
      } else {
        decisions.put(assignment, decider.waitForRequired(assignment, missing));
      }
    }
  }

  /**
   * Two that require one another can only come together; of two classes, one right after the other.
   */
  private boolean isInCircleWith(
      Assignment assignment, String extension, Map<Assignment, Decision> decisions) {
    List<Assignment> all =
        Stream.concat(assignments.stream(), elsewhere.assignments().stream()).toList();
    return all.stream()
        .filter(other -> other.extension().equals(extension))
        .filter(other -> !decisions.containsKey(other) || decisions.get(other).trial())
        .anyMatch(other -> RequiredFirst.requires(all, other, assignment.extension()));
  }

  /**
   * Puts off the trials whose turn it is not.
   *
   * @return what was put off
   */
  private Set<ImageUse> takeTurns(Decider decider, Map<Assignment, Decision> decisions) {
    List<Assignment> trials = assignments.stream().filter(a -> decisions.get(a).trial()).toList();
    List<Assignment> turn = new Turns(assignments, memory).now(trials);
    Set<ImageUse> waiting = new HashSet<>();
    for (Assignment trial : trials) {
      if (!turn.contains(trial)) {
        decisions.put(trial, decider.waitForTurn(trial));
        waiting.add(Memory.use(trial));
      }
    }
    return waiting;
  }

  /**
   * Whether a refresh would merge, beside what it is for, what a boot linked and did not merge, and
   * nobody has verified since: if that is what stopped the boot, it would stop the refresh, and
   * others would be blamed.
   */
  private boolean isUnverifiedLinked(Map<Assignment, Decision> decisions) {
    return assignments.stream()
        .filter(assignment -> decisions.get(assignment).stage())
        .anyMatch(
            assignment -> {
              String sha256 = assignment.target().image().sha256();
              return view.images().contains(sha256)
                  && !view.isMerged(assignment.name(), sha256)
                  && view.name(assignment.name()).linkedForRun().filter(sha256::equals).isPresent();
            });
  }

  /** Nothing is unlinked under a service that just did not stop. */
  private Decision heldUp(Decision decision) {
    Assignment assignment = decision.standing().assignment();
    Optional<Failure> unstopped =
        memory.unstopped().find(assignment.name()).filter(failure -> isTakenAway(decision));
    if (unstopped.isEmpty()) {
      return decision;
    }
    Failure failure = unstopped.get();
    Decision told =
        decision.withStanding(
            new Standing(
                assignment,
                decision.standing().phase(),
                failure.reason(),
                failure.message(),
                failure.attempts()));
    return failure.retryAtMillis() > nowMillis
        ? told.withRelink(List.of())
            .withExpected(Optional.empty())
            .wakingAt(failure.retryAtMillis())
        : told;
  }

  private List<Action> refresh(List<Decision> decisions) {
    List<Action> relinks = new ArrayList<>();
    Map<String, Optional<String>> expected = new HashMap<>();
    Set<ExtensionKey> trials = new HashSet<>();
    for (Decision decision : decisions) {
      if (view.frozen().isPresent() && needsRefresh(decision)) {
        continue;
      }
      relinks.addAll(decision.relink());
      String name = decision.standing().assignment().name();
      decision
          .expected()
          .filter(image -> differs(name, image))
          .ifPresent(image -> expected.put(name, image));
      if (decision.trial()) {
        trials.add(decision.standing().assignment().key());
      }
    }
    List<Action> actions = new ArrayList<>();
    decisions.stream()
        .filter(decision -> expected.containsKey(decision.standing().assignment().name()))
        .filter(this::isTakenAway)
        .forEach(decision -> actions.addAll(stops(decision.standing().assignment())));
    actions.addAll(relinks);
    if (!expected.isEmpty()) {
      actions.add(new Action.Refresh(expected, trials));
    }
    return actions;
  }

  private boolean needsRefresh(Decision decision) {
    String name = decision.standing().assignment().name();
    return decision.expected().filter(image -> differs(name, image)).isPresent();
  }

  /** Whether the decision unmerges what is merged under its name. */
  private boolean isTakenAway(Decision decision) {
    return decision.expected().filter(Optional::isEmpty).isPresent()
        && view.merged().containsKey(decision.standing().assignment().name());
  }

  /** Services that the refresh takes the files of. */
  private List<Action> stops(Assignment assignment) {
    List<String> units = ProofGate.services(view, assignment).stream().map(Service::name).toList();
    return units.isEmpty() ? List.of() : List.of(new Action.StopServices(assignment.name(), units));
  }

  private boolean isIdle(Proving proving) {
    return !memory.proving().containsKey(proving.assignment().key());
  }

  private List<Action> endTrials() {
    Set<String> assigned = assignments.stream().map(Assignment::name).collect(Collectors.toSet());
    return view.names().keySet().stream()
        .filter(name -> !assigned.contains(name) && view.unverified(name).isEmpty())
        .sorted()
        .flatMap(
            name ->
                new WayBack(view, name, view.bootProfile(), Optional.empty()).endTrial().stream())
        .toList();
  }

  private boolean differs(String name, Optional<String> image) {
    return image
        .map(sha -> !view.isMerged(name, sha))
        .orElseGet(() -> view.merged().containsKey(name));
  }

  private OptionalLong wake(List<Decision> decisions, Ahead ahead, boolean inPeace) {
    LongStream times =
        LongStream.concat(
            decisions.stream().flatMapToLong(d -> d.wakeAtMillis().stream()),
            LongStream.concat(
                ahead.wakeAtMillis().stream(), memory.undeleted().nextMillis(nowMillis).stream()));
    return inPeace
        ? LongStream.concat(times, LongStream.of(memory.trouble().orElseThrow().retryAtMillis()))
            .min()
        : times.min();
  }

  /**
   * What to do about one assignment.
   *
   * @param standing where it stands
   * @param settle steps that do not change what a refresh merges
   * @param relink steps that do
   * @param expected what has to be merged after a refresh; nothing where this assignment asks for
   *     none
   * @param trial whether the refresh would try something new
   * @param stage whether its image has to be fetched or verified first
   * @param prove what the merged image has to go through
   * @param wakeAtMillis when time alone changes the decision
   */
  @With
  record Decision(
      Standing standing,
      List<Action> settle,
      List<Action> relink,
      Optional<Optional<String>> expected,
      boolean trial,
      boolean stage,
      Optional<Proving> prove,
      OptionalLong wakeAtMillis) {

    static Decision of(Assignment assignment, Phase phase, String reason, String message) {
      return new Decision(
          new Standing(assignment, phase, reason, message, 0),
          List.of(),
          List.of(),
          Optional.empty(),
          false,
          false,
          Optional.empty(),
          OptionalLong.empty());
    }

    Decision failures(int attempts) {
      return withStanding(standing.withAttempts(attempts));
    }

    /** The same under another phase. */
    Decision as(Phase phase) {
      return withStanding(standing.withPhase(phase));
    }

    /** The same with more to say, unless an earlier agent's report has said it already. */
    Decision saying(String more) {
      return standing.message().endsWith(more)
          ? this
          : withStanding(standing.withMessage(standing.message() + "; " + more));
    }

    Decision settling(List<Action> steps) {
      return withSettle(List.copyOf(steps));
    }

    Decision relinking(List<Action> steps, Optional<String> mergedAfterwards, boolean isTrial) {
      return withRelink(List.copyOf(steps))
          .withExpected(Optional.of(mergedAfterwards))
          .withTrial(isTrial);
    }

    Decision staging() {
      return withStage(true);
    }

    Decision proving(Proving proving) {
      return withProve(Optional.of(proving));
    }

    Decision wakingAt(long millis) {
      return withWakeAtMillis(OptionalLong.of(millis));
    }
  }

  /** The reason while the agent works and nothing is wrong. */
  static final String AT_WORK = Reasons.IN_PROGRESS;
}
