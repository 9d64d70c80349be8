package io.kairos.extensions.e2e.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Target;
import io.kairos.extensions.e2e.sandbox.Row.Mark;
import io.kairos.extensions.e2e.sandbox.Samples.Wanted;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
  private final Clock clock =
      new Clock() {
        @Override
        public Instant instant() {
          return now.get();
        }

        @Override
        public ZoneId getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
          return this;
        }
      };
  private final Progress progress =
      new Progress(
          List.of("a", "b"),
          List.of(
              new Wanted("hello", "1.0.0", Activation.LIVE),
              new Wanted("tools", "2.0.0", Activation.NEXT_BOOT)),
          clock);

  @Test
  void everyNodeWaitsForEveryExtensionAtFirst() {
    assertThat(progress.rows())
        .extracting(Row::node, Row::what, Row::phase, Row::mark)
        .containsExactly(
            tuple("a", "hello 1.0.0", "Pending", Mark.WAITING),
            tuple("a", "tools 2.0.0", "Pending", Mark.WAITING),
            tuple("b", "hello 1.0.0", "Pending", Mark.WAITING),
            tuple("b", "tools 2.0.0", "Pending", Mark.WAITING));
    assertThat(progress.missing()).hasSize(4);
  }

  @Test
  void onlyWhatChangesIsTold() {
    assertThat(progress.apply("a", Optional.empty())).isEmpty();
    assertThat(progress.apply("a", state(assigned("hello", "1.0.0"))))
        .extracting(Row::detail)
        .containsExactly("given to the node, its agent has not begun");
    Optional<NodeExtensionState> fetching = state(assigned("hello", "1.0.0"), Phase.FETCHING);
    assertThat(progress.apply("a", fetching))
        .extracting(Row::phase, Row::detail)
        .containsExactly(tuple("Fetching", "Why: because"));
    assertThat(progress.apply("a", fetching)).isEmpty();
  }

  @Test
  void timeStopsWhenItIsInEffectAndStartsAnewWithTheNextMove() {
    pass(3);
    assertThat(row(progress.apply("a", state(assigned("hello", "1.0.0"), Phase.ACTIVE))).elapsed())
        .isEqualTo(Duration.ofSeconds(3));
    pass(60);
    assertThat(progress.rows().get(0).elapsed()).isEqualTo(Duration.ofSeconds(3));
    assertThat(
            row(progress.apply("a", state(assigned("hello", "1.1.0"), Phase.FETCHING))).elapsed())
        .isEqualTo(Duration.ZERO);
    pass(2);
    assertThat(row(progress.apply("a", state(assigned("hello", "1.1.0"), Phase.ACTIVE))).elapsed())
        .isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void liveIsInEffectWhenActiveAndNextBootWhenLinked() {
    for (String node : List.of("a", "b")) {
      progress.apply(
          node,
          state(
              assigned("hello", "1.0.0"),
              Phase.PENDING_REBOOT,
              assigned("tools", "2.0.0"),
              Phase.PENDING_REBOOT));
    }
    assertThat(progress.missing()).extracting(Row::what).containsOnly("hello 1.0.0").hasSize(2);
    for (String node : List.of("a", "b")) {
      progress.apply(
          node,
          state(
              assigned("hello", "1.0.0"), Phase.ACTIVE, assigned("tools", "2.0.0"), Phase.ACTIVE));
    }
    assertThat(progress.missing()).isEmpty();
  }

  @Test
  void anotherVersionThanTheOneWantedDoesNotCount() {
    progress.apply("a", state(assigned("hello", "0.9"), Phase.ACTIVE));
    assertThat(progress.missing()).extracting(Row::what).contains("hello 0.9");
  }

  @Test
  void whatAnAgentSaidOfAnEarlierRevisionIsPast() {
    NodeExtensionState state = state(assigned("hello", "1.0.0"), Phase.ACTIVE).orElseThrow();
    state.setSpec(new NodeExtensionStateSpec(List.of(assigned("hello", "1.1.0"))));
    assertThat(row(progress.apply("a", Optional.of(state))))
        .extracting(Row::what, Row::phase)
        .containsExactly("hello 1.1.0", "Pending");
  }

  @Test
  void whatIsRemovedIsGone() {
    progress.apply("a", state(assigned("hello", "1.0.0"), Phase.ACTIVE));
    progress.apply("a", state(assigned("hello", "1.0.0").tombstone(), Phase.REMOVING));
    assertThat(row(progress.apply("a", state())))
        .extracting(Row::what, Row::phase)
        .containsExactly("hello", "Gone");
    assertThat(progress.apply("a", Optional.empty())).isEmpty();
  }

  @Test
  void whatNobodyAskedForHereShowsToo() {
    assertThat(progress.apply("c", state(assigned("other", "3"), Phase.FAILED)))
        .extracting(Row::node, Row::what, Row::mark)
        .containsExactly(tuple("c", "other 3", Mark.FAILED));
    assertThat(progress.missing()).hasSize(4);
  }

  private void pass(int seconds) {
    now.set(now.get().plusSeconds(seconds));
  }

  private static Row row(List<Row> rows) {
    assertThat(rows).hasSize(1);
    return rows.get(0);
  }

  private static Assignment assigned(String name, String version) {
    return new Assignment(
        ExtensionType.SYSEXT,
        name,
        name,
        "policy",
        Target.builder()
            .revision("r-" + version)
            .version(version)
            .image(new Target.ResolvedImage("https://here/" + name, "0".repeat(64)))
            .profiles(List.of(Profile.ACTIVE))
            .activation(Activation.LIVE)
            .soakSeconds(0)
            .build(),
        false);
  }

  /** A state of assignments, each followed by the phase its agent reports, if any. */
  private static Optional<NodeExtensionState> state(Object... parts) {
    List<Assignment> assignments = new ArrayList<>();
    List<ExtensionStatus> reported = new ArrayList<>();
    for (Object part : parts) {
      if (part instanceof Assignment assignment) {
        assignments.add(assignment);
      } else {
        Assignment last = assignments.get(assignments.size() - 1);
        reported.add(
            ExtensionStatus.builder()
                .type(last.type())
                .name(last.name())
                .version(last.target().version())
                .revision(last.target().revision())
                .phase((Phase) part)
                .reason("Why")
                .message("because")
                .build());
      }
    }
    NodeExtensionState state = new NodeExtensionState();
    state.setMetadata(new ObjectMetaBuilder().withName("a").build());
    state.setSpec(new NodeExtensionStateSpec(assignments));
    state.setStatus(NodeExtensionStateStatus.EMPTY.toBuilder().extensions(reported).build());
    return Optional.of(state);
  }
}
