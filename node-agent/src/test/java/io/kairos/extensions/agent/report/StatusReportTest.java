package io.kairos.extensions.agent.report;

import static io.kairos.extensions.agent.plan.Wanted.digest;
import static io.kairos.extensions.agent.plan.Wanted.live;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.Link;
import io.kairos.extensions.agent.plan.NameView;
import io.kairos.extensions.agent.plan.Refusal;
import io.kairos.extensions.agent.plan.Standing;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.DriftStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus.LastFailure;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus.UnmanagedFile;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class StatusReportTest {
  private static final String NOON = "2026-01-01T12:00:00Z";
  private static final String LATER = "2026-01-01T12:05:00Z";
  private static final HostView EMPTY =
      new HostView(Optional.of(Profile.ACTIVE), Map.of(), Map.of(), Set.of(), Set.of(), List.of());

  private static Standing at(String name, Phase phase) {
    return new Standing(live(name, "1"), phase, "Because", "why " + name, 0);
  }

  private static List<Evidence.OfClass> classes(List<Standing> standings, HostView view) {
    return List.of(new Evidence.OfClass(ExtensionType.SYSEXT, standings, view));
  }

  private static NodeExtensionStateStatus report(Standing... standings) {
    return report(NodeExtensionStateStatus.EMPTY, NOON, EMPTY, standings);
  }

  private static NodeExtensionStateStatus report(
      NodeExtensionStateStatus previous, String now, HostView view, Standing... standings) {
    return StatusReport.of(
        new Evidence(7, classes(List.of(standings), view), HostStatus.UNKNOWN, List.of()),
        previous,
        now);
  }

  @Test
  void driftIsCountedOnAndKeptUntilThereIsMore() {
    NodeExtensionStateStatus first = drifted(NodeExtensionStateStatus.EMPTY, NOON, "a: gone", "b");
    assertThat(first.drift()).isEqualTo(new DriftStatus(2, NOON, "a: gone; b"));
    assertThat(drifted(first, LATER).drift()).isEqualTo(first.drift());
    assertThat(drifted(first, LATER, "c").drift()).isEqualTo(new DriftStatus(3, LATER, "c"));
    assertThat(drifted(first, LATER, "x".repeat(5_000)).drift().message()).hasSize(900);
    assertThat(StatusReport.unreachable(first, 7, "silent", LATER).drift())
        .isEqualTo(first.drift());
  }

  private static NodeExtensionStateStatus drifted(
      NodeExtensionStateStatus previous, String now, String... found) {
    return StatusReport.of(
        new Evidence(7, classes(List.of(), EMPTY), HostStatus.UNKNOWN, List.of(found)),
        previous,
        now);
  }

  private static Condition condition(NodeExtensionStateStatus status, String type) {
    return Conditions.find(status.conditions(), type).orElseThrow();
  }

  private static void assertConditions(NodeExtensionStateStatus status, String... wanted) {
    assertThat(status.conditions())
        .extracting(c -> c.getType() + "=" + c.getStatus() + "/" + c.getReason())
        .containsExactlyInAnyOrder(wanted);
  }

  @Test
  void allActiveIsReady() {
    assertConditions(
        report(at("a", Phase.ACTIVE), at("b", Phase.ACTIVE)),
        "Ready=True/AllActive",
        "Degraded=False/AllActive",
        "RebootRequired=False/NothingPending");
  }

  private static NodeExtensionStateStatus reportOf(boolean trustedBoot, String imagePolicy) {
    HostStatus host =
        HostStatus.UNKNOWN.toBuilder().trustedBoot(trustedBoot).imagePolicy(imagePolicy).build();
    return StatusReport.of(
        new Evidence(7, classes(List.of(), EMPTY), host, List.of()),
        NodeExtensionStateStatus.EMPTY,
        NOON);
  }

  @ParameterizedTest
  @CsvSource({
    "'', no image policy",
    "root=verity+absent:usr=verity+absent, 'root=verity+absent:usr=verity+absent'",
    "root=verity+signed+absent:usr=verity+signed+absent, merges images that nobody signed",
    "'root=signed+absent:usr=signed+absent, *', --image-policy=root=signed+absent"
  })
  void aTrustedBootHostWithAWeakPolicyIsFlagged(String policy, String text) {
    Condition weak = condition(reportOf(true, policy), Conditions.WEAK_IMAGE_POLICY);
    assertThat(weak.getStatus()).isEqualTo("True");
    assertThat(weak.getReason()).isEqualTo(Reasons.UNSIGNED_IMAGES_ALLOWED);
    assertThat(weak.getMessage()).contains(text);
    NodeExtensionStateStatus silent =
        StatusReport.unreachable(reportOf(true, policy), 8, "no answer", LATER);
    assertThat(condition(silent, Conditions.WEAK_IMAGE_POLICY)).isEqualTo(weak);
  }

  @Test
  void aPolicyThatDemandsSignaturesIsNotWeakAndOtherHostsAreNotAsked() {
    assertThat(
            condition(
                    reportOf(true, "root=signed+absent:usr=signed+absent"),
                    Conditions.WEAK_IMAGE_POLICY)
                .getStatus())
        .isEqualTo("False");
    assertThat(Conditions.find(reportOf(false, "*").conditions(), Conditions.WEAK_IMAGE_POLICY))
        .isEmpty();
  }

  @Test
  void nothingAssignedIsReady() {
    assertThat(condition(report(), Conditions.READY).getStatus()).isEqualTo("True");
  }

  @ParameterizedTest
  @EnumSource(names = {"PENDING", "FETCHING", "STAGED", "ACTIVATING", "VERIFYING", "REMOVING"})
  void workIsReconciling(Phase phase) {
    NodeExtensionStateStatus status = report(at("a", Phase.ACTIVE), at("b", phase));
    assertConditions(
        status,
        "Ready=False/InProgress",
        "Degraded=False/AllActive",
        "RebootRequired=False/NothingPending",
        "Reconciling=True/InProgress");
    assertThat(condition(status, Conditions.RECONCILING).getMessage())
        .isEqualTo("b " + phase.text());
  }

  @Test
  void waitingForABootIsReadyAndSaysSo() {
    NodeExtensionStateStatus status = report(at("a", Phase.ACTIVE), at("b", Phase.PENDING_REBOOT));
    assertConditions(
        status,
        "Ready=True/AwaitingReboot",
        "Degraded=False/AllActive",
        "RebootRequired=True/LinkedForNextBoot");
    assertThat(condition(status, Conditions.READY).getMessage()).contains("b PendingReboot");
  }

  @Test
  void aFailureThatIsTriedAgainIsReconciling() {
    NodeExtensionStateStatus status = report(at("a", Phase.ACTIVE), at("b", Phase.FAILED));
    assertConditions(
        status,
        "Ready=False/ExtensionsFailed",
        "Degraded=True/ExtensionsFailed",
        "RebootRequired=False/NothingPending",
        "Reconciling=True/InProgress");
    assertThat(condition(status, Conditions.READY).getMessage()).isEqualTo("b: why b");
  }

  @Test
  void aFailureThatIsNotIsStalled() {
    assertConditions(
        report(at("a", Phase.ACTIVE), at("b", Phase.INCOMPATIBLE)),
        "Ready=False/ExtensionsFailed",
        "Degraded=True/ExtensionsFailed",
        "RebootRequired=False/NothingPending",
        "Stalled=True/ExtensionsFailed");
  }

  @Test
  void neverAreReconcilingAndStalledSetBothAndKstatusAlwaysFindsAnAnswer() {
    for (Phase one : Phase.values()) {
      for (Phase two : Phase.values()) {
        for (Phase three : EnumSet.of(Phase.ACTIVE, Phase.INCOMPATIBLE, Phase.PENDING_REBOOT)) {
          NodeExtensionStateStatus status = report(at("a", one), at("b", two), at("c", three));
          boolean reconciling =
              Conditions.find(status.conditions(), Conditions.RECONCILING).isPresent();
          boolean stalled = Conditions.find(status.conditions(), Conditions.STALLED).isPresent();
          boolean ready = condition(status, Conditions.READY).getStatus().equals("True");
          assertThat(List.of(reconciling, stalled, ready))
              .as("%s, %s and %s", one, two, three)
              .containsOnlyOnce(true);
        }
      }
    }
  }

  @Test
  void everyConditionSpeaksOfTheGenerationAndIsCompleteForTheSchema() {
    NodeExtensionStateStatus status = report(at("a", Phase.FAILED), at("b", Phase.PENDING_REBOOT));
    assertThat(status.observedGeneration()).isEqualTo(7);
    assertThat(status.conditions())
        .allSatisfy(
            condition -> {
              assertThat(condition.getObservedGeneration()).isEqualTo(7);
              assertThat(condition.getLastTransitionTime()).isEqualTo(NOON);
              assertThat(condition.getReason()).matches("[A-Za-z]+");
              assertThat(condition.getMessage()).isNotNull();
            });
  }

  @Test
  void timesMoveOnlyWithWhatTheySpeakOf() {
    NodeExtensionStateStatus first = report(at("a", Phase.ACTIVE), at("b", Phase.FETCHING));
    NodeExtensionStateStatus same =
        report(first, LATER, EMPTY, at("a", Phase.ACTIVE), at("b", Phase.FETCHING));
    assertThat(same).isEqualTo(first);

    NodeExtensionStateStatus moved =
        report(first, LATER, EMPTY, at("a", Phase.ACTIVE), at("b", Phase.ACTIVE));
    assertThat(condition(moved, Conditions.READY).getLastTransitionTime()).isEqualTo(LATER);
    assertThat(condition(moved, Conditions.DEGRADED).getLastTransitionTime()).isEqualTo(NOON);
    assertThat(moved.extensions())
        .extracting(ExtensionStatus::lastTransitionTime)
        .containsExactly(NOON, LATER);
  }

  @Test
  void anotherMessageMovesNoTime() {
    NodeExtensionStateStatus first = report(at("a", Phase.FAILED));
    Standing worded = new Standing(live("a", "1"), Phase.FAILED, "Because", "in other words", 2);
    NodeExtensionStateStatus second = report(first, LATER, EMPTY, worded);
    assertThat(second.extensions().get(0).lastTransitionTime()).isEqualTo(NOON);
    assertThat(second.extensions().get(0).attempts()).isEqualTo(2);
    assertThat(condition(second, Conditions.READY).getLastTransitionTime()).isEqualTo(NOON);
    assertThat(condition(second, Conditions.READY).getMessage()).contains("in other words");
  }

  @Test
  void tombstonesAreShownButNotCountedAsWanted() {
    Standing removing =
        new Standing(live("b", "1").tombstone(), Phase.REMOVED, Reasons.REMOVED, "", 0);
    NodeExtensionStateStatus status =
        report(at("a", Phase.ACTIVE), removing, at("c", Phase.FAILED), at("d", Phase.INCOMPATIBLE));
    assertThat(status.desired()).isEqualTo(3);
    assertThat(status.active()).isEqualTo(1);
    assertThat(status.failed()).isEqualTo(2);
    assertThat(status.extensions()).hasSize(4);
    assertThat(status.summary()).isEqualTo("a 1 Active, b 1 Removed, c 1 Failed, d 1 Incompatible");
  }

  @Test
  void anEntryShowsWhatIsInEffectBesideWhatIsWanted() {
    String old = digest("a", "0");
    NameView links =
        new NameView(
            Optional.empty(),
            Map.of(
                Profile.ACTIVE, new Link.Image(digest("a", "1")),
                Profile.PASSIVE, new Link.Image(old)),
            Optional.of(new Link.Image(old)),
            Optional.of(old),
            Optional.empty());
    HostView view =
        new HostView(
            Optional.of(Profile.ACTIVE),
            Map.of("a", links),
            Map.of("a", Optional.of(old)),
            Set.of(old),
            Set.of(),
            List.of());
    ExtensionStatus entry =
        report(NodeExtensionStateStatus.EMPTY, NOON, view, at("a", Phase.PENDING_REBOOT))
            .extensions()
            .get(0);
    assertThat(entry.version()).isEqualTo("1");
    assertThat(entry.revision()).isEqualTo("v1-1");
    assertThat(entry.sha256()).isEqualTo(old);
    assertThat(entry.merged()).isTrue();
    assertThat(entry.profiles()).containsExactly(Profile.ACTIVE);
    assertThat(entry.soaked()).isFalse();
  }

  @Test
  void whatIsNoLongerAssignedIsReleasedAndHarmsNobody() {
    Map<String, NameView> names = new HashMap<>();
    names.put("ours", ours("ours"));
    names.put(
        "theirs",
        new NameView(
            Optional.of(new Link.Foreign("the file theirs.raw")),
            Map.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty()));
    HostView view =
        new HostView(
            Optional.of(Profile.ACTIVE),
            names,
            Map.of("ours", Optional.of(digest("ours", "1"))),
            Set.of(),
            Set.of(),
            List.of(new UnmanagedFile("theirs.raw", List.of(), false)));
    NodeExtensionStateStatus status =
        report(NodeExtensionStateStatus.EMPTY, NOON, view, at("a", Phase.ACTIVE));
    assertThat(status.extensions())
        .extracting(ExtensionStatus::name, ExtensionStatus::phase)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("a", Phase.ACTIVE),
            org.assertj.core.groups.Tuple.tuple("ours", Phase.RELEASED));
    assertThat(status.extensions().get(1))
        .returns(digest("ours", "1"), ExtensionStatus::sha256)
        .returns(List.of(Profile.ACTIVE), ExtensionStatus::profiles)
        .returns(true, ExtensionStatus::merged)
        .returns(Reasons.NO_LONGER_ASSIGNED, ExtensionStatus::reason);
    assertThat(status.desired()).isEqualTo(1);
    assertThat(status.unmanaged()).hasSize(1);
    assertThat(condition(status, Conditions.READY).getStatus()).isEqualTo("True");
  }

  private static NameView ours(String name) {
    return new NameView(
        Optional.empty(),
        Map.of(Profile.ACTIVE, new Link.Image(digest(name, "1"))),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  @Test
  void listsAreBounded() {
    Map<String, NameView> names = new HashMap<>();
    IntStream.range(0, 100).forEach(i -> names.put("ours-" + i, ours("ours-" + i)));
    HostView view = new HostView(Optional.empty(), names, Map.of(), Set.of(), Set.of(), List.of());
    Standing[] failed =
        IntStream.range(0, 64)
            .mapToObj(i -> at("%02d".formatted(i), Phase.FAILED))
            .toArray(Standing[]::new);
    NodeExtensionStateStatus status = report(NodeExtensionStateStatus.EMPTY, NOON, view, failed);
    assertThat(status.extensions()).hasSizeLessThanOrEqualTo(128);
    assertThat(condition(status, Conditions.READY).getMessage().split("; ")).hasSize(10);
  }

  @Test
  void aConditionsMessageFitsTheSchema() {
    Standing wordy =
        new Standing(live("a", "1"), Phase.FAILED, "Because", "long ".repeat(20_000), 1);
    assertThat(report(wordy).conditions())
        .allSatisfy(c -> assertThat(c.getMessage()).hasSizeLessThanOrEqualTo(32_768));
  }

  @Test
  void aHostThatDoesNotAnswerKeepsWhatWasKnown() {
    NodeExtensionStateStatus before = report(at("a", Phase.ACTIVE), at("b", Phase.PENDING_REBOOT));
    NodeExtensionStateStatus status =
        StatusReport.unreachable(before, 8, "the bus did not answer", LATER);
    assertConditions(
        status,
        "Ready=False/HostUnreachable",
        "Degraded=True/HostUnreachable",
        "Reconciling=True/HostUnreachable",
        "RebootRequired=True/LinkedForNextBoot");
    assertThat(condition(status, Conditions.READY).getMessage())
        .isEqualTo("the bus did not answer");
    assertThat(condition(status, Conditions.READY).getLastTransitionTime()).isEqualTo(LATER);
    assertThat(condition(status, Conditions.REBOOT_REQUIRED).getLastTransitionTime())
        .isEqualTo(NOON);
    assertThat(status.extensions()).isEqualTo(before.extensions());
    assertThat(status.observedGeneration()).as("it was not planned from").isEqualTo(7);
  }

  @Test
  void aHostThatNeverAnsweredIsNotReady() {
    assertConditions(
        StatusReport.unreachable(NodeExtensionStateStatus.EMPTY, 1, "no bus", NOON),
        "Ready=False/HostUnreachable",
        "Degraded=True/HostUnreachable",
        "Reconciling=True/HostUnreachable");
  }

  @Test
  void aHostThatAnswersAgainIsNoLongerReconciling() {
    NodeExtensionStateStatus gone =
        StatusReport.unreachable(report(at("a", Phase.ACTIVE)), 7, "no bus", NOON);
    assertConditions(
        report(gone, LATER, EMPTY, at("a", Phase.ACTIVE)),
        "Ready=True/AllActive",
        "Degraded=False/AllActive",
        "RebootRequired=False/NothingPending");
  }

  @Test
  void aFailureKeepsTheTimeOfItsFirstReportAndOutlivesTheSuccess() {
    NodeExtensionStateStatus first = report(at("a", Phase.FAILED));
    LastFailure failure = new LastFailure("v1-1", "", "Because", "why a", NOON);
    assertThat(lastFailure(first)).contains(failure);

    NodeExtensionStateStatus again = report(first, LATER, EMPTY, at("a", Phase.FAILED));
    assertThat(lastFailure(again)).contains(failure);
    assertThat(lastFailure(report(again, LATER, EMPTY, at("a", Phase.ACTIVE)))).contains(failure);
    Standing other =
        new Standing(
            live("a", "1").toBuilder().attempt("x").build(), Phase.FAILED, "Because", "why a", 0);
    assertThat(lastFailure(report(again, LATER, EMPTY, other)))
        .contains(new LastFailure("v1-1", "x", "Because", "why a", LATER));
  }

  @Test
  void theFailureOfWhatComesNextNamesItsOwnRevision() {
    Standing ahead =
        new Standing(
                live("a", "1").toBuilder().nextOrNull(live("a", "2").target()).build(),
                Phase.ACTIVE,
                "Merged",
                "",
                0)
            .withStagedRevision("v1-1")
            .withNextFailure(
                Optional.of(new Refusal(Phase.INCOMPATIBLE, "OsMismatch", "another system")));

    NodeExtensionStateStatus status = report(ahead);

    assertThat(lastFailure(status))
        .contains(new LastFailure("v1-2", "", "OsMismatch", "another system", NOON));
    assertThat(status.extensions().get(0).stagedRevision()).isEqualTo("v1-1");
    assertThat(status.failed()).isZero();
    assertThat(condition(status, Conditions.READY).getStatus()).isEqualTo("True");
  }

  @Test
  void aRebootThatIsUnderWayOrRefusedIsSaid() {
    assertThat(rebootRequired(new Evidence.Reboot.None()).getReason())
        .isEqualTo(Reasons.LINKED_FOR_NEXT_BOOT);
    assertThat(rebootRequired(new Evidence.Reboot.Begun()).getReason())
        .isEqualTo(Reasons.REBOOTING);
    Condition refused = rebootRequired(new Evidence.Reboot.Refused("a backup holds a lock"));
    assertThat(refused.getReason()).isEqualTo(Reasons.REBOOT_REFUSED);
    assertThat(refused.getMessage()).isEqualTo("a PendingReboot: a backup holds a lock");
  }

  private static Condition rebootRequired(Evidence.Reboot reboot) {
    return condition(
        StatusReport.of(
            new Evidence(
                7,
                classes(List.of(at("a", Phase.PENDING_REBOOT)), EMPTY),
                HostStatus.UNKNOWN,
                reboot,
                List.of(),
                Map.of()),
            NodeExtensionStateStatus.EMPTY,
            NOON),
        Conditions.REBOOT_REQUIRED);
  }

  private static Optional<LastFailure> lastFailure(NodeExtensionStateStatus status) {
    return status.extensions().get(0).lastFailure();
  }
}
