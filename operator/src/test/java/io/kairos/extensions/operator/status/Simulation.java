package io.kairos.extensions.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.ExtensionReference;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicySpec;
import io.kairos.extensions.api.v1alpha1.Removal;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Fleets;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Planner;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Everything at once: two operators that both believe they lead, with caches that lag and passes
 * cut off between any two writes; agents that are slow, fail, or repeat themselves; people who
 * change, pause, delete; Nodes that vanish and come again.
 */
final class Simulation {
  private static final int NODES = 6;
  static final List<String> POLICIES = List.of("p1", "p2", "p3");
  private static final List<String> EXTENSIONS = List.of("x", "y", "z");
  static final Map<String, Integer> CAPS = Map.of("p1", 1, "p2", 2, "p3", 1);

  private final World world = new World();
  private final Map<String, ModelAgent> agents = new TreeMap<>();
  private final Set<String> bad = new HashSet<>();
  private ModelLeader one = new ModelLeader(world);
  private ModelLeader two = new ModelLeader(world);

  Simulation() {
    begin();
  }

  private void begin() {
    for (int i = 0; i < NODES; i++) {
      world.createNode("n" + i);
      agents.put("n" + i, new ModelAgent(world, "n" + i));
    }
    EXTENSIONS.forEach(name -> world.putExtension(name, "1"));
    world.createPolicy("p1", spec("x"), CAPS.get("p1"));
    world.createPolicy("p2", spec("x", "y"), CAPS.get("p2"));
    one = new ModelLeader(world);
    two = new ModelLeader(world);
  }

  private static NodeExtensionPolicySpec spec(String... extensions) {
    return NodeExtensionPolicySpec.builder()
        .extensions(Stream.of(extensions).map(ExtensionReference::byName).toList())
        .activation(Activation.LIVE)
        .build();
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
      case 0, 1, 2, 3 -> pass(one, more);
      case 4, 5 -> pass(two, more);
      case 6, 7, 8 -> one.write();
      case 9, 10, 11 -> two.write();
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
      default -> world.change(node, n -> labelled(n, more % 2 == 0));
    }
  }

  private static void pass(ModelLeader leader, int choice) {
    leader.lag(choice);
    leader.plan();
    for (int i = 0; i < (choice >> 8) % 12; i++) {
      leader.write();
    }
  }

  private void fail(String extension, int choice) {
    String digest = Fleets.digest(extension + (1 + choice % 3));
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
    return new Node(
        node.name(), node.uid(), node.labels(), node.architecture(), true, false, node.created());
  }

  private static Node labelled(Node node, boolean special) {
    return new Node(
        node.name(),
        node.uid(),
        special ? Map.of("special", "yes") : Map.of(),
        node.architecture(),
        node.ready(),
        node.held(),
        node.created());
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
    }
    one.restart();
  }

  /** A step of the schedule. */
  void act(int step) {
    act(step % 40, step / 40);
  }

  /**
   * One operator that sees everything does a whole pass; says whether there was something to do.
   */
  boolean passFairly() {
    one.catchUp();
    int writes = one.plan();
    one.writeAll();
    return writes > 0;
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

  /** Whether the first policy is there to stay. */
  boolean isFirstStaying() {
    return world.policies.now().containsKey("p1")
        && !world.policies.now().get("p1").value().deleting();
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
      List<Assignment> present = fleet.state(node.name()).orElseThrow().spec().assignments();
      assertThat(present)
          .as(node.name())
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
