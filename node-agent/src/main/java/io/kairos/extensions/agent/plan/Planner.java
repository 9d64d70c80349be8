package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Service;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
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
 *       they are tried alone, one by one, until the bad one is found; an extension that waits for
 *       its turn is put back to what is merged.
 *   <li>A host that refuses a refresh that tries nothing new is left in peace for a growing pause.
 *   <li>A merged image whose extension has services or health checks proves itself before it is
 *       committed: that takes its time, beside all else, and meanwhile nothing about its name
 *       changes.
 *   <li>What is assigned no more stays as it is; only a trial of it that was cut off is ended, for
 *       it would stand in the way of every refresh.
 *   <li>Only a plan without any other step collects garbage ({@link Garbage}): images that no link
 *       leads to and nobody wants, and what interrupted steps left behind.
 * </ol>
 */
public final class Planner {
  private final List<Assignment> assignments;
  private final HostView view;
  private final Memory memory;
  private final long nowMillis;

  private Planner(List<Assignment> assignments, HostView view, Memory memory, long nowMillis) {
    this.assignments = assignments;
    this.view = view;
    this.memory = memory;
    this.nowMillis = nowMillis;
  }

  /**
   * Plans.
   *
   * @param assignments what is wanted, tombstones included
   * @param view what the host shows
   * @param memory what the agent remembers; {@link Memory#observed} of the same view
   * @param nowMillis the agent's monotonic clock
   */
  public static Plan plan(
      List<Assignment> assignments, HostView view, Memory memory, long nowMillis) {
    return new Planner(RequiredFirst.sort(assignments), view, memory, nowMillis).plan();
  }

  private Plan plan() {
    Decider decider = new Decider(assignments, view, memory, nowMillis);
    Map<Assignment, Decision> decisions = new HashMap<>();
    assignments.forEach(assignment -> decisions.put(assignment, decider.decide(assignment)));
    waitForRequired(decider, decisions);
    Set<ImageUse> waiting = tryAlone(decider, decisions);

    List<Decision> inOrder = assignments.stream().map(decisions::get).toList();
    List<Action> actions = new ArrayList<>();
    inOrder.forEach(decision -> actions.addAll(decision.settle()));
    actions.addAll(endTrials());
    boolean inPeace = memory.trouble().filter(t -> t.retryAtMillis() > nowMillis).isPresent();
    if (!inPeace) {
      actions.addAll(refresh(inOrder));
    }
    Optional<Assignment> stage =
        memory.staging().isPresent()
            ? Optional.empty()
            : assignments.stream().filter(a -> decisions.get(a).stage()).findFirst();
    if (actions.isEmpty()) {
      actions.addAll(new Garbage(assignments, view, memory).actions());
    }
    return new Plan(
        actions,
        stage,
        inOrder.stream().flatMap(d -> d.prove().stream()).filter(this::isIdle).toList(),
        inOrder.stream().map(Decision::standing).toList(),
        waiting,
        wake(inOrder, inPeace));
  }

  /** Puts off trials whose requirements are neither merged nor part of the same refresh. */
  private void waitForRequired(Decider decider, Map<Assignment, Decision> decisions) {
    Set<String> there = new HashSet<>(view.merged().keySet());
    for (Assignment assignment : assignments) {
      if (!decisions.get(assignment).trial()) {
        continue;
      }
      List<String> missing =
          assignment.target().requires().extensions().stream()
              .filter(name -> !there.contains(name) && !isInCircleWith(assignment, name, decisions))
              .toList();
      if (missing.isEmpty()) {
        there.add(assignment.name());
      } else {
        decisions.put(assignment, decider.waitForRequired(assignment, missing));
      }
    }
  }

  /** Two that require one another can only come together. */
  private boolean isInCircleWith(
      Assignment assignment, String name, Map<Assignment, Decision> decisions) {
    return assignments.stream()
        .filter(other -> other.name().equals(name) && decisions.get(other).trial())
        .anyMatch(other -> RequiredFirst.requires(assignments, other, assignment.name()));
  }

  /**
   * Puts off all trials but the first when there are suspects.
   *
   * @return what was put off
   */
  private Set<ImageUse> tryAlone(Decider decider, Map<Assignment, Decision> decisions) {
    Set<ImageUse> waiting = new HashSet<>();
    List<Assignment> trials = assignments.stream().filter(a -> decisions.get(a).trial()).toList();
    List<Assignment> suspects =
        trials.stream().filter(a -> memory.alone().contains(Memory.use(a))).toList();
    Optional<Assignment> first =
        trials.stream()
            .filter(
                trial ->
                    suspects.stream()
                        .anyMatch(
                            suspect ->
                                suspect.equals(trial)
                                    || RequiredFirst.requires(assignments, suspect, trial.name())))
            .findFirst();
    if (first.isPresent()) {
      trials.stream()
          .filter(trial -> !trial.equals(first.get()))
          .forEach(
              trial -> {
                decisions.put(trial, decider.waitForTurn(trial));
                waiting.add(Memory.use(trial));
              });
    }
    return waiting;
  }

  private List<Action> refresh(List<Decision> decisions) {
    List<Action> actions = new ArrayList<>();
    Map<String, Optional<String>> expected = new HashMap<>();
    Set<ExtensionKey> trials = new HashSet<>();
    for (Decision decision : decisions) {
      actions.addAll(decision.relink());
      String name = decision.standing().assignment().name();
      decision
          .expected()
          .filter(image -> differs(name, image))
          .ifPresent(image -> expected.put(name, image));
      if (decision.trial()) {
        trials.add(decision.standing().assignment().key());
      }
    }
    for (Decision decision : decisions) {
      actions.addAll(stops(decision.standing().assignment(), expected));
    }
    if (!expected.isEmpty()) {
      actions.add(new Action.Refresh(expected, trials));
    }
    return actions;
  }

  /** Services that the refresh takes the files of. */
  private List<Action> stops(Assignment assignment, Map<String, Optional<String>> expected) {
    List<String> units = assignment.target().services().stream().map(Service::name).toList();
    boolean goes =
        view.merged().containsKey(assignment.name())
            && Optional.<String>empty().equals(expected.get(assignment.name()));
    return goes && !units.isEmpty()
        ? List.of(new Action.StopServices(assignment.name(), units))
        : List.of();
  }

  private boolean isIdle(Proving proving) {
    return !memory.proving().containsKey(proving.assignment().key());
  }

  private List<Action> endTrials() {
    Set<String> assigned = assignments.stream().map(Assignment::name).collect(Collectors.toSet());
    return view.names().keySet().stream()
        .filter(name -> !assigned.contains(name))
        .sorted()
        .flatMap(name -> new WayBack(view, name, view.bootProfile()).endTrial().stream())
        .toList();
  }

  private boolean differs(String name, Optional<String> image) {
    return image
        .map(sha -> !view.isMerged(name, sha))
        .orElseGet(() -> view.merged().containsKey(name));
  }

  private OptionalLong wake(List<Decision> decisions, boolean inPeace) {
    LongStream times = decisions.stream().flatMapToLong(d -> d.wakeAtMillis().stream());
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
      return withStanding(
          new Standing(
              standing.assignment(),
              standing.phase(),
              standing.reason(),
              standing.message(),
              attempts));
    }

    /** The same under another phase. */
    Decision as(Phase phase) {
      return withStanding(
          new Standing(
              standing.assignment(),
              phase,
              standing.reason(),
              standing.message(),
              standing.attempts()));
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
