package io.kairos.extensions.agent.plan;

import static io.kairos.extensions.agent.plan.Wanted.digest;
import static io.kairos.extensions.agent.plan.Wanted.live;
import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Signature;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MemoryTest {
  private static final String NODE = "node";
  private static final Staged READY = new Staged.Ready(false, Optional.empty());

  private final Assignment one = live("one", "1");
  private final Assignment two = live("two", "1");

  private static HostView merged(Assignment... assignments) {
    Map<String, Optional<String>> merged = new java.util.HashMap<>();
    for (Assignment assignment : assignments) {
      merged.put(assignment.name(), Optional.of(assignment.target().image().sha256()));
    }
    return new HostView(Optional.empty(), Map.of(), merged, Set.of(), Set.of(), List.of());
  }

  private static Action.Refresh trial(Assignment... assignments) {
    Map<String, Optional<String>> expected = new java.util.HashMap<>();
    Set<ExtensionKey> trials = new java.util.HashSet<>();
    for (Assignment assignment : assignments) {
      expected.put(assignment.name(), Optional.of(assignment.target().image().sha256()));
      trials.add(assignment.key());
    }
    return new Action.Refresh(expected, trials);
  }

  private Memory after(Memory memory, Action.Refresh refresh, HostView view) {
    return memory.refreshed(refresh, List.of(one, two), view, "what the host said", 1_000, NODE);
  }

  @Test
  void aSourceThatAsksForAPauseIsNotTriedBeforeItsEnd() {
    Staged refused = new Staged.NotStaged(Reasons.DOWNLOAD_REFUSED, "HTTP 429", 600_000);
    assertThat(Memory.EMPTY.finished(one, refused, 1_000, NODE).failure(one))
        .hasValueSatisfying(
            failure -> assertThat(failure.retryAtMillis()).isBetween(601_000L, 751_000L));
  }

  @Test
  void theFailureOfOneTrialIsHeldAgainstIt() {
    Memory memory = after(Memory.EMPTY, trial(one), merged());
    assertThat(memory.failure(one))
        .hasValueSatisfying(
            failure -> {
              assertThat(failure.reason()).isEqualTo(Reasons.MERGE_FAILED);
              assertThat(failure.message()).isEqualTo("what the host said");
              assertThat(failure.attempts()).isEqualTo(1);
              assertThat(failure.retryAtMillis()).isEqualTo(1_000 + Backoff.millis(1, NODE));
            });
    assertThat(memory.trouble()).isEmpty();
    assertThat(after(memory, trial(one), merged()).failure(one).orElseThrow().attempts())
        .isEqualTo(2);
  }

  @Test
  void theFailureOfSeveralMakesThemSuspects() {
    Memory memory = after(Memory.EMPTY, trial(one, two), merged(one));
    assertThat(memory.failures()).isEmpty();
    assertThat(memory.alone()).containsExactlyInAnyOrder(Memory.use(one), Memory.use(two));
  }

  @Test
  void theFailureOfARefreshThatTriesNothingIsTheHosts() {
    Action.Refresh removal = new Action.Refresh(Map.of("gone", Optional.empty()), Set.of());
    HostView still =
        new HostView(
            Optional.empty(),
            Map.of(),
            Map.of("gone", Optional.of(digest("gone", "1"))),
            Set.of(),
            Set.of(),
            List.of());
    Memory memory = after(Memory.EMPTY, removal, still);
    assertThat(memory.trouble().orElseThrow().attempts()).isEqualTo(1);
    assertThat(memory.trouble().orElseThrow().message()).isEqualTo("what the host said");
    assertThat(after(memory, removal, merged()).trouble()).isEmpty();
  }

  @Test
  void aRefreshThatShowsWhatWasWantedClearsTheTried() {
    Memory memory =
        Memory.EMPTY
            .failed(one, "R", "m", 0, NODE)
            .failed(two, "R", "m", 0, NODE)
            .suspecting(Set.of(Memory.use(one), Memory.use(two)));
    Memory cleared = after(memory, trial(one), merged(one));
    assertThat(cleared.failure(one)).isEmpty();
    assertThat(cleared.failure(two)).isPresent();
    assertThat(cleared.alone()).containsExactly(Memory.use(two));
  }

  @Test
  void anotherVersionMergedIsNoSuccess() {
    assertThat(after(Memory.EMPTY, trial(one), merged(live("one", "0"))).failure(one)).isPresent();
  }

  @Test
  void aFailureCountsForItsTargetAlone() {
    Memory memory = Memory.EMPTY.failed(one, "R", "m", 0, NODE);
    Assignment newer = live("one", "2");
    assertThat(memory.failure(newer)).isEmpty();
    assertThat(memory.failed(newer, "R", "m", 0, NODE).failure(newer).orElseThrow().attempts())
        .isEqualTo(1);
  }

  @Test
  void aFinishedImageFreesThePlaceForTheNext() {
    Memory working = Memory.EMPTY.begun(Memory.use(one));
    Memory done = working.finished(one, READY, 0, NODE);
    assertThat(done.staging()).isEmpty();
    assertThat(done.staged(Memory.use(one))).contains(READY);
    assertThat(done.staged(Memory.use(two))).isEmpty();
  }

  @Test
  void anImageThatCouldNotBeHadIsAFailureUntilItIs() {
    Memory failed =
        Memory.EMPTY.finished(
            one, new Staged.NotStaged(Reasons.DOWNLOAD_REFUSED, "HTTP 500"), 0, NODE);
    assertThat(failed.failure(one).orElseThrow().reason()).isEqualTo(Reasons.DOWNLOAD_REFUSED);
    assertThat(failed.finished(one, READY, 0, NODE).failure(one)).isEmpty();
  }

  @Test
  void theSameImageUnderAnotherNameIsAnotherUse() {
    Memory memory =
        Memory.EMPTY.finished(one, new Staged.Unfit("ExtensionReleaseMisnamed", "m"), 0, NODE);
    assertThat(memory.staged(new ImageUse(digest("one", "1"), "two", Signature.HOST))).isEmpty();
  }

  @Test
  void aSoakRunsWhileTheVersionStaysMerged() {
    Memory begun = Memory.EMPTY.observed(Desired.only(List.of(one)), merged(one), 100);
    Memory later = begun.observed(Desired.only(List.of(one)), merged(one), 200);
    assertThat(later.soaks().get(one.key()).sinceMillis()).isEqualTo(100);
    assertThat(later.observed(Desired.only(List.of(one)), merged(), 300).soaks()).isEmpty();
    assertThat(
            later
                .observed(Desired.only(List.of(live("one", "2"))), merged(live("one", "2")), 300)
                .soaks()
                .get(one.key())
                .sinceMillis())
        .isEqualTo(300);
    assertThat(later.observed(Desired.only(List.of(one.tombstone())), merged(one), 300).soaks())
        .isEmpty();
  }

  @Test
  void whatIsAssignedNoMoreIsForgotten() {
    Memory memory =
        Memory.EMPTY
            .finished(one, READY, 0, NODE)
            .failed(one, "R", "m", 0, NODE)
            .suspecting(Set.of(Memory.use(one)));
    Memory kept = memory.observed(Desired.only(List.of(one)), merged(), 0);
    assertThat(kept).isEqualTo(memory);
    assertThat(memory.observed(Desired.only(List.of(two)), merged(), 0)).isEqualTo(Memory.EMPTY);
    assertThat(memory.observed(Desired.only(List.of(live("one", "2"))), merged(), 0))
        .isEqualTo(Memory.EMPTY);
  }
}
