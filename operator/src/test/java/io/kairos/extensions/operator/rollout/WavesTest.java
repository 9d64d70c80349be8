package io.kairos.extensions.operator.rollout;

import static io.kairos.extensions.operator.plan.Fleets.NOW;
import static io.kairos.extensions.operator.plan.Fleets.extension;
import static io.kairos.extensions.operator.plan.Fleets.gate;
import static io.kairos.extensions.operator.plan.Fleets.held;
import static io.kairos.extensions.operator.plan.Fleets.node;
import static io.kairos.extensions.operator.plan.Fleets.policy;
import static io.kairos.extensions.operator.plan.Fleets.reported;
import static io.kairos.extensions.operator.plan.Fleets.selector;
import static io.kairos.extensions.operator.plan.Fleets.state;
import static io.kairos.extensions.operator.plan.Fleets.unready;
import static io.kairos.extensions.operator.plan.Fleets.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Approval;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.WavePreview;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.WaveStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.OnFailure;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Upcoming;
import io.kairos.extensions.api.v1alpha1.Wave;
import io.kairos.extensions.api.v1alpha1.Window;
import io.kairos.extensions.operator.plan.Circumstances;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Fleets;
import io.kairos.extensions.operator.plan.Planner;
import io.kairos.extensions.operator.rollout.Decisions.PolicyDecision;
import io.kairos.extensions.operator.rollout.Write.UpdateState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A rollout pass by pass: what one decides the next one finds, and agents report in between. */
class WavesTest {
  private static final Wave CANARY =
      Wave.builder().name("canary").nodesOrNull(new IntOrString(1)).soakSeconds(600).build();

  private final Map<String, Node> nodes = new TreeMap<>();
  private final Map<String, State> states = new TreeMap<>();
  private Policy base = policy("base", "hello");
  private String version = "1";
  private Instant now = NOW;
  private PolicyDecision last;
  private Optional<Instant> due = Optional.empty();

  @BeforeEach
  void fourNodes() {
    for (int i = 1; i <= 4; i++) {
      join(node("n" + i));
    }
    rollout(r -> r.maxUnavailable(new IntOrString(4)));
  }

  private void join(Node node) {
    nodes.put(node.name(), node);
    states.put(node.name(), state(node));
  }

  private void rollout(
      UnaryOperator<io.kairos.extensions.api.v1alpha1.Rollout.RolloutBuilder> change) {
    base = with(base, s -> s.rollout(change.apply(base.spec().rollout().toBuilder()).build()));
  }

  private void waves(Wave... waves) {
    rollout(r -> r.waves(List.of(waves)));
  }

  private void annotate(String key, String value) {
    base = base.toBuilder().annotations(Map.of(key, value)).build();
  }

  /** One pass; says whom it told something. */
  private List<String> pass() {
    FleetSnapshot fleet =
        FleetSnapshot.of(
            List.of(base), List.of(extension("hello", version)), nodes.values(), states.values());
    Alarm alarm = new Alarm(now);
    Decisions decisions =
        Admission.decide(
            fleet, Planner.plan(fleet), new Evidence(fleet, alarm), alarm, Circumstances.at(now));
    due = alarm.next();
    last = decisions.policies().get("base");
    base =
        with(
            base,
            base.status().toBuilder()
                .rollout(last.rollout())
                .observedRetry(last.attempt())
                .build());
    List<String> told = new ArrayList<>();
    for (Write write : decisions.nodeWrites()) {
      if (write instanceof UpdateState update) {
        State before = states.get(update.node());
        NodeExtensionStateSpec spec =
            new NodeExtensionStateSpec(update.assignments(), List.of(), update.upcoming());
        states.put(
            update.node(),
            before.toBuilder()
                .spec(spec)
                .generation(before.generation() + (spec.equals(before.spec()) ? 0 : 1))
                .boundGeneration(
                    update.binding()
                        ? before.generation() + (spec.equals(before.spec()) ? 0 : 1)
                        : before.boundGeneration())
                .admissions(update.admissions())
                .build());
        if (update.binding()) {
          told.add(update.node());
        }
      }
    }
    return told;
  }

  private void report(Phase phase, String... names) {
    for (String name : names) {
      states.put(name, reported(states.get(name), phase));
    }
  }

  private WaveStatus wave(String name) {
    return Membership.status(base.status().rollout(), name).orElseThrow();
  }

  private void later(long seconds) {
    now = now.plusSeconds(seconds);
  }

  @Test
  void nodesThatHaveNoStateYetAreNoReasonToSkipTheCanary() {
    waves(CANARY.toBuilder().soakSeconds(0).build());
    states.clear();
    assertThat(pass()).isEmpty();
    assertThat(wave("canary").completionTime()).isEmpty();

    nodes.values().forEach(this::join);
    assertThat(pass()).containsExactly("n1");
  }

  @Test
  void theCanaryGoesFirstSoaksAndLetsTheRestFollow() {
    waves(CANARY);

    assertThat(pass()).containsExactly("n1");
    assertThat(states.get("n1").spec().assignments().get(0).wave()).isEqualTo("canary");
    assertThat(pass()).isEmpty();
    assertThat(last.waiting()).containsEntry("n2", "waits for wave canary");
    report(Phase.ACTIVE, "n1");
    assertThat(pass()).isEmpty();
    assertThat(wave("canary").soakStartTime()).isEqualTo(NOW.toString());
    assertThat(last.hold().orElseThrow().message()).contains("wave canary soaks until");
    later(599);
    assertThat(pass()).isEmpty();
    later(1);
    assertThat(pass()).containsExactly("n2", "n3", "n4");
    report(Phase.ACTIVE, "n2", "n3", "n4");
    assertThat(pass()).isEmpty();
    assertThat(wave("rest").completionTime()).isEqualTo(now.toString());
    assertThat(base.status().rollout().lastCompleted()).isEqualTo(last.rollout().revision());
  }

  @Test
  void aSoakBeginsAnewWhenANodeFallsBackAndFailsWhenItGoesDark() {
    waves(CANARY);
    pass();
    report(Phase.ACTIVE, "n1");
    pass();
    later(300);
    nodes.put("n1", unready(nodes.get("n1")).toBuilder().unreadySince(now).build());
    pass();
    assertThat(wave("canary").soakStartTime()).isEmpty();
    nodes.put("n1", node("n1"));
    later(10);
    pass();
    assertThat(wave("canary").soakStartTime()).isEqualTo(now.toString());
    later(599);
    nodes.put("n1", unready(nodes.get("n1")).toBuilder().unreadySince(now).build());
    pass();
    later(600);

    assertThat(pass()).isEmpty();
    assertThat(base.status().rollout().halted()).isEqualTo(base.status().rollout().revision());
    assertThat(wave("canary").failedNodes()).containsExactly("n1");
  }

  /** What breaks the kubelet alone is reported as Active, and shows in the Node later. */
  @Test
  void aNodeThatGoesDarkWithWhatItWasGivenHasFailedInTheLastWaveToo() {
    rollout(r -> r.maxUnavailable(new IntOrString(2)));
    assertThat(pass()).containsExactly("n1", "n2");
    report(Phase.ACTIVE, "n1", "n2");
    for (String node : List.of("n1", "n2")) {
      nodes.put(node, unready(nodes.get(node)).toBuilder().unreadySince(now).build());
    }
    assertThat(pass()).as("they take their slots").isEmpty();
    later(599);
    assertThat(pass()).isEmpty();
    assertThat(base.status().rollout().failed()).isZero();
    later(1);

    assertThat(pass()).isEmpty();
    assertThat(base.status().rollout().halted()).isEqualTo(base.status().rollout().revision());
    assertThat(wave("rest").failedNodes()).containsExactly("n1", "n2");
    assertThat(pass()).as("it has halted").isEmpty();
  }

  /** It is off, and has had the revision for long: that says nothing about going back to it. */
  @Test
  void aNodeThatIsOffIsNoFailureOfTheRevisionThatOthersReturnTo() {
    pass();
    report(Phase.ACTIVE, "n1", "n2", "n3", "n4");
    pass();
    nodes.put("n4", unready(nodes.get("n4")).toBuilder().unreadySince(now).build());
    later(10_000);
    version = "2";
    assertThat(pass()).containsExactly("n1", "n2", "n3");
    report(Phase.ACTIVE, "n1", "n2", "n3");
    pass();

    version = "1";
    assertThat(pass()).containsExactly("n1", "n2", "n3");
    report(Phase.ACTIVE, "n1", "n2", "n3");
    pass();
    assertThat(base.status().rollout().failed()).isZero();
    assertThat(base.status().rollout().halted()).isEmpty();
  }

  @Test
  void aNodeThatAPersonTookDownIsNoFailure() {
    rollout(r -> r.maxUnavailable(new IntOrString(2)));
    assertThat(pass()).containsExactly("n1", "n2");
    report(Phase.ACTIVE, "n1", "n2");
    nodes.put(
        "n1",
        unready(nodes.get("n1")).toBuilder()
            .unreadySince(now)
            .cordon(FleetSnapshot.Cordon.THEIRS)
            .build());
    later(600);

    assertThat(pass()).containsExactly("n3", "n4");
    assertThat(base.status().rollout().failed()).isZero();
  }

  @Test
  void aNodeThatAnotherPolicyRebootsIsNoFailure() {
    rollout(r -> r.maxUnavailable(new IntOrString(2)));
    assertThat(pass()).containsExactly("n1", "n2");
    report(Phase.ACTIVE, "n1", "n2");
    nodes.put("n1", unready(nodes.get("n1")).toBuilder().unreadySince(now).build());
    State reboots = states.get("n1");
    states.put(
        "n1",
        reboots.toBuilder()
            .spec(
                new NodeExtensionStateSpec(
                    reboots.spec().assignments(),
                    List.of(
                        Maintenance.builder()
                            .policy("other")
                            .stage(Maintenance.Stage.REBOOT)
                            .time(now.toString())
                            .build())))
            .build());
    later(600);

    pass();
    assertThat(base.status().rollout().failed()).isZero();
  }

  @Test
  void aNodeThatGoesDarkOnceTheRolloutIsCompleteIsNoFailureOfIt() {
    pass();
    report(Phase.ACTIVE, "n1", "n2", "n3", "n4");
    pass();
    assertThat(wave("rest").completionTime()).isNotEmpty();
    nodes.put("n1", unready(nodes.get("n1")).toBuilder().unreadySince(now).build());
    later(600);
    pass();

    assertThat(base.status().rollout().failed()).isZero();
  }

  @Test
  void aNodeThatCannotBeAdmittedIsNoCanary() {
    waves(CANARY);
    nodes.put("n1", held(nodes.get("n1")));

    assertThat(pass()).containsExactly("n2");
  }

  @Test
  void withoutEvidenceNoWaveIsThroughUnlessAPersonSaysSo() {
    Map<String, String> zone = Map.of("zone", "a");
    waves(Wave.builder().name("zone-a").selectorOrNull(selector("zone", "a")).build());
    nodes.put("n4", held(node("n4", "amd64", zone)));

    assertThat(pass()).isEmpty();
    assertThat(last.hold().orElseThrow().message())
        .contains("wave zone-a waits: none of its nodes can be admitted (n4)");
    annotate(Api.APPROVE_ANNOTATION, "zone-a@" + last.rollout().revision());
    assertThat(pass()).containsExactly("n1", "n2", "n3");
  }

  @Test
  void aWaveThatTakesAPersonsWordWaitsForIt() {
    waves(CANARY.toBuilder().soakSeconds(0).approval(Approval.MANUAL).build());
    pass();
    report(Phase.ACTIVE, "n1");

    assertThat(pass()).isEmpty();
    assertThat(last.hold().orElseThrow().reason()).isEqualTo("AwaitingApproval");
    annotate(Api.APPROVE_ANNOTATION, "canary@v1-another");
    assertThat(pass()).isEmpty();
    annotate(Api.APPROVE_ANNOTATION, "canary@" + last.rollout().revision());
    assertThat(pass()).hasSize(3);
  }

  @Test
  void whoComesLateNeverReopensAWave() {
    waves(CANARY.toBuilder().soakSeconds(0).build());
    pass();
    report(Phase.ACTIVE, "n1");
    pass();
    report(Phase.ACTIVE, "n2", "n3", "n4");
    pass();
    WaveStatus before = wave("canary");
    join(node("a0"));

    assertThat(pass()).containsExactly("a0");
    assertThat(states.get("a0").spec().assignments().get(0).wave()).isEqualTo("rest");
    assertThat(wave("canary")).isEqualTo(before);
  }

  @Test
  void linkedIsEnoughForAWaveWithoutSoakAndNotForOneWith() {
    base = with(base, s -> s.activation(io.kairos.extensions.api.v1alpha1.Activation.NEXT_BOOT));
    waves(CANARY);
    pass();
    report(Phase.PENDING_REBOOT, "n1");
    pass();
    assertThat(wave("canary").soakStartTime()).isEmpty();

    waves(CANARY.toBuilder().soakSeconds(0).build());
    assertThat(pass()).hasSize(3);
  }

  @Test
  void aRevisionThatIsGivenStartsAllWavesAnew() {
    waves(CANARY.toBuilder().soakSeconds(0).build());
    pass();
    report(Phase.ACTIVE, "n1");
    pass();
    report(Phase.ACTIVE, "n2", "n3", "n4");
    pass();
    version = "2";

    assertThat(pass()).containsExactly("n1");
    assertThat(wave("canary").completionTime()).isEmpty();
  }

  @Test
  void aFailureCountsOnceAndStaysCountedWhenItsNodeIsGone() {
    rollout(r -> r.maxUnavailable(new IntOrString(1)).failureBudget(new IntOrString(2)));
    pass();
    report(Phase.FAILED, "n1");
    pass();
    assertThat(base.status().rollout().failed()).isEqualTo(1);
    nodes.remove("n1");
    states.remove("n1");
    report(Phase.FAILED, "n2");
    pass();
    assertThat(base.status().rollout().failed()).isEqualTo(2);
    assertThat(base.status().rollout().halted()).isEmpty();
    report(Phase.FAILED, "n3");
    pass();
    assertThat(base.status().rollout().failed()).isEqualTo(3);
    assertThat(base.status().rollout().halted()).isNotEmpty();
    assertThat(pass()).isEmpty();
  }

  @Test
  void aRetryClearsTheHaltAndTriesWhatFailedAgain() {
    rollout(r -> r.maxUnavailable(new IntOrString(1)));
    pass();
    report(Phase.FAILED, "n1");
    pass();
    assertThat(pass()).isEmpty();
    annotate(Api.RETRY_ANNOTATION, "once more");

    assertThat(pass()).as("what clears a halt is written before it counts").isEmpty();
    assertThat(base.status().rollout().halted()).isEmpty();
    assertThat(base.status().rollout().failed()).isZero();
    assertThat(pass()).as("its admission for the same revision is wiped first").isEmpty();
    assertThat(pass()).containsExactly("n1");
    assertThat(states.get("n1").spec().assignments().get(0).attempt()).isEqualTo("once more");
  }

  @Test
  void whoeverGoesOnInSpiteOfFailuresIsNeverHalted() {
    rollout(r -> r.maxUnavailable(new IntOrString(1)).onFailure(OnFailure.CONTINUE));
    pass();
    report(Phase.FAILED, "n1");

    assertThat(pass()).containsExactly("n2");
    assertThat(base.status().rollout().halted()).isEmpty();
  }

  @Test
  void aHaltThatRollsBackAndHasNothingToReturnToTakesItOff() {
    rollout(r -> r.onFailure(OnFailure.ROLLBACK));
    pass();
    report(Phase.FAILED, "n1");
    pass();
    assertThat(base.status().rollout().rollbackTo()).isEqualTo("none");
    assertThat(pass()).as("what it has reached is taken back").contains("n1");
    assertThat(states.get("n1").spec().assignments().get(0).remove()).isTrue();
  }

  @Test
  void whatTheBadRevisionClosedDoesNotKeepItThere() {
    rollout(r -> r.onFailure(OnFailure.ROLLBACK));
    pass();
    report(Phase.FAILED, "n1");
    rollout(r -> r.gates(List.of(gate("shop")))); // which nobody has opened
    pass();
    assertThat(base.status().rollout().rollbackTo()).isEqualTo("none");

    assertThat(pass()).contains("n1");
    assertThat(states.get("n1").spec().assignments().get(0).remove()).isTrue();
  }

  @Test
  void anAgentThatDoesNotAnswerInTimeHasFailed() {
    rollout(r -> r.maxUnavailable(new IntOrString(1)).failureBudget(new IntOrString(1)));
    assertThat(pass()).containsExactly("n1");
    later(599);
    assertThat(pass()).isEmpty();
    later(1);

    assertThat(pass()).containsExactly("n2");
    assertThat(base.status().rollout().failed()).isEqualTo(1);
  }

  @Test
  void aNodeThatIsAwayHoldsASlotUntilTheDeadline() {
    rollout(r -> r.maxUnavailable(new IntOrString(1)));
    nodes.put("n4", unready(nodes.get("n4")).toBuilder().unreadySince(now).build());

    assertThat(pass()).isEmpty();
    later(600);
    assertThat(pass()).containsExactly("n1");
    assertThat(last.waiting()).containsEntry("n4", "Unreachable: not Ready for too long");
    assertThat(base.status().rollout().failed()).isZero();
  }

  /** A server that does not answer, and a host that merges nothing, whatever it is. */
  @ParameterizedTest
  @ValueSource(strings = {"SourceUnreachable", "UnitMasked"})
  void whatSaysNothingAboutTheImageIsAFailureOnlyAtTheDeadline(String reason) {
    rollout(r -> r.maxUnavailable(new IntOrString(1)));
    pass();
    State told = states.get("n1");
    states.put(
        "n1",
        reported(told, Phase.FAILED).toBuilder()
            .status(
                reported(told, Phase.FAILED).status().toBuilder()
                    .extensions(
                        List.of(
                            Fleets.entry(told.spec().assignments().get(0), Phase.FAILED).toBuilder()
                                .reason(reason)
                                .build()))
                    .build())
            .build());
    assertThat(pass()).isEmpty();
    assertThat(last.slots()).containsExactly("n1");
    assertThat(base.status().rollout().halted()).isEmpty();
    later(600);
    pass();
    assertThat(base.status().rollout().halted()).isNotEmpty();
  }

  @Test
  void outsideItsWindowsAPolicyAdmitsNobodyAndWakesWhenOneOpens() {
    rollout(r -> r.windows(List.of(new Window("0 13 * * *", 60, "UTC")))); // it is noon

    assertThat(pass()).isEmpty();
    assertThat(last.hold().orElseThrow().reason()).isEqualTo("OutsideWindow");
    assertThat(due).hasValue(NOW.plusSeconds(3600));
    later(3600);
    assertThat(pass()).hasSize(4);
    join(node("n5"));
    later(3600);
    assertThat(pass()).isEmpty();
  }

  @Test
  void downloadsGoAheadOfTheirTurnSomeAtOnceAndDisturbNobody() {
    pass();
    report(Phase.ACTIVE, "n1", "n2", "n3", "n4");
    pass();
    waves(CANARY);
    rollout(r -> r.maxUnavailable(new IntOrString(1)).maxStaging(new IntOrString(2)));
    version = "2";

    assertThat(pass()).containsExactly("n1");
    assertThat(staging()).containsExactly("n2", "n3");
    assertThat(last.slots()).containsExactly("n1");
    pass();
    assertThat(last.slots()).as("who stages is through with what it has").containsExactly("n1");
    stagedOn("n2");
    pass();
    assertThat(staging()).containsExactly("n2", "n3", "n4");
    version = "1";
    pass();
    assertThat(staging()).as("what is no longer wanted is taken back").isEmpty();
  }

  @Test
  void aNodeThatDiesWhileItDownloadsAheadKeepsNoPlace() {
    rollout(
        r ->
            r.windows(List.of(new Window("0 13 * * *", 60, "UTC"))) // it is noon
                .maxStaging(new IntOrString(2)));
    pass();
    assertThat(upcoming()).containsExactly("n1", "n2");

    nodes.put("n1", unready(nodes.get("n1")).toBuilder().unreadySince(now).build());
    pass();

    assertThat(upcoming()).as("n3 has its place").containsExactly("n1", "n2", "n3");
  }

  @Test
  void outsideAWindowDownloadsGoAheadAndPausedTheyDoNot() {
    pass();
    report(Phase.ACTIVE, "n1", "n2", "n3", "n4");
    pass();
    rollout(r -> r.windows(List.of(new Window("0 13 * * *", 60, "UTC"))));
    version = "2";
    base = with(base, s -> s.paused(true));
    assertThat(pass()).isEmpty();
    assertThat(staging()).isEmpty();

    base = with(base, s -> s.paused(false));
    assertThat(pass()).isEmpty();
    assertThat(staging()).containsExactly("n1");
  }

  @Test
  void whatIsNewToANodeIsDownloadedAheadToo() {
    rollout(
        r ->
            r.windows(List.of(new Window("0 13 * * *", 60, "UTC"))) // it is noon
                .maxUnavailable(new IntOrString(1))
                .maxStaging(new IntOrString(2)));

    assertThat(pass()).isEmpty();
    assertThat(upcoming()).containsExactly("n1", "n2");
    assertThat(last.slots()).isEmpty();
    stagedUpcoming("n1");
    assertThat(pass()).isEmpty();
    assertThat(upcoming()).as("one is through").containsExactly("n1", "n2", "n3");

    later(3600);
    assertThat(pass()).containsExactly("n1");
    assertThat(upcoming()).as("what is assigned is not to come").containsExactly("n2", "n3");
    assertThat(states.get("n1").spec().assignments()).hasSize(1);
  }

  @Test
  void whatIsNoLongerWantedIsNotToComeEither() {
    rollout(r -> r.windows(List.of(new Window("0 13 * * *", 60, "UTC"))));
    pass();
    String first = states.get("n1").spec().upcoming().get(0).target().revision();

    version = "2";
    assertThat(pass()).isEmpty();
    assertThat(upcoming()).as("another takes its place").containsExactly("n1");
    assertThat(states.get("n1").spec().upcoming().get(0).target().revision()).isNotEqualTo(first);

    base = with(base, s -> s.paused(true));
    pass();
    assertThat(upcoming()).as("a pause takes nothing back").containsExactly("n1");
    base =
        with(
            base,
            s -> s.nodeSelector(new LabelSelectorBuilder().addToMatchLabels("no", "such").build()));
    pass();
    assertThat(upcoming()).isEmpty();
  }

  private List<String> upcoming() {
    return states.values().stream()
        .filter(s -> !s.spec().upcoming().isEmpty())
        .map(State::node)
        .toList();
  }

  private void stagedUpcoming(String name) {
    State state = states.get(name);
    Upcoming upcoming = state.spec().upcoming().get(0);
    states.put(
        name,
        state.toBuilder()
            .status(
                state.status().toBuilder()
                    .extensions(
                        List.of(
                            ExtensionStatus.builder()
                                .type(upcoming.type())
                                .name(upcoming.name())
                                .phase(Phase.STAGED)
                                .reason(Reasons.AWAITING_ADMISSION)
                                .revision(upcoming.target().revision())
                                .stagedRevision(upcoming.target().revision())
                                .build()))
                    .build())
            .build());
  }

  private List<String> staging() {
    return states.values().stream()
        .filter(s -> s.spec().assignments().stream().anyMatch(a -> a.next().isPresent()))
        .map(State::node)
        .toList();
  }

  private void stagedOn(String name) {
    State state = states.get(name);
    String next = state.spec().assignments().get(0).next().orElseThrow().revision();
    states.put(
        name,
        state.toBuilder()
            .status(
                state.status().toBuilder()
                    .extensions(
                        state.status().extensions().stream()
                            .map(e -> e.toBuilder().stagedRevision(next).build())
                            .toList())
                    .build())
            .build());
  }

  @Test
  void aDryRunSaysWaveByWaveWhatWouldHappenAndChangesNothing() {
    pass();
    report(Phase.ACTIVE, "n1", "n2", "n3", "n4");
    pass();
    Policy before = base;
    nodes.put("n4", held(nodes.get("n4")));
    waves(CANARY);
    rollout(r -> r.dryRun(true));
    version = "2";

    assertThat(pass()).isEmpty();
    assertThat(staging()).isEmpty();
    assertThat(base.status().rollout()).isEqualTo(before.status().rollout());
    assertThat(last.preview().orElseThrow().waves())
        .containsExactly(
            new WavePreview("canary", 1, 0, 0, List.of("n1: hello 1 -> 2")),
            new WavePreview(
                "rest",
                3,
                0,
                1,
                List.of("n2: hello 1 -> 2", "n3: hello 1 -> 2", "n4: hello 1 -> 2")));
  }
}
