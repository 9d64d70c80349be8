package io.kairos.extensions.operator.drain;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Drain;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Rollout;
import io.kairos.extensions.api.v1alpha1.Target;
import io.kairos.extensions.api.v1alpha1.Window;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Cordon;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Pod;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Fleets;
import io.kairos.extensions.operator.rollout.Agenda;
import io.kairos.extensions.operator.rollout.Decisions;
import io.kairos.extensions.operator.rollout.Decisions.PolicyDecision;
import io.kairos.extensions.operator.rollout.Standing;
import io.kairos.extensions.operator.rollout.Write;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * Nodes with pods, their agents, people, and operators whose passes may be cut off or overtaken
 * between any two writes. Each write is checked against what must never be done.
 */
final class DrainWorld {
  static final String POLICY = "p";
  static final int DEADLINE = 600;

  final Map<String, Node> nodes = new TreeMap<>();
  final Map<String, State> states = new TreeMap<>();
  final Map<String, List<Pod>> pods = new HashMap<>();
  private final Map<String, Long> nodeVersions = new HashMap<>();
  private final Map<String, Long> stateVersions = new HashMap<>();
  private final Map<String, Boolean> cordonedByPerson = new HashMap<>();
  private final Map<String, Boolean> uncordonedByPerson = new HashMap<>();
  private final Map<String, NodeExtensionStateSpec> seen = new HashMap<>();
  private final Map<String, Long> seenGeneration = new HashMap<>();
  private final NavigableSet<String> protectedPods = new TreeSet<>();

  Policy policy;
  Instant now = Fleets.NOW;
  boolean rebootsAreRefused;
  int cap = 10;
  int boots;
  private long versions;

  DrainWorld(Activation activation, Drain drain, String... names) {
    policy =
        Fleets.with(
            Fleets.policy(POLICY, "x"),
            spec ->
                spec.activation(activation)
                    .rollout(
                        Rollout.builder().progressDeadlineSeconds(DEADLINE).drain(drain).build()));
    for (String name : names) {
      put(Fleets.node(name));
      Target target =
          Target.builder()
              .revision("v1-a")
              .version("1")
              .image(new Target.ResolvedImage("https://example.org/x", Fleets.digest("x")))
              .profiles(List.of(Profile.ACTIVE))
              .activation(activation)
              .afterDrain(activation == Activation.LIVE)
              .build();
      put(
          Fleets.state(
              nodes.get(name),
              new Assignment(ExtensionType.SYSEXT, "x", "x", POLICY, target, false)));
      pods.put(name, new ArrayList<>(List.of(pod(name, "web"), pod(name, "db"))));
      boot(name);
      report(
          name,
          activation == Activation.LIVE ? Phase.STAGED : Phase.PENDING_REBOOT,
          activation == Activation.LIVE ? "AwaitingDrain" : "LinkedForNextBoot");
    }
  }

  void windows(Window... windows) {
    policy =
        Fleets.with(
            policy,
            spec ->
                spec.rollout(
                    policy.spec().rollout().toBuilder().windows(List.of(windows)).build()));
  }

  static Pod pod(String node, String name) {
    String full = name + "-" + node;
    return new Pod(
        "default",
        full,
        "uid-" + full,
        "Running",
        "ReplicaSet",
        false,
        Optional.empty(),
        false,
        Optional.empty());
  }

  private void put(Node node) {
    nodes.put(node.name(), node);
    nodeVersions.put(node.name(), ++versions);
  }

  private void put(State state) {
    states.put(state.node(), state);
    stateVersions.put(state.node(), ++versions);
  }

  // What people do.

  void change(String name, UnaryOperator<Node> change) {
    put(change.apply(nodes.get(name)));
  }

  /** As kubectl does: one that is cordoned already is left alone. */
  void personCordons(String name) {
    Cordon before = nodes.get(name).cordon();
    if (!before.isUnschedulable()) {
      cordonedByPerson.put(name, true);
      change(
          name,
          n -> n.toBuilder().cordon(before.isMarked() ? Cordon.TAKEN_OVER : Cordon.THEIRS).build());
    }
  }

  void personUncordons(String name) {
    Cordon before = nodes.get(name).cordon();
    if (before.isUnschedulable()) {
      cordonedByPerson.remove(name);
      uncordonedByPerson.put(name, true);
      change(
          name, n -> n.toBuilder().cordon(before.isMarked() ? Cordon.UNDONE : Cordon.NONE).build());
    }
  }

  void protect(String pod, boolean isProtected) {
    if (isProtected) {
      protectedPods.add(pod);
    } else {
      protectedPods.remove(pod);
    }
  }

  void pause(boolean paused) {
    policy = Fleets.with(policy, spec -> spec.paused(paused));
  }

  void halt(String revision) {
    policy =
        Fleets.with(
            policy,
            policy.status().toBuilder()
                .rollout(RolloutStatus.builder().halted(revision).build())
                .build());
  }

  /** The policy has what waits on a node tried once more. */
  void admitAgain(String name) {
    State state = states.get(name);
    List<Assignment> again =
        state.spec().assignments().stream()
            .map(one -> one.toBuilder().admittedTime(now.toString()).build())
            .toList();
    put(
        state.toBuilder()
            .generation(state.generation() + 1)
            .boundGeneration(state.generation() + 1)
            .spec(new NodeExtensionStateSpec(again, state.spec().maintenance()))
            .build());
  }

  void pass(long seconds) {
    now = now.plusSeconds(seconds);
    states.keySet().forEach(this::observe); // an agent that reaches the API is never that late
  }

  // What agents do.

  private void boot(String name) {
    boots++;
    State state = states.get(name);
    put(
        state.toBuilder()
            .status(
                state.status().toBuilder()
                    .host(HostStatus.UNKNOWN.toBuilder().bootId("boot-" + boots).build())
                    .build())
            .build());
  }

  void observe(String name) {
    State state = states.get(name);
    seen.put(name, state.spec());
    seenGeneration.put(name, state.generation());
  }

  void report(String name, Phase phase, String reason) {
    observe(name);
    reportSeen(name, phase, reason);
  }

  private void reportSeen(String name, Phase phase, String reason) {
    State state = states.get(name);
    NodeExtensionStateStatus status =
        state.status().toBuilder()
            .observedGeneration(seenGeneration.get(name))
            .extensions(
                List.of(
                    ExtensionStatus.builder()
                        .type(ExtensionType.SYSEXT)
                        .name("x")
                        .phase(phase)
                        .reason(reason)
                        .revision("v1-a")
                        .soaked(phase == Phase.ACTIVE)
                        .build()))
            .build();
    put(state.toBuilder().status(status).build());
  }

  Phase phase(String name) {
    return states.get(name).status().extensions().get(0).phase();
  }

  /** Does what it has seen that it may, and reports. */
  void act(String name) {
    Optional<Maintenance> grant =
        seen.get(name).maintenance().stream()
            .filter(Maintenance::isGrant)
            .filter(one -> one.bootId().equals(states.get(name).status().host().bootId()))
            .findFirst();
    Phase phase = phase(name);
    boolean waits = phase == Phase.PENDING_REBOOT || phase == Phase.STAGED;
    if (grant.isEmpty() || !waits || (phase == Phase.PENDING_REBOOT && rebootsAreRefused)) {
      reportSeen(name, phase, states.get(name).status().extensions().get(0).reason());
      return;
    }
    assertThat(nodes.get(name).cordon().isUnschedulable() || uncordonedByPerson.containsKey(name))
        .as("%s is disturbed while it is cordoned", name)
        .isTrue();
    if (phase == Phase.PENDING_REBOOT) {
      boot(name);
    }
    reportSeen(name, Phase.ACTIVE, "Merged");
  }

  // What operators do.

  /** An operator that believes it leads. */
  final class Leader {
    private Agenda agenda = new Agenda(List.of());
    private Map<String, Long> nodesRead = Map.of();
    private Map<String, Long> statesRead = Map.of();

    /** Plans a pass on what is there now; whatever was left of the last one is dropped. */
    int plan() {
      nodesRead = new HashMap<>(nodeVersions);
      statesRead = new HashMap<>(stateVersions);
      FleetSnapshot fleet =
          FleetSnapshot.of(List.of(policy), List.of(), nodes.values(), states.values());
      Map<String, List<Pod>> seenPods = new HashMap<>();
      Drains.draining(fleet).forEach(name -> seenPods.put(name, List.copyOf(pods.get(name))));
      List<Write> writes = Drains.decide(fleet.withPods(seenPods), decisions(fleet), now).writes();
      agenda = new Agenda(writes);
      return writes.size();
    }

    boolean isBusy() {
      return !agenda.isOver();
    }

    void write(int choice) {
      List<Write> ready = agenda.ready();
      if (ready.isEmpty()) {
        return;
      }
      Write next = ready.get(choice % ready.size());
      if (done(next)) {
        agenda.done(next);
      } else {
        agenda.outdated(next);
      }
    }

    void writeAll() {
      while (isBusy()) {
        write(0);
      }
    }

    private boolean done(Write write) {
      if (write instanceof Write.Maintain maintain) {
        if (!stateVersions.get(maintain.node()).equals(statesRead.get(maintain.node()))) {
          return false;
        }
        State state = states.get(maintain.node());
        put(
            state.toBuilder()
                .generation(state.generation() + 1)
                .boundGeneration(state.generation() + 1)
                .spec(
                    new NodeExtensionStateSpec(state.spec().assignments(), maintain.maintenance()))
                .build());
        statesRead.put(maintain.node(), stateVersions.get(maintain.node()));
      } else if (write instanceof Write.Cordon cordon) {
        if (!nodeVersions.get(cordon.node()).equals(nodesRead.get(cordon.node()))) {
          return false;
        }
        uncordonedByPerson.remove(cordon.node());
        change(cordon.node(), n -> n.toBuilder().cordon(Cordon.OURS).build());
        nodesRead.put(cordon.node(), nodeVersions.get(cordon.node()));
      } else if (write instanceof Write.Uncordon uncordon) {
        if (!nodeVersions.get(uncordon.node()).equals(nodesRead.get(uncordon.node()))) {
          return false;
        }
        uncordon(uncordon);
        nodesRead.put(uncordon.node(), nodeVersions.get(uncordon.node()));
      } else if (write instanceof Write.Evict evict) {
        if (!protectedPods.contains(evict.pod().name())) {
          pods.get(evict.node()).removeIf(pod -> pod.uid().equals(evict.pod().uid()));
        }
      } else if (write instanceof Write.DeletePod delete) {
        assertThat(policy.spec().rollout().drain().onTimeout())
            .as("only force deletes")
            .isEqualTo(Drain.OnTimeout.FORCE);
        pods.get(delete.node()).removeIf(pod -> pod.uid().equals(delete.pod().uid()));
      } else {
        throw new AssertionError("unexpected " + write);
      }
      return true;
    }
  }

  private void uncordon(Write.Uncordon write) {
    Cordon before = nodes.get(write.node()).cordon();
    if (write.schedulable()) {
      assertThat(cordonedByPerson)
          .as("a person's cordon is not undone")
          .doesNotContainKey(write.node());
      change(write.node(), n -> n.toBuilder().cordon(Cordon.NONE).build());
    } else {
      change(
          write.node(),
          n ->
              n.toBuilder().cordon(before.isUnschedulable() ? Cordon.THEIRS : Cordon.NONE).build());
    }
  }

  private Decisions decisions(FleetSnapshot fleet) {
    NavigableSet<String> slots = new TreeSet<>();
    for (State state : fleet.states().values()) {
      boolean working =
          state.spec().assignments().stream()
              .anyMatch(assignment -> Standing.of(state, assignment) == Standing.WORKING);
      if (working || !fleet.nodes().get(state.node()).isAvailable()) {
        slots.add(state.node());
      }
    }
    TreeMap<String, PolicyDecision> decisions = new TreeMap<>();
    decisions.put(
        POLICY,
        new PolicyDecision(
            RolloutStatus.EMPTY,
            "",
            false,
            false,
            cap,
            slots,
            new TreeSet<>(),
            true,
            Optional.empty(),
            Optional.empty(),
            new TreeMap<>()));
    return new Decisions(decisions, List.of());
  }

  /** What the maintenance of a node is at, if there is one. */
  Optional<Maintenance> maintenance(String name) {
    return states.get(name).spec().maintenance(POLICY);
  }

  /** Passes and turns of agents, as many as a drain takes that nothing holds up. */
  void settleBut(Leader leader) {
    for (int i = 0; i < 12; i++) {
      int unused = leader.plan();
      leader.writeAll();
      states.keySet().forEach(this::observe);
      states.keySet().forEach(this::act);
    }
  }

  /** Passes and turns of agents until nothing changes any more. */
  void settle(Leader leader) {
    for (int i = 0; i < 60; i++) {
      int unused = leader.plan();
      leader.writeAll();
      states.keySet().forEach(this::observe);
      states.keySet().forEach(this::act);
    }
    assertThat(leader.plan()).as("nothing is left to write").isZero();
  }
}
