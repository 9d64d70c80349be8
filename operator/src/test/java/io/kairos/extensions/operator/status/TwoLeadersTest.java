package io.kairos.extensions.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.ExtensionReference;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicySpec;
import io.kairos.extensions.operator.plan.Fleets;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/**
 * One policy, one node at a time, and a leader that fell asleep: each test is a schedule that
 * breaks the cap if one of the rules in {@code rollout.Admission} is left out.
 */
class TwoLeadersTest {
  private static final int NODES = 3;

  private final World world = new World();
  private final List<ModelAgent> agents =
      IntStream.range(0, NODES).mapToObj(i -> new ModelAgent(world, "n" + i)).toList();
  private final ModelLeader awake;
  private final ModelLeader asleep;

  TwoLeadersTest() {
    IntStream.range(0, NODES).forEach(i -> world.createNode("n" + i));
    world.putExtension("x", "1");
    world.createPolicy(
        "p",
        NodeExtensionPolicySpec.builder()
            .extensions(List.of(ExtensionReference.byName("x")))
            .activation(Activation.LIVE)
            .build(),
        1);
    awake = new ModelLeader(world);
    asleep = new ModelLeader(world);
    run(awake); // finalizers and states
    asleep.catchUp();
  }

  @Test
  void aLateWriteOfAnEntryThatIsNoLongerWantedFails() {
    rollOut(); // version 1 everywhere
    world.putExtension("x", "2");
    asleep.catchUp();
    asleep.plan();
    asleep.writeUpToNodes(); // n0 is admitted for version 2, and not written
    world.putExtension("x", "1"); // nothing has to change any more
    run(awake);
    run(awake);
    world.putExtension("x", "3");
    run(awake); // one node is admitted for version 3
    run(awake);
    assertThat(disturbed()).isEqualTo(1);
    asleep.writeAll();
    assertThat(disturbed()).isEqualTo(1);
  }

  @Test
  void aBatchThatOneHasNotSeenInTheStatesIsNotOverlooked() {
    world.change("n0", Fleets::held);
    world.change("n1", Fleets::held);
    run(awake); // n2 is admitted and written
    run(awake); // seen, and the batch is cleared: only the state tells of it
    assertThat(world.policies.now().get("p").value().status().rollout().admitting()).isEmpty();
    assertThat(disturbed()).isEqualTo(1);

    label("n0", true);
    label("n1", true); // and on hold no longer
    asleep.catchUpButStates();
    asleep.plan();
    asleep.writeAll();

    assertThat(disturbed()).isEqualTo(1);
  }

  @Test
  void aBatchThatWasReplacedIsNotFinishedByOneWhoHasNotSeenThat() {
    for (int i = 0; i < NODES; i++) {
      label("n" + i, true);
    }
    select();
    rollOut();
    label("n1", false);
    while (!isAdmitted("n1")) {
      run(awake);
    }
    asleep.catchUp(); // has seen the batch of n1
    rollOut(); // n1 is clean, and its state names no batch any more
    label("n1", true);
    label("n0", false);
    run(awake);
    run(awake);
    assertThat(disturbed()).isEqualTo(1); // n0; n1 waits

    asleep.catchUpButPolicies();
    asleep.plan();
    asleep.writeAll();

    assertThat(disturbed()).isEqualTo(1);
  }

  @Test
  void oneAndTheSameAdmissionTwiceIsToldApart() {
    for (int i = 0; i < NODES; i++) {
      label("n" + i, true);
    }
    select();
    rollOut();
    label("n0", false); // a removal, for the revision that n0 was admitted for already
    while (!isAdmitted("n0")) {
      asleep.writeAll();
      asleep.catchUp();
      asleep.plan();
      asleep.writeUpToNodes();
    }
    label("n0", true); // no removal after all
    run(awake);
    label("n1", false);
    run(awake);
    run(awake);
    run(awake);
    assertThat(disturbed()).isEqualTo(1);
    asleep.writeAll();
    assertThat(disturbed()).isEqualTo(1);
  }

  @Test
  void anAdmissionThatWasWipedIsNotTakenForTheNewOne() {
    for (int i = 0; i < NODES; i++) {
      label("n" + i, true);
    }
    select();
    rollOut();
    label("n0", false); // a removal, for the revision that n0 was admitted for already
    ModelLeader lagging = new ModelLeader(world); // sees n0 as it was before it is wiped
    while (!isAdmitted("n0")) {
      asleep.writeAll();
      asleep.catchUp();
      asleep.plan();
      asleep.writeUpToNodes();
    }
    label("n0", true); // no removal after all
    label("n1", false);
    lagging.catchUpButStates();
    for (int i = 0; i < 3; i++) {
      lagging.plan();
      lagging.writeAll(); // may not clear the batch of n0
      lagging.catchUpButStates();
    }
    run(awake);
    run(awake);
    run(awake);
    asleep.writeAll();
    assertThat(disturbed()).isEqualTo(1);
  }

  @Property(tries = 2000, shrinking = ShrinkingMode.BOUNDED)
  void whateverTheyDoOneNodeAtATimeIsDisturbed(
      @ForAll @Size(min = 50, max = 300) List<@IntRange(max = 1 << 20) Integer> schedule) {
    new TwoLeadersTest().play(schedule); // jqwik keeps the instance for all tries
  }

  private void play(List<Integer> schedule) {
    for (int step : schedule) {
      int choice = step / 16;
      switch (step % 16) {
        case 0, 1 -> pass(awake, choice);
        case 2, 3 -> pass(asleep, choice);
        case 4, 5, 6 -> awake.write();
        case 7, 8 -> asleep.write();
        case 9 -> awake.writeAll();
        case 10 -> world.putExtension("x", Integer.toString(1 + choice % 2));
        case 11 -> awake.restart();
        case 12 -> edit(choice);
        default -> finish(agents.get(choice % NODES));
      }
      assertThat(disturbed()).isLessThanOrEqualTo(1);
    }
  }

  private static void pass(ModelLeader leader, int choice) {
    if (!leader.isBusy() || choice % 3 == 0) {
      leader.lag(choice);
      leader.plan();
    }
  }

  private void edit(int choice) {
    select();
    label("n" + choice % NODES, choice / NODES % 2 == 0);
    world.changePolicy(
        "p",
        spec ->
            spec.toBuilder()
                .paused(choice / 8 % 4 == 0)
                .activation(choice / 8 % 16 < 2 ? Activation.NEXT_BOOT : Activation.LIVE)
                .build());
  }

  private static void run(ModelLeader leader) {
    leader.catchUp();
    leader.plan();
    leader.writeAll();
  }

  private void select() {
    world.changePolicy(
        "p", spec -> spec.toBuilder().nodeSelector(Fleets.selector("special", "yes")).build());
  }

  private void label(String node, boolean special) {
    world.change(
        node, n -> n.toBuilder().labels(special ? Map.of("special", "yes") : Map.of()).build());
  }

  private boolean isAdmitted(String node) {
    return world.policies.now().get("p").value().status().rollout().admitting().contains(node);
  }

  private void rollOut() {
    while (!finished()) {
      run(awake);
      agents.forEach(TwoLeadersTest::finish);
    }
    run(awake);
    run(awake);
  }

  private boolean finished() {
    awake.catchUp();
    return awake.plan() == 0 && disturbed() == 0;
  }

  private static void finish(ModelAgent agent) {
    agent.observe();
    for (int i = 0; i < 5; i++) {
      agent.work(0, digest -> false);
    }
    agent.report(false);
  }

  private int disturbed() {
    return (int) agents.stream().filter(agent -> agent.isDisturbedBy("p")).count();
  }
}
