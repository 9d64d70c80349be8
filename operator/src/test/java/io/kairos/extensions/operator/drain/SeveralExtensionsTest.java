package io.kairos.extensions.operator.drain;

import static io.kairos.extensions.operator.plan.Fleets.NOW;
import static io.kairos.extensions.operator.plan.Fleets.fleet;
import static io.kairos.extensions.operator.plan.Fleets.node;
import static io.kairos.extensions.operator.plan.Fleets.policy;
import static io.kairos.extensions.operator.plan.Fleets.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.api.v1alpha1.Maintenance.Stage;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Fleets;
import io.kairos.extensions.operator.rollout.Decisions;
import io.kairos.extensions.operator.rollout.Decisions.PolicyDecision;
import io.kairos.extensions.operator.rollout.Standing;
import io.kairos.extensions.operator.rollout.Write;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** One drain is for all that a policy has waiting on a node, and may wait for others in turn. */
class SeveralExtensionsTest {
  private static final String EARLY = NOW.minusSeconds(600).toString();
  private static final String LATE = NOW.minusSeconds(60).toString();

  private final Node node = node("n");
  private final List<Assignment> assignments = new ArrayList<>();
  private final List<ExtensionStatus> reported = new ArrayList<>();

  private Assignment given(
      String name, String policy, String attempt, String admitted, Phase phase, String reason) {
    Target target =
        Target.builder()
            .revision("v1-a")
            .version("1")
            .image(new Target.ResolvedImage("https://example.org/" + name, Fleets.digest(name)))
            .profiles(List.of(Profile.ACTIVE))
            .activation(Activation.REBOOT)
            .build();
    Assignment assignment =
        new Assignment(ExtensionType.SYSEXT, name, name, policy, target, false)
            .toBuilder().attempt(attempt).admittedTime(admitted).build();
    assignments.add(assignment);
    reported.add(Fleets.entry(assignment, phase).toBuilder().reason(reason).attempts(0).build());
    return assignment;
  }

  private State state(Maintenance... maintenance) {
    State told = Fleets.state(node, assignments.toArray(Assignment[]::new));
    return told.toBuilder()
        .spec(new NodeExtensionStateSpec(assignments, List.of(maintenance)))
        .status(
            NodeExtensionStateStatus.EMPTY.toBuilder()
                .observedGeneration(told.generation())
                .extensions(reported)
                .host(HostStatus.UNKNOWN.toBuilder().bootId("boot-1").build())
                .build())
        .build();
  }

  /** What is remembered of the node once each policy that has a slot there was asked. */
  private List<Maintenance> begun(Policy... policies) {
    TreeMap<String, PolicyDecision> decisions = new TreeMap<>();
    for (Policy policy : policies) {
      decisions.put(
          policy.name(),
          new PolicyDecision(
              RolloutStatus.EMPTY,
              "",
              false,
              false,
              1,
              new TreeSet<>(List.of("n")),
              new TreeSet<>(),
              true,
              Optional.empty(),
              Optional.empty(),
              new TreeMap<>()));
    }
    return Drains.decide(
            fleet(List.of(policies), List.of(), List.of(node), state()),
            new Decisions(decisions, List.of()),
            NOW)
        .writes()
        .stream()
        .filter(Write.Maintain.class::isInstance)
        .flatMap(write -> ((Write.Maintain) write).maintenance().stream())
        .toList();
  }

  private static Policy reboots(String name, String extension) {
    return with(policy(name, extension), spec -> spec.activation(Activation.REBOOT));
  }

  @Test
  void afterARetryTheDrainIsForWhatIsTriedAgain() {
    given("a", "p", "", EARLY, Phase.ACTIVE, "Merged");
    Assignment again = given("b", "p", "n1", LATE, Phase.PENDING_REBOOT, "LinkedForNextBoot");

    assertThat(begun(reboots("p", "a")))
        .singleElement()
        .satisfies(begun -> assertThat(begun.stage()).isEqualTo(Stage.DRAIN))
        .satisfies(begun -> assertThat(begun.attempt()).isEqualTo(again.attempt()));
  }

  @Test
  void whatComesOfADrainIsForAllThatWaited() {
    Assignment early = given("a", "p", "", EARLY, Phase.PENDING_REBOOT, "LinkedForNextBoot");
    Assignment late = given("b", "p", "n1", LATE, Phase.PENDING_REBOOT, "LinkedForNextBoot");
    Maintenance skipped =
        Maintenance.builder()
            .policy("p")
            .revision("v1-a")
            .attempt("n1")
            .bootId("boot-1")
            .stage(Stage.SKIPPED)
            .time(NOW.toString())
            .reason(Reasons.DRAIN_TIMED_OUT)
            .message("")
            .build();

    assertThat(Standing.of(state(skipped), early)).isEqualTo(Standing.SKIPPED);
    assertThat(Standing.of(state(skipped), late)).isEqualTo(Standing.SKIPPED);
    Assignment anew = late.toBuilder().attempt("n2").admittedTime(NOW.toString()).build();
    assertThat(Standing.of(state(skipped), anew))
        .as("in the same second")
        .isEqualTo(Standing.WORKING);
  }

  @Test
  void whatWaitsForAnExtensionDoesNotHoldUpTheDrainThatBringsIt() {
    given("app", "app", "", EARLY, Phase.STAGED, Reasons.WAITS_FOR_EXTENSION);
    given("base", "base", "", LATE, Phase.PENDING_REBOOT, "LinkedForNextBoot");

    assertThat(begun(reboots("app", "app"), reboots("base", "base")))
        .extracting(Maintenance::policy)
        .containsExactly("base");
  }

  @Test
  void whatIsBeingChangedForAnotherPolicyIsWaitedFor() {
    given("app", "app", "", EARLY, Phase.ACTIVATING, "InProgress");
    given("base", "base", "", LATE, Phase.PENDING_REBOOT, "LinkedForNextBoot");

    assertThat(begun(reboots("app", "app"), reboots("base", "base"))).isEmpty();
  }
}
