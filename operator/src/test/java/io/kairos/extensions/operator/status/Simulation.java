package io.kairos.extensions.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.ExtensionReference;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicySpec;
import io.kairos.extensions.api.v1alpha1.OnFailure;
import io.kairos.extensions.api.v1alpha1.Removal;
import io.kairos.extensions.api.v1alpha1.Rollout;
import io.kairos.extensions.api.v1alpha1.Wave;
import io.kairos.extensions.api.v1alpha1.Window;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Fleets;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Planner;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Everything at once: two operators that both believe they lead, with caches that lag and passes
 * cut off between any two writes; agents that are slow, fail, or repeat themselves; people who
 * change, pause, delete; Nodes that vanish and come again.
 */
final class Simulation {
  private static final int NODES = 6;
  private static final Duration DEADLINE =
      Duration.ofSeconds(Rollout.DEFAULT.progressDeadlineSeconds());
  static final List<String> POLICIES = List.of("p1", "p2", "p3");
  private static final List<OnFailure> CONSEQUENCES = List.of(OnFailure.values());
  private static final List<String> EXTENSIONS = List.of("x", "y", "z");
  static final Map<String, Integer> CAPS = Map.of("p1", 1, "p2", 2, "p3", 1);

  private final World world = new World();
  private final Map<String, ModelAgent> agents = new TreeMap<>();
  private final Set<String> bad = new HashSet<>();
  private ModelLeader one = new ModelLeader(world);
  private ModelLeader two = new ModelLeader(world);

  /** What may happen besides. */
  enum With {
    /** Time goes by for longer than deadlines last. */
    DEADLINES,
    /** Most versions fail wherever they are tried. */
    BAD_IMAGES,
    /** Waves that soak, windows, and whatever is to follow a halt. */
    PACES,
    /** A policy whose budget is exceeded goes back. */
    ROLLBACK
  }

  /** What is nobody's wish: leaders, agents and Nodes alone. */
  private static final List<Integer> CIRCUMSTANCES =
      IntStream.concat(IntStream.rangeClosed(0, 28), IntStream.of(35, 36, 38, 40)).boxed().toList();

  private final Set<With> with;

  Simulation(With... with) {
    this.with = Set.of(with);
    begin();
  }

  private void begin() {
    for (int i = 0; i < NODES; i++) {
      world.createNode("n" + i);
      agents.put("n" + i, new ModelAgent(world, "n" + i));
    }
    EXTENSIONS.forEach(name -> world.putExtension(name, "1"));
    if (with.contains(With.BAD_IMAGES)) {
      EXTENSIONS.forEach(name -> bad.addAll(Set.of(digest(name, 2), digest(name, 3))));
    }
    world.createPolicy("p1", spec("x"), CAPS.get("p1"));
    world.createPolicy("p2", spec("x", "y"), CAPS.get("p2"));
    one = new ModelLeader(world);
    two = new ModelLeader(world);
    if (with.contains(With.BAD_IMAGES)) {
      boolean moved = true;
      while (moved) {
        moved = passFairly();
        workFairly();
      }
      if (with.contains(With.ROLLBACK)) {
        Set.of("p1", "p2").forEach(name -> world.changePolicy(name, Simulation::goingBack));
        boolean unused = passFairly();
      }
      EXTENSIONS.forEach(name -> world.putExtension(name, "2"));
    }
  }

  private static NodeExtensionPolicySpec goingBack(NodeExtensionPolicySpec spec) {
    return spec.toBuilder()
        .rollout(spec.rollout().toBuilder().onFailure(OnFailure.ROLLBACK).build())
        .build();
  }

  private static NodeExtensionPolicySpec spec(String... extensions) {
    return NodeExtensionPolicySpec.builder()
        .extensions(Stream.of(extensions).map(ExtensionReference::byName).toList())
        .activation(Activation.LIVE)
        .build();
  }

  /** The names of all nodes that there may be. */
  Set<String> nodes() {
    return agents.keySet();
  }

  Set<String> disturbed(String policy) {
    Set<String> result = new HashSet<>();
    agents.forEach(
        (node, agent) -> {
          if (agent.isDisturbedBy(policy)) {
            result.add(node);
          }
        });
    return result;
  }

  private void act(int action, int choice) {
    String node = "n" + choice % NODES;
    ModelAgent agent = agents.get(node);
    String policy = POLICIES.get(choice % POLICIES.size());
    String extension = EXTENSIONS.get(choice % EXTENSIONS.size());
    int more = choice / NODES;
    switch (action) {
      case 0, 1, 2 -> pass(one, more);
      case 3 -> {
        if (with.contains(With.BAD_IMAGES)) {
          boolean unused = passFairly();
        } else {
          pass(one, more);
        }
      }
      case 4, 5 -> pass(two, more);
      case 6, 7, 8 -> one.write(choice);
      case 9, 10, 11 -> two.write(choice);
      case 12 -> one.writeAll();
      case 13 -> one.restart();
      case 14 -> two.restart();
      case 15, 16, 17, 18 -> agent.observe();
      case 19, 20, 21, 22 -> agent.work(more, bad::contains);
      case 23, 24, 25, 26 -> agent.report(false);
      case 27 -> agent.report(true);
      case 28 -> workFairly(agent);
      case 29 -> world.putExtension(extension, Integer.toString(1 + more % 3));
      case 30 -> fail(extension, more);
      case 31 -> world.changePolicy(policy, spec -> changed(spec, more));
      case 32 -> world.changePolicy(policy, spec -> spec.toBuilder().paused(more % 2 == 0).build());
      case 33 -> delete(policy, extension, more);
      case 34 ->
          world.createPolicy(policy, spec(extension, EXTENSIONS.get(more % 3)), CAPS.get(policy));
      case 35 -> world.change(node, more % 3 == 0 ? Fleets::unready : Simulation::fit);
      case 36 -> world.change(node, more % 3 == 0 ? Fleets::held : Simulation::fit);
      case 37 -> registerAnew(node, more);
      case 38 -> agent.boot();
      case 40, 41 -> timeGoesBy(more);
      case 42 -> world.retry(policy, "nonce-" + more % 5);
      case 43 -> {
        if (with.contains(With.PACES)) {
          world.changePolicy(policy, spec -> paced(spec, more));
        }
      }
      default -> world.change(node, n -> labelled(n, more % 2 == 0));
    }
  }

  /** A little, which no deadline minds; or a lot. */
  private void timeGoesBy(int choice) {
    boolean lasts = with.contains(With.DEADLINES) && choice % 3 == 0;
    world.pass(lasts ? DEADLINE.plusSeconds(1) : Duration.ofSeconds(choice % 10));
  }

  private static NodeExtensionPolicySpec paced(NodeExtensionPolicySpec spec, int choice) {
    Rollout.RolloutBuilder rollout = spec.rollout().toBuilder();
    switch (choice % 3) {
      case 0 ->
          rollout.waves(
              choice / 3 % 2 == 0
                  ? List.of()
                  : List.of(
                      Wave.builder()
                          .name("canary")
                          .nodesOrNull(new IntOrString(1))
                          .soakSeconds(choice / 6 % 2 * 20)
                          .build()));
      case 1 ->
          rollout.windows(
              choice / 3 % 2 == 0 ? List.of() : List.of(new Window("0 * * * *", 30, "UTC")));
      default -> rollout.onFailure(CONSEQUENCES.get(choice / 3 % CONSEQUENCES.size()));
    }
    return spec.toBuilder().rollout(rollout.build()).build();
  }

  private static void pass(ModelLeader leader, int choice) {
    leader.lag(choice);
    leader.plan();
    for (int i = 0; i < (choice >> 8) % 12; i++) {
      leader.write(choice >> i);
    }
  }

  private static String digest(String extension, int version) {
    return Fleets.digest(extension + version);
  }

  private void fail(String extension, int choice) {
    String digest = digest(extension, 1 + choice % 3);
    if (!bad.remove(digest)) {
      bad.add(digest);
    }
  }

  private void delete(String policy, String extension, int choice) {
    switch (choice % 4) {
      case 0 -> world.deleteExtension(extension);
      case 1 -> world.deletePolicy(policy);
      default -> {}
    }
  }

  private void registerAnew(String node, int choice) {
    if (!world.nodes.now().containsKey(node)) {
      world.createNode(node);
    } else if (choice % 8 == 4) {
      world.remove(world.nodes, node);
    } else if (choice % 8 == 0) {
      world.remove(world.nodes, node);
      if (choice % 16 == 0 && world.states.now().containsKey(node)) {
        world.remove(world.states, node); // a garbage collector is at work
      }
      world.createNode(node);
    }
  }

  private static NodeExtensionPolicySpec changed(NodeExtensionPolicySpec spec, int choice) {
    return switch (choice % 5) {
      case 0 -> spec.toBuilder().priority(choice / 5 % 2).build();
      case 1 ->
          spec.toBuilder()
              .activation(choice / 5 % 2 == 0 ? Activation.LIVE : Activation.NEXT_BOOT)
              .build();
      case 2 ->
          spec.toBuilder().removal(choice / 5 % 2 == 0 ? Removal.REMOVE : Removal.ORPHAN).build();
      case 3 ->
          spec.toBuilder()
              .extensions(List.of(ExtensionReference.byName(EXTENSIONS.get(choice / 5 % 3))))
              .build();
      default ->
          spec.toBuilder()
              .nodeSelector(
                  choice / 5 % 2 == 0
                      ? Fleets.selector("special", "yes")
                      : new io.fabric8.kubernetes.api.model.LabelSelector())
              .build();
    };
  }

  private static Node fit(Node node) {
    return node.toBuilder().ready(true).unreadySince(Instant.MAX).held(false).build();
  }

  private static Node labelled(Node node, boolean special) {
    return node.toBuilder().labels(special ? Map.of("special", "yes") : Map.of()).build();
  }

  private void workFairly(ModelAgent agent) {
    agent.observe();
    for (int i = 0; i < 5 * EXTENSIONS.size(); i++) {
      agent.work(i, bad::contains);
    }
    agent.report(false);
  }

  void endFaults() {
    bad.clear();
    for (String node : agents.keySet()) {
      world.change(node, Simulation::fit);
    }
    for (String policy : POLICIES) {
      world.changePolicy(policy, spec -> spec.toBuilder().paused(false).build());
      world.retry(policy, "once faults have ended");
    }
    one.restart();
  }

  /** A step of a schedule in which nobody changes his mind. */
  void actWithoutPeople(int step) {
    act(CIRCUMSTANCES.get(step % CIRCUMSTANCES.size()), step / CIRCUMSTANCES.size());
  }

  /** Nodes serve, and one operator leads; what is bad stays bad. */
  void calmDown() {
    agents.keySet().forEach(node -> world.change(node, Simulation::fit));
    one.restart();
  }

  /** What is on each host in truth. */
  Map<String, Map<ExtensionKey, String>> images() {
    Map<String, Map<ExtensionKey, String>> images = new TreeMap<>();
    agents.forEach((node, agent) -> images.put(node, agent.images()));
    return images;
  }

  /** The policies that go back, or have gone. */
  Set<String> rolledBack() {
    return world.policies.now().entrySet().stream()
        .filter(one -> !one.getValue().value().status().rollout().rollbackTo().isEmpty())
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  /** A step of the schedule. */
  void act(int step) {
    act(step % 44, step / 44);
  }

  /**
   * One operator that sees everything does a whole pass; says whether there was something to do.
   */
  boolean passFairly() {
    one.catchUp();
    int writes = one.plan();
    one.writeAll();
    return world.acknowledgeRemovals() || writes > 0;
  }

  /**
   * Time goes by until the clock alone makes something happen, if it ever does. Nodes boot
   * meanwhile: a canary that is linked for the next boot does not soak before.
   */
  void awaitClock() {
    agents.values().forEach(ModelAgent::boot);
    one.due().ifPresent(time -> world.pass(Duration.between(world.time(), time)));
  }

  /** All agents do all they are told. */
  void workFairly() {
    agents.values().forEach(this::workFairly);
  }

  /** Pauses the first policy, and lets an operator anew finish what it finds admitted. */
  void pauseFirst() {
    world.changePolicy("p1", spec -> spec.toBuilder().paused(true).build());
    for (int i = 0; i < 5; i++) {
      one.restart();
      passFairly();
    }
  }

  /** What a node has been told of a policy, as far as its host has to do with it. */
  Set<List<Object>> told(String node, String policy) {
    Set<List<Object>> result = new HashSet<>();
    Optional.ofNullable(world.states.now().get(node)).stream()
        .flatMap(stored -> stored.value().spec().assignments().stream())
        .filter(assignment -> assignment.policy().equals(policy))
        .forEach(
            assignment ->
                result.add(
                    List.of(
                        assignment.key(),
                        assignment.remove(),
                        assignment.target().image().sha256(),
                        assignment.target().profiles(),
                        assignment.target().activation())));
    return result;
  }

  /**
   * For each policy that is halted, and does not go back instead or go on all the same, by its uid,
   * attempt and revision: whom it is admitting.
   */
  Map<String, Set<String>> admittingWhileHalted() {
    Map<String, Set<String>> result = new TreeMap<>();
    world
        .policies
        .now()
        .values()
        .forEach(
            stored -> {
              Policy policy = stored.value();
              var rollout = policy.status().rollout();
              boolean halts =
                  !rollout.halted().isEmpty()
                      && rollout.rollbackTo().isEmpty()
                      && policy.spec().rollout().onFailure() != OnFailure.CONTINUE;
              if (halts && !policy.deleting()) {
                result.put(
                    policy.uid() + " " + policy.status().observedRetry() + " " + rollout.halted(),
                    Set.copyOf(rollout.admitting()));
              }
            });
    return result;
  }

  /** Whether the first policy is there to stay. */
  boolean isFirstStaying() {
    return world.policies.now().containsKey("p1")
        && !world.policies.now().get("p1").value().deleting();
  }

  /** Without what only its admission says. */
  private static Assignment asPlanned(Assignment assignment) {
    return assignment.toBuilder().wave("").attempt("").admittedTime("").build();
  }

  void assertConverged() {
    FleetSnapshot fleet =
        FleetSnapshot.of(
            world.policies.now().values().stream().map(World.Stored::value).toList(),
            world.extensions.now().values().stream().map(World.Stored::value).toList(),
            world.nodes.now().values().stream().map(World.Stored::value).toList(),
            world.states.now().values().stream().map(World.Stored::value).toList());
    Plan plan = Planner.plan(fleet);
    assertThat(fleet.policies().values()).noneMatch(Policy::deleting);
    assertThat(fleet.extensions().values()).noneMatch(FleetSnapshot.Extension::deleting);
    for (Node node : fleet.nodes().values()) {
      List<Assignment> present =
          fleet.state(node.name()).orElseThrow().spec().assignments().stream()
              .map(Simulation::asPlanned)
              .toList();
      assertThat(present)
          .as("%s: %s", node.name(), fleet.policies().values())
          .containsExactlyInAnyOrderElementsOf(plan.nodes().get(node.name()).wanted().values());
      assertThat(agents.get(node.name()).onHost())
          .containsAll(present.stream().map(Assignment::key).toList());
    }
    fleet
        .policies()
        .forEach(
            (name, policy) -> {
              if (plan.policies().get(name).problems().isEmpty()) {
                assertThat(Conditions.find(policy.status().conditions(), Conditions.READY))
                    .as(name)
                    .hasValueSatisfying(
                        ready -> assertThat(ready.getStatus()).isEqualTo(Conditions.TRUE));
              }
              assertThat(policy.status().unavailable()).as(name).isZero();
            });
  }
}
