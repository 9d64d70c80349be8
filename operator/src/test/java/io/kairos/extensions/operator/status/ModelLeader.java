package io.kairos.extensions.operator.status;

import io.kairos.extensions.operator.plan.Circumstances;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.StoredRevision;
import io.kairos.extensions.operator.rollout.Agenda;
import io.kairos.extensions.operator.rollout.ObjectEvent;
import io.kairos.extensions.operator.rollout.Write;
import io.kairos.extensions.operator.status.World.Kind;
import io.kairos.extensions.operator.status.World.Stored;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An operator that believes it leads: caches that lag, each on its own; a pass whose writes are
 * done one by one, with anything in between.
 */
final class ModelLeader {
  private final World world;
  private int policyTime;
  private int extensionTime;
  private int nodeTime;
  private int stateTime;
  private int revisionTime;

  private Agenda agenda = new Agenda(List.of());
  private final Map<String, Long> policyVersions = new HashMap<>();
  private final Map<String, Long> extensionVersions = new HashMap<>();
  private Map<String, Stored<State>> statesRead = Map.of();
  private Map<String, Stored<Policy>> policiesRead = Map.of();
  private Map<String, Stored<StoredRevision>> revisionsRead = Map.of();
  private final Map<String, Long> ownUpTo = new HashMap<>();

  private Optional<Instant> due = Optional.empty();

  /** What people were told, in order: policy, reason, note. */
  final List<String> told = new ArrayList<>();

  ModelLeader(World world) {
    this.world = world;
    catchUp();
  }

  /** A new process: nothing remembered, caches freshly listed. */
  void restart() {
    agenda = new Agenda(List.of());
    ownUpTo.clear();
    catchUp();
  }

  void catchUp() {
    policyTime = world.policies.time();
    extensionTime = world.extensions.time();
    nodeTime = world.nodes.time();
    stateTime = world.states.time();
    revisionTime = world.revisions.time();
  }

  /** Only the caches of what people write see what happened; that of the states does not. */
  void catchUpButStates() {
    int states = stateTime;
    catchUp();
    stateTime = states;
  }

  /** Only the cache of the policies does not see what happened. */
  void catchUpButPolicies() {
    int policies = policyTime;
    catchUp();
    policyTime = policies;
  }

  /** Some of the caches see some of what happened. */
  void lag(int choice) {
    policyTime += (world.policies.time() - policyTime) * (choice & 3) / 3;
    extensionTime += (world.extensions.time() - extensionTime) * (choice >> 2 & 3) / 3;
    nodeTime += (world.nodes.time() - nodeTime) * (choice >> 4 & 3) / 3;
    stateTime += (world.states.time() - stateTime) * (choice >> 6 & 3) / 3;
    revisionTime += (world.revisions.time() - revisionTime) * (choice >> 8 & 3) / 3;
  }

  /** Starts a pass on what its caches show; whatever was left of the last one is dropped. */
  int plan() {
    policyVersions.clear();
    extensionVersions.clear();
    Map<String, Stored<Policy>> policies = world.policies.at(policyTime);
    Map<String, Stored<Extension>> extensions = world.extensions.at(extensionTime);
    statesRead = world.states.at(stateTime);
    policiesRead = policies;
    revisionsRead = world.revisions.at(revisionTime);
    policies.forEach((name, policy) -> policyVersions.put(name, policy.version()));
    extensions.forEach((name, extension) -> extensionVersions.put(name, extension.version()));
    FleetPass.Outcome outcome =
        FleetPass.of(
            FleetSnapshot.of(
                    values(policies),
                    values(extensions),
                    values(world.nodes.at(nodeTime)),
                    values(statesRead))
                .withRevisions(values(revisionsRead)),
            Circumstances.at(world.time()));
    agenda = new Agenda(outcome.writes());
    due = outcome.lookAgain();
    return outcome.writes().size();
  }

  /** When the clock alone makes another pass due, as the last one had it. */
  Optional<Instant> due() {
    return due;
  }

  private static <T> Collection<T> values(Map<String, Stored<T>> objects) {
    return objects.values().stream().map(Stored::value).toList();
  }

  /** Does the next write of the pass. */
  void write() {
    write(0);
  }

  /** Does one of those that may be done next. */
  void write(int choice) {
    List<Write> ready = agenda.ready();
    if (ready.isEmpty()) {
      return;
    }
    Write next = ready.get(choice % ready.size());
    try {
      write(next);
      agenda.done(next);
    } catch (World.Conflict e) {
      agenda.outdated(next);
    }
  }

  /** Does the writes of the pass up to, and without, the first to a state's spec. */
  void writeUpToNodes() {
    while (agenda.ready().stream().anyMatch(write -> !(write instanceof Write.UpdateState))) {
      write();
    }
  }

  /** Whether the pass has writes left. */
  boolean isBusy() {
    return !agenda.isOver();
  }

  void writeAll() {
    while (isBusy()) {
      write();
    }
  }

  private void write(Write write) {
    if (write instanceof Write.AddFinalizer add) {
      finalizer(add.kind(), add.name(), true);
    } else if (write instanceof Write.RemoveFinalizer remove) {
      finalizer(remove.kind(), remove.name(), false);
    } else if (write instanceof Write.ConfirmGone gone) {
      Kind<?> kind =
          switch (gone.kind()) {
            case POLICY -> world.policies;
            case EXTENSION -> world.extensions;
            case NODE -> world.nodes;
          };
      if (kind.now().containsKey(gone.name())) {
        throw new World.Conflict();
      }
    } else if (write instanceof Write.ConfirmPolicyGone gone) {
      if (world.policies.now().containsKey(gone.name())
          && world.policies.now().get(gone.name()).value().uid().equals(gone.uid())) {
        throw new World.Conflict();
      }
    } else if (write instanceof Write.ConfirmStates confirm) {
      confirmStates(confirm);
    } else if (write instanceof Write.StoreRevision store) {
      world.storeRevision(policiesRead.get(store.policy()).value().uid(), store);
    } else if (write instanceof Write.LabelNode labels) {
      world.label(labels);
    } else if (write instanceof Write.RenumberRevision renumber) {
      world.renumberRevision(
          renumber.object(), revisionsRead.get(renumber.object()).version(), renumber.number());
    } else if (write instanceof Write.DropRevision drop) {
      world.dropRevision(drop.object(), revisionsRead.get(drop.object()).version());
    } else if (write instanceof Write.CreateState create) {
      world.createState(create.node(), create.nodeUid());
    } else if (write instanceof Write.DeleteState delete) {
      world.deleteState(delete.node(), statesRead.get(delete.node()).version());
    } else if (write instanceof Write.UpdateState update) {
      world.updateState(
          update.node(),
          statesRead.get(update.node()).version(),
          update.assignments(),
          update.upcoming(),
          update.admissions(),
          update.binding());
    } else if (write instanceof Write.PolicyStatus status) {
      policyWritten(
          status.policy(),
          world.policyStatus(
              status.policy(), policyVersions.get(status.policy()), status.status()));
    } else if (write instanceof Write.Tell tell) {
      ObjectEvent event = tell.event();
      told.add(
          "%s %s%s: %s"
              .formatted(tell.policy(), event.reason(), event.warning() ? "!" : "", event.note()));
    } else if (write instanceof Write.ExtensionStatus status) {
      extensionVersions.put(
          status.extension(),
          world.extensionStatus(
              status.extension(), extensionVersions.get(status.extension()), status.status()));
    }
  }

  private void finalizer(Write.Kind kind, String name, boolean present) {
    if (kind == Write.Kind.POLICY) {
      policyWritten(name, world.policyFinalizer(name, policyVersions.get(name), present));
    } else {
      extensionVersions.put(
          name, world.extensionFinalizer(name, extensionVersions.get(name), present));
    }
  }

  private void policyWritten(String name, long version) {
    if (policyVersions.get(name).equals(ownUpTo.get(name))) {
      ownUpTo.put(name, version);
    }
    policyVersions.put(name, version);
  }

  private void confirmStates(Write.ConfirmStates confirm) {
    if (policyVersions.get(confirm.policy()).equals(ownUpTo.get(confirm.policy()))) {
      return;
    }
    world
        .states
        .now()
        .forEach(
            (node, now) -> {
              Stored<State> read = statesRead.get(node);
              if (read == null
                  || !read.value().uid().equals(now.value().uid())
                  || read.value().generation() != now.value().generation()
                  || !read.value().admissions().equals(now.value().admissions())) {
                throw new World.Conflict();
              }
            });
    ownUpTo.putAll(policyVersions);
  }
}
