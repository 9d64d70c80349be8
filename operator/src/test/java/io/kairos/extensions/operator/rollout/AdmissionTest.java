package io.kairos.extensions.operator.rollout;

import static io.kairos.extensions.operator.plan.Fleets.NOW;
import static io.kairos.extensions.operator.plan.Fleets.deleting;
import static io.kairos.extensions.operator.plan.Fleets.extension;
import static io.kairos.extensions.operator.plan.Fleets.fleet;
import static io.kairos.extensions.operator.plan.Fleets.gate;
import static io.kairos.extensions.operator.plan.Fleets.held;
import static io.kairos.extensions.operator.plan.Fleets.image;
import static io.kairos.extensions.operator.plan.Fleets.node;
import static io.kairos.extensions.operator.plan.Fleets.policy;
import static io.kairos.extensions.operator.plan.Fleets.reported;
import static io.kairos.extensions.operator.plan.Fleets.state;
import static io.kairos.extensions.operator.plan.Fleets.unready;
import static io.kairos.extensions.operator.plan.Fleets.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Architecture;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Gate;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Removal;
import io.kairos.extensions.api.v1alpha1.Rollout;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.GateVerdict;
import io.kairos.extensions.operator.plan.Planner;
import io.kairos.extensions.operator.rollout.Decisions.PolicyDecision;
import io.kairos.extensions.operator.rollout.Write.ConfirmGone;
import io.kairos.extensions.operator.rollout.Write.UpdateState;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdmissionTest {
  private final Extension hello = extension("hello", "1");
  private final Policy base = policy("base", "hello");
  private final Node n1 = node("n1");
  private final Node n2 = node("n2");

  @Test
  void admitsUpToTheCapAndRemembersWhom() {
    Decisions decisions =
        decide(List.of(base), List.of(hello), List.of(n1, n2), state(n1), state(n2));

    PolicyDecision decision = decisions.policies().get("base");
    assertThat(decision.rollout().admitting()).containsExactly("n1");
    assertThat(decision.proveFirst()).isTrue();
    assertThat(decision.replacesBatch()).isTrue();
    assertThat(decision.waiting()).containsEntry("n2", "waits for a slot");
    UpdateState update = only(updates(decisions));
    assertThat(update.node()).isEqualTo("n1");
    assertThat(only(update.assignments()).isSameOrder(wanted(base, hello, n1))).isTrue();
    assertThat(only(update.assignments()).wave()).isEqualTo("rest");
    assertThat(only(update.assignments()).admittedTime()).isEqualTo(NOW.toString());
    assertThat(update.admissions()).containsExactly("uid-base/" + decision.rollout().revision());
  }

  @Test
  void aBatchThatIsHalfWrittenWaitsWhileItsPolicyIsRefused() {
    PolicyDecision first =
        decide(List.of(base), List.of(hello), List.of(n1), state(n1)).policies().get("base");
    Policy remembers = with(base, base.status().toBuilder().rollout(first.rollout()).build());
    FleetSnapshot fleet = fleet(List.of(remembers), List.of(hello), List.of(n1), state(n1));
    assertThat(decide(fleet, NOW).policies().get("base").proveFirst()).isTrue();

    Decisions refused = decide(fleet.withRefusals(Map.of("base", "no label")), NOW);

    PolicyDecision decision = refused.policies().get("base");
    assertThat(decision.proveFirst()).as("it would end the pass of all others").isFalse();
    assertThat(decision.slots()).as("it may have been written after all").containsExactly("n1");
    assertThat(updates(refused)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"3, 10, 3", "50%, 5, 2", "10%, 5, 1", "100%, 4, 4", "0, 9, 1", "nonsense, 9, 1"})
  void theCapIsANumberOrAPercentageRoundedDown(String value, int nodes, int cap) {
    IntOrString max =
        value.matches("[0-9]+") ? new IntOrString(Integer.parseInt(value)) : new IntOrString(value);
    assertThat(Amount.atLeastOne(max, nodes)).isEqualTo(cap);
  }

  @Test
  void goesZoneByZoneAndByAgeWithControlPlanesAndTheOperatorLast() {
    Node control = node("a", "amd64", Map.of("node-role.kubernetes.io/control-plane", ""));
    Node zoneB = node("b", "amd64", Map.of("topology.kubernetes.io/zone", "b"));
    Node zoneA = node("c", "amd64", Map.of("topology.kubernetes.io/zone", "a"));
    Node old = zoneA.toBuilder().name("d").created("2025-01-01T00:00:00Z").build();

    assertThat(Stream.of(control, zoneB, zoneA, old).sorted(Order.of("c")).map(Node::name))
        .containsExactly("d", "b", "a", "c");
    PolicyDecision decision =
        decide(
                List.of(capped(base, 4)),
                List.of(hello),
                List.of(control, zoneB, zoneA, old),
                state(control),
                state(zoneB),
                state(zoneA),
                state(old))
            .policies()
            .get("base");
    assertThat(decision.rollout().admitting()).containsExactly("d", "c");
    assertThat(decision.waiting()).containsEntry("b", "waits for zone a");
  }

  @Test
  void ofTheControlPlaneOneAtATimeByAllPoliciesAndNoneWhileAnotherIsAway() {
    Map<String, String> label = Map.of("node-role.kubernetes.io/control-plane", "");
    Node c1 = node("c1", "amd64", label);
    Node c2 = node("c2", "amd64", label);
    Policy second = capped(policy("second", "world"), 5);
    Extension world = extension("world", "1");
    List<Policy> policies = List.of(capped(base, 5), second);
    List<Extension> extensions = List.of(hello, world);

    Decisions both = decide(policies, extensions, List.of(c1, c2), state(c1), state(c2));
    Decisions away = decide(policies, extensions, List.of(c1, unready(c2)), state(c1), state(c2));

    assertThat(both.policies().get("base").rollout().admitting()).containsExactly("c1");
    assertThat(both.policies().get("second").rollout().admitting()).isEmpty();
    assertThat(updates(away)).isEmpty();
    assertThat(away.policies().get("base").waiting())
        .containsEntry("c1", "waits for control-plane node c2");
  }

  @Test
  void leavesOutNodesThatMayNotBeTouched() {
    Node passive = node("passive");
    Node fresh = node("fresh");
    Decisions decisions =
        decide(
            List.of(capped(base, 10)),
            List.of(hello),
            List.of(unready(n1), held(n2), passive, fresh),
            state(n1),
            state(n2),
            booted(state(passive), "passive"));

    PolicyDecision decision = decisions.policies().get("base");
    assertThat(decision.rollout().admitting()).isEmpty();
    assertThat(decision.slots()).containsExactly("n1");
    assertThat(decision.waiting())
        .containsEntry("n1", "not Ready")
        .containsEntry("n2", "on hold")
        .containsEntry("passive", "booted into passive")
        .containsEntry("fresh", "has no NodeExtensionState yet");
    assertThat(decisions.nodeWrites()).containsExactly(new Write.CreateState("fresh", "uid-fresh"));
  }

  @Test
  void pausedAdmitsNobodyUnlessThePolicyGoes() {
    Policy paused = with(base, spec -> spec.paused(true));
    State active = reported(state(n2, wanted(base, hello, n2)), Phase.ACTIVE);

    Decisions stays = decide(List.of(paused), List.of(hello), List.of(n1, n2), state(n1), active);
    Decisions goes =
        decide(List.of(deleting(paused)), List.of(hello), List.of(n1, n2), state(n1), active);

    assertThat(updates(stays)).isEmpty();
    assertThat(stays.policies().get("base").waiting()).containsEntry("n1", "paused");
    assertThat(only(only(updates(goes)).assignments()).remove()).isTrue();
  }

  @Test
  void aClosedGateAdmitsNobodyUnlessThePolicyGoes() {
    Gate shop = gate("shop");
    Gate bank = gate("bank");
    Policy gated =
        with(
            base,
            spec ->
                spec.rollout(
                    Rollout.builder()
                        .maxUnavailable(new IntOrString(1))
                        .gates(List.of(shop, bank))
                        .build()));
    FleetSnapshot waiting = fleet(List.of(gated), List.of(hello), List.of(n1), state(n1));
    GateVerdict open = new GateVerdict.Open();
    GateVerdict closed = new GateVerdict.Closed("GateClosed", "does not hold");
    State active = reported(state(n1, wanted(base, hello, n1)), Phase.ACTIVE);
    FleetSnapshot going = fleet(List.of(deleting(gated)), List.of(hello), List.of(n1), active);

    assertThat(obstacle(waiting)).isEqualTo("waits for gate shop");
    assertThat(obstacle(waiting.withGates(Map.of(shop, open)))).isEqualTo("waits for gate bank");
    assertThat(obstacle(waiting.withGates(Map.of(shop, open, bank, closed))))
        .isEqualTo("waits for gate bank");
    assertThat(
            obstacle(
                waiting.withGates(Map.of(shop, new GateVerdict.Invalid("at 1:1: no"), bank, open))))
        .isEqualTo("waits for gate shop");
    assertThat(updates(decide(waiting.withGates(Map.of(shop, open, bank, open))))).hasSize(1);
    assertThat(updates(decide(going.withGates(Map.of(shop, closed))))).hasSize(1);
  }

  @Test
  void aNodeThatKuredRebootsTakesASlotAndIsNotAdmitted() {
    Policy one =
        with(
            base,
            spec -> spec.rollout(Rollout.builder().maxUnavailable(new IntOrString(1)).build()));
    Node reboots = n2.toBuilder().rebooting(true).build();

    Decisions decisions =
        decide(List.of(one), List.of(hello), List.of(n1, reboots), state(n1), state(n2));

    assertThat(updates(decisions)).isEmpty();
    assertThat(decisions.policies().get("base").slots()).containsExactly("n2");
    assertThat(decisions.policies().get("base").waiting())
        .containsEntry("n2", "kured is about to reboot it");
  }

  private static Decisions decide(FleetSnapshot snapshot) {
    return Deciding.decide(snapshot, Planner.plan(snapshot));
  }

  /** Why nobody is admitted. */
  private static String obstacle(FleetSnapshot snapshot) {
    Decisions decisions = decide(snapshot);
    assertThat(updates(decisions)).isEmpty();
    return decisions.policies().get("base").waiting().get("n1");
  }

  @Test
  void aFailedNodeLeavesItsSlotAndHaltsTheRolloutUntilSomethingElseIsGiven() {
    State failed = reported(state(n2, wanted(base, hello, n2)), Phase.FAILED);
    Extension mended = extension("hello", "2");

    Decisions stuck = decide(List.of(base), List.of(hello), List.of(n1, n2), state(n1), failed);

    PolicyDecision halted = stuck.policies().get("base");
    assertThat(updates(stuck)).isEmpty();
    assertThat(halted.slots()).isEmpty();
    assertThat(halted.rollout().failed()).isEqualTo(1);
    assertThat(halted.rollout().halted()).isEqualTo(halted.rollout().revision());
    assertThat(halted.hold().orElseThrow().reason()).isEqualTo("FailureBudgetExceeded");

    Policy after = remembering(base, halted);
    Decisions cleared = decide(List.of(after), List.of(mended), List.of(n1, n2), state(n1), failed);
    assertThat(cleared.policies().get("base").rollout().halted()).isEmpty();
    assertThat(updates(cleared)).as("what clears a halt is written before it counts").isEmpty();
    Policy then = remembering(after, cleared.policies().get("base"));
    assertThat(updates(decide(List.of(then), List.of(mended), List.of(n1, n2), state(n1), failed)))
        .hasSize(1);
  }

  @Test
  void linkedForTheNextBootFreesTheSlot() {
    Policy later = with(base, spec -> spec.activation(Activation.NEXT_BOOT));
    State linked = reported(state(n1, wanted(later, hello, n1)), Phase.PENDING_REBOOT);

    Decisions decisions =
        decide(List.of(later), List.of(hello), List.of(n1, n2), linked, state(n2));

    assertThat(only(updates(decisions)).node()).isEqualTo("n2");
  }

  @Test
  void finishesTheBatchItFindsPausedOrNot() {
    String revision = wanted(base, hello, n1).target().revision();
    Policy found = batch(with(base, spec -> spec.paused(true)), revision, "n1", "gone");

    Decisions decisions =
        decide(List.of(found), List.of(hello), List.of(n1, n2), state(n1), state(n2));

    PolicyDecision decision = decisions.policies().get("base");
    assertThat(decision.settled()).isFalse();
    assertThat(decision.rollout()).isEqualTo(found.status().rollout());
    assertThat(decision.replacesBatch()).isFalse();
    assertThat(only(updates(decisions)).node()).isEqualTo("n1");
  }

  @Test
  void anEntryThatIsNoLongerWantedIsWrittenAllTheSame() {
    State asWanted = reported(state(n1, wanted(base, hello, n1)), Phase.ACTIVE);
    Policy found = batch(base, "v1-before", "n1");

    UpdateState update =
        only(updates(decide(List.of(found), List.of(hello), List.of(n1), asWanted)));

    assertThat(update.assignments()).isEqualTo(asWanted.spec().assignments());
    assertThat(update.admissions()).containsExactly("uid-base/v1-before");
  }

  @Test
  void aWrittenBatchIsCleared() {
    Assignment wanted = wanted(base, hello, n1);
    Policy found = batch(base, wanted.target().revision(), "n1");
    State written = admitted(state(n1, wanted), "uid-base/" + wanted.target().revision());

    Decisions decisions = decide(List.of(found), List.of(hello), List.of(n1), written);

    assertThat(decisions.policies().get("base").rollout().admitting()).isEmpty();
    assertThat(decisions.policies().get("base").slots()).containsExactly("n1");
    assertThat(decisions.nodeWrites()).isEmpty();
  }

  @Test
  void whatTheHostWouldNotNoticeIsWrittenAtOnce() {
    Policy soaking = with(base, s -> s.rollout(new Rollout(new IntOrString(1), 60)).paused(true));
    State one = reported(state(n1, wanted(base, hello, n1)), Phase.ACTIVE);
    State two = reported(state(n2, wanted(base, hello, n2)), Phase.ACTIVE);

    Decisions decisions = decide(List.of(soaking), List.of(hello), List.of(n1, n2), one, two);

    assertThat(updates(decisions)).hasSize(2);
    assertThat(decisions.policies().get("base").rollout().admitting()).isEmpty();
  }

  @Test
  void aHandoverOfTheSameContentIsFreeOnceItIsThrough() {
    Policy other = with(policy("other", "hello"), spec -> spec.priority(1).paused(true));
    Assignment held = wanted(base, hello, n1);

    Decisions through =
        decide(
            List.of(base, other),
            List.of(hello),
            List.of(n1),
            reported(state(n1, held), Phase.ACTIVE));
    Decisions working =
        decide(
            List.of(base, other),
            List.of(hello),
            List.of(n1),
            reported(state(n1, held), Phase.FETCHING));

    assertThat(only(only(updates(through)).assignments()).policy()).isEqualTo("other");
    assertThat(updates(working)).isEmpty();
  }

  @Test
  void whatFailedIsNotHandedOverFreelyForItWouldBeTriedAgain() {
    Policy other = with(policy("other", "hello"), spec -> spec.priority(1).paused(true));
    State failed = reported(state(n1, wanted(base, hello, n1)), Phase.FAILED);

    assertThat(updates(decide(List.of(base, other), List.of(hello), List.of(n1), failed)))
        .isEmpty();
  }

  @Test
  void whatFailedGetsAnotherRevisionOfTheSameContentBySlots() {
    Policy paused = with(base, spec -> spec.paused(true));
    State failed = reported(state(n1, wanted(base, hello, n1)), Phase.FAILED);
    Extension renamed =
        extension("hello", "hello", Map.of(), "2", image(Architecture.AMD64, "hello1"));

    assertThat(updates(decide(List.of(paused), List.of(renamed), List.of(n1), failed))).isEmpty();
    assertThat(
            updates(
                decide(
                    List.of(paused),
                    List.of(renamed),
                    List.of(n1),
                    reported(state(n1, wanted(base, hello, n1)), Phase.ACTIVE))))
        .as("a host that is through does not notice")
        .hasSize(1);
  }

  @Test
  void removesByTombstonesThatStayUntilTheAgentReportsRemoved() {
    Assignment held = wanted(base, hello, n1);
    Policy going = deleting(base);
    State active = reported(state(n1, held), Phase.ACTIVE);

    UpdateState removal =
        only(updates(decide(List.of(going), List.of(hello), List.of(n1), active)));
    assertThat(only(removal.assignments()).remove()).isTrue();
    assertThat(only(removal.assignments()).key()).isEqualTo(held.key());

    State told = state(n1, held.tombstone());
    // Wanted again: it stays a tombstone all the same.
    assertThat(updates(decide(List.of(base), List.of(hello), List.of(n1), told))).isEmpty();
    // Removed: it goes, and in one write comes what is wanted again.
    State removed = reported(told, Phase.ACTIVE);
    assertThat(
            only(updates(decide(List.of(going), List.of(hello), List.of(n1), removed)))
                .assignments())
        .isEmpty();
    assertThat(
            only(only(updates(decide(List.of(base), List.of(hello), List.of(n1), removed)))
                    .assignments())
                .isSameOrder(held))
        .isTrue();
  }

  @Test
  void anOldReportOfRemovedDoesNotCount() {
    State removed = reported(state(n1, wanted(base, hello, n1).tombstone()), Phase.ACTIVE);
    State newer =
        removed.toBuilder()
            .generation(removed.generation() + 1)
            .boundGeneration(removed.generation() + 1)
            .build();

    assertThat(updates(decide(List.of(deleting(base)), List.of(hello), List.of(n1), newer)))
        .isEmpty();
  }

  @Test
  void orphansAreDroppedAtOnce() {
    Policy going = deleting(with(base, spec -> spec.removal(Removal.ORPHAN)));
    State active = reported(state(n1, wanted(base, hello, n1)), Phase.ACTIVE);

    Decisions decisions = decide(List.of(going), List.of(hello), List.of(n1), active);

    assertThat(only(updates(decisions)).assignments()).isEmpty();
    assertThat(decisions.policies().get("base").rollout().admitting()).isEmpty();
  }

  @Test
  void absenceOfAPolicyOrAnExtensionIsNoRemoval() {
    State active = reported(state(n1, wanted(base, hello, n1)), Phase.ACTIVE);

    Decisions noPolicy = decide(List.of(), List.of(hello), List.of(n1), active);
    Decisions noExtension = decide(List.of(base), List.of(), List.of(n1), active);

    assertThat(noPolicy.nodeWrites().get(0)).isEqualTo(new ConfirmGone(Write.Kind.POLICY, "base"));
    assertThat(only(updates(noPolicy)).assignments()).isEmpty();
    assertThat(noExtension.nodeWrites().get(0))
        .isEqualTo(new ConfirmGone(Write.Kind.EXTENSION, "hello"));
    assertThat(only(updates(noExtension)).assignments()).isEmpty();
  }

  @Test
  void aLostImageTakesNothingAway() {
    Node arm = node("n1", "arm64", Map.of());
    State active = reported(state(arm, wanted(base, hello, n1)), Phase.ACTIVE);

    assertThat(updates(decide(List.of(base), List.of(hello), List.of(arm), active))).isEmpty();
  }

  @Test
  void onePolicyAtATimeWorksOnANode() {
    Extension world = extension("world", "1");
    Policy second = policy("second", "world");
    State working = reported(state(n1, wanted(base, hello, n1)), Phase.FETCHING);
    State failed = reported(state(n1, wanted(base, hello, n1)), Phase.FAILED);

    Decisions busy = decide(List.of(base, second), List.of(hello, world), List.of(n1), working);
    Decisions free = decide(List.of(base, second), List.of(hello, world), List.of(n1), failed);
    Decisions both = decide(List.of(base, second), List.of(hello, world), List.of(n1), state(n1));

    assertThat(busy.policies().get("second").waiting())
        .containsEntry("n1", "policy base changes it");
    assertThat(only(updates(free)).assignments()).hasSize(2);
    assertThat(only(updates(both)).assignments()).hasSize(1);
  }

  @Test
  void whatWaitsForAnExtensionDoesNotHinderThePolicyThatBringsIt() {
    Extension world = extension("world", "1");
    Policy second = policy("second", "world");
    State staged = reported(state(n1, wanted(base, hello, n1)), Phase.STAGED);
    State waiting =
        staged.toBuilder()
            .status(
                staged.status().toBuilder()
                    .extensions(
                        staged.status().extensions().stream()
                            .map(
                                entry ->
                                    entry.toBuilder().reason(Reasons.WAITS_FOR_EXTENSION).build())
                            .toList())
                    .build())
            .build();

    Decisions hindered = decide(List.of(base, second), List.of(hello, world), List.of(n1), staged);
    Decisions free = decide(List.of(base, second), List.of(hello, world), List.of(n1), waiting);

    assertThat(updates(hindered)).isEmpty();
    assertThat(only(updates(free)).assignments()).hasSize(2);
  }

  @Test
  void aSlotGivesNoRightToAChangeWhileTooManyAreTaken() {
    State one = state(n1, wanted(base, hello, n1)); // told anew; in truth through for long
    State two = state(n2, wanted(base, hello, n2));
    Extension next = extension("hello", "2");

    assertThat(updates(decide(List.of(base), List.of(next), List.of(n1, n2), one, two))).isEmpty();
    assertThat(
            updates(
                decide(
                    List.of(base),
                    List.of(next),
                    List.of(n1, n2),
                    reported(one, Phase.FAILED),
                    reported(two, Phase.FAILED))))
        .hasSize(1);
  }

  @Test
  void aBatchIsNoLongerThanTheStatusCanHold() {
    List<Node> many =
        IntStream.range(0, 120).mapToObj(i -> node(String.format("n%03d", i))).toList();
    State[] states = many.stream().map(n -> state(n)).toArray(State[]::new);

    Decisions decisions = decide(List.of(capped(base, 100)), List.of(hello), many, states);

    assertThat(decisions.policies().get("base").rollout().admitting()).hasSize(Admission.MAX_BATCH);
  }

  @Test
  void theStateOfAnEarlierNodeIsDeletedAndKeepsItsSlotUntilThen() {
    State old = state(n1, wanted(base, hello, n1)).toBuilder().ownerUid("uid-of-before").build();

    Decisions decisions = decide(List.of(base), List.of(hello), List.of(n1), old);

    assertThat(decisions.nodeWrites()).containsExactly(new Write.DeleteState("n1"));
    assertThat(decisions.policies().get("base").slots()).containsExactly("n1");
  }

  private static Decisions decide(
      List<Policy> policies, List<Extension> extensions, List<Node> nodes, State... states) {
    FleetSnapshot fleet = fleet(policies, extensions, nodes, states);
    return decide(fleet, NOW);
  }

  private static Decisions decide(FleetSnapshot fleet, Instant now) {
    return Deciding.decide(fleet, Planner.plan(fleet), now);
  }

  private static Assignment wanted(Policy policy, Extension extension, Node node) {
    return Planner.plan(fleet(List.of(policy), List.of(extension), List.of(node)))
        .nodes()
        .get(node.name())
        .wanted()
        .values()
        .iterator()
        .next();
  }

  private static Policy capped(Policy policy, int nodes) {
    return with(policy, spec -> spec.rollout(new Rollout(new IntOrString(nodes), 0)));
  }

  private static Policy remembering(Policy policy, PolicyDecision decision) {
    return with(
        policy,
        policy.status().toBuilder()
            .rollout(decision.rollout())
            .observedRetry(decision.attempt())
            .build());
  }

  private static Policy batch(Policy policy, String revision, String... nodes) {
    return with(
        policy,
        policy.status().toBuilder()
            .rollout(
                new io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus(
                    revision, Arrays.asList(nodes)))
            .build());
  }

  private static State booted(State state, String profile) {
    return state.toBuilder()
        .status(
            state.status().toBuilder()
                .host(HostStatus.UNKNOWN.toBuilder().bootProfile(profile).build())
                .build())
        .build();
  }

  private static State admitted(State state, String... admissions) {
    return state.toBuilder().admissions(Set.of(admissions)).build();
  }

  /** What is written beside downloads ahead of their turn. */
  private static List<UpdateState> updates(Decisions decisions) {
    return decisions.nodeWrites().stream()
        .flatMap(w -> w instanceof UpdateState update ? Stream.of(update) : Stream.empty())
        .filter(UpdateState::binding)
        .toList();
  }

  private static <T> T only(List<T> items) {
    assertThat(items).hasSize(1);
    return items.get(0);
  }
}
