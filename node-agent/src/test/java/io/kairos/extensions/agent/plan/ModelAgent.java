package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/** The agent's loop on a {@link ModelHost}: plans, acts, judges, and notes what it did. */
public final class ModelAgent {
  private static final String SALT = "node";
  private static final int MOST_ROUNDS = 200;

  /** The host. */
  public final ModelHost host;

  /** Everything that was done, in order. */
  public final List<Action> done = new ArrayList<>();

  private final Map<String, Assignment> wanted = new HashMap<>();
  private List<Assignment> upcoming = List.of();
  private Memory memory = Memory.EMPTY;
  private Optional<Assignment> inWork = Optional.empty();
  private Function<Assignment, Staged> stager =
      assignment -> new Staged.Ready(false, Optional.empty());
  private Elsewhere elsewhere = Elsewhere.NOTHING;
  private final List<Proving> provings = new ArrayList<>();
  private Function<Proving, Proved> prover = proving -> new Proved.Passed();
  private Grants grants = Grants.NONE;
  private long nowMillis = 1_000_000;

  /** An agent that has just started. */
  public ModelAgent(ModelHost host) {
    this.host = host;
  }

  /** What shall be from now on, beside what was wanted before under other names. */
  public ModelAgent want(Assignment... assignments) {
    Arrays.stream(assignments).forEach(a -> wanted.put(a.name(), a));
    return this;
  }

  /** A tombstone takes the place of what was wanted under a name. */
  public ModelAgent remove(String name) {
    wanted.computeIfPresent(name, (n, assignment) -> assignment.tombstone());
    return this;
  }

  /** The assignment of a name is gone without a tombstone. */
  public ModelAgent forget(String name) {
    wanted.remove(name);
    return this;
  }

  /** This is to come, of which nothing is assigned. */
  ModelAgent upcoming(Assignment... assignments) {
    upcoming = List.of(assignments);
    return this;
  }

  private Desired desired() {
    return new Desired(wanted(), upcoming);
  }

  /** All assignments. */
  public List<Assignment> wanted() {
    return List.copyOf(wanted.values());
  }

  /** What other classes are on the host, from now on. */
  public ModelAgent elsewhere(Elsewhere others) {
    elsewhere = others;
    return this;
  }

  /** Whether a plan of now reboots the host. */
  public boolean isRebootDue() {
    return isRebootDue(plan());
  }

  /** Whether a plan reboots the host. */
  public boolean isRebootDue(Plan plan) {
    return Planner.isRebootDue(List.of(plan), grants);
  }

  /** What comes of staging, from now on. */
  public ModelAgent staging(Function<Assignment, Staged> outcome) {
    stager = outcome;
    return this;
  }

  /** What comes of proofs, from now on. */
  public ModelAgent proving(Function<Proving, Proved> outcome) {
    prover = outcome;
    return this;
  }

  /** What may disturb the node, from now on. */
  public ModelAgent granting(Grants granted) {
    grants = granted;
    return this;
  }

  /** Time goes by. */
  public ModelAgent pass(long millis) {
    nowMillis += millis;
    return this;
  }

  /** Time goes by until then. */
  public void passUntil(long millis) {
    nowMillis = Math.max(nowMillis + 1, millis);
  }

  /** What it remembers. */
  public Memory memory() {
    return memory;
  }

  /** Plans for what the host shows now, and takes the plan's image into work. */
  public Plan plan() {
    HostView view = host.view();
    memory = memory.observed(desired(), view, nowMillis);
    Plan plan = Planner.plan(desired(), elsewhere, view, memory, grants, nowMillis);
    if (plan.preempt()) {
      inWork = Optional.empty();
      memory = memory.withStaging(Optional.empty());
      plan = Planner.plan(desired(), elsewhere, view, memory, grants, nowMillis);
    }
    if (plan.stage().isPresent()) {
      inWork = plan.stage();
      memory = memory.begun(Memory.use(inWork.orElseThrow()));
      plan = Planner.plan(desired(), elsewhere, view, memory, grants, nowMillis);
    }
    memory = memory.suspecting(plan.waiting());
    for (Proving proving : plan.prove()) {
      String name = proving.assignment().name();
      Proof.begun(Optional.ofNullable(view.proofs().get(name)), proving)
          .ifPresent(proof -> host.proof(name, proof));
      memory = memory.proving(proving.assignment());
      provings.add(proving);
    }
    return plan;
  }

  /** The proofs that run are done, or given up where something else is wanted by now. */
  public void finishProofs() {
    for (Proving proving : List.copyOf(provings)) {
      provings.remove(proving);
      HostView view = host.view();
      String name = proving.assignment().name();
      Proved outcome =
          proving.assignment().equals(wanted.get(name))
              ? prover.apply(proving)
              : new Proved.Abandoned();
      if (view.isMerged(name, proving.image())) {
        Proof.ended(Optional.ofNullable(view.proofs().get(name)), proving, outcome)
            .ifPresent(proof -> host.proof(name, proof));
      }
      boolean good = view.name(name).wasGood(proving.image());
      memory = memory.proved(proving, outcome, good, nowMillis, SALT);
    }
  }

  /** The image in work is done, if there is one. */
  public void finishStaging() {
    if (inWork.isPresent()) {
      Assignment assignment = inWork.orElseThrow();
      Staged outcome = stager.apply(assignment);
      if (outcome instanceof Staged.Ready) {
        host.image(assignment.target().image().sha256());
      }
      memory = memory.finished(assignment, outcome, nowMillis, SALT);
      inWork = Optional.empty();
    }
  }

  /** The process dies: everything that was only remembered is gone. */
  public void crash() {
    inWork.ifPresent(
        assignment -> host.stray("staging/" + assignment.target().image().sha256() + ".part"));
    inWork = Optional.empty();
    provings.clear();
    memory = Memory.EMPTY;
  }

  /** The host's power goes, and the agent's with it. */
  public void powerCut() {
    crash();
    host.boot();
  }

  /** One action. */
  public void act(Action action) {
    done.add(action);
    if (action instanceof Action.Refresh refresh) {
      boolean merged = host.refresh();
      memory =
          memory.refreshed(
              refresh,
              wanted(),
              host.view(),
              merged ? "nothing was said" : "an image is bad",
              nowMillis,
              SALT);
    } else {
      host.apply(action);
    }
  }

  /**
   * One round: plan and act.
   *
   * @return the plan
   */
  public Plan round() {
    Plan plan = plan();
    plan.actions().forEach(this::act);
    return plan;
  }

  /** Rounds until a plan has nothing to do now; time stands still. */
  public Plan settle() {
    return settle(plan -> false);
  }

  /** Rounds until a plan has nothing to do at any time; waits as long as plans ask for. */
  public Plan settleForGood() {
    return settle(
        plan -> {
          if (plan.wakeAtMillis().isEmpty()) {
            return false;
          }
          passUntil(plan.wakeAtMillis().getAsLong());
          return true;
        });
  }

  /** Rounds until a plan has nothing to do, unless waiting makes another one worth while. */
  public Plan settle(Predicate<Plan> waiting) {
    for (int i = 0; i < MOST_ROUNDS; i++) {
      Plan plan = round();
      boolean busy = inWork.isPresent() || !provings.isEmpty();
      finishStaging();
      finishProofs();
      if (plan.actions().isEmpty() && !busy && !waiting.test(plan)) {
        return plan;
      }
    }
    throw new AssertionError(
        "not converged after "
            + MOST_ROUNDS
            + " rounds; the last steps: "
            + done.subList(Math.max(0, done.size() - 24), done.size())
            + "\nlast plan "
            + plan());
  }

  /** Where a name stands. */
  public Standing standing(String name) {
    return standing(plan(), name);
  }

  /** Where a name stands in a plan. */
  public static Standing standing(Plan plan, String name) {
    return plan.standings().stream()
        .filter(standing -> standing.assignment().name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** The phase of a name. */
  public Phase phase(String name) {
    return standing(name).phase();
  }

  /** What was done since this was last asked. */
  public List<Action> news() {
    List<Action> news = List.copyOf(done);
    done.clear();
    return news;
  }
}
