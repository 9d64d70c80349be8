package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.plan.Wanted;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

/** Images in work on real threads. */
class StagingsTest {
  private final Semaphore signals = new Semaphore(0);
  private final Stagings stagings = new Stagings(signals::release);

  private Optional<Staged> outcome(Stagings.Work work) {
    stagings.start(Wanted.assignment("tool", "1", Activation.LIVE, 0, Profile.ACTIVE), work);
    await().until(signals::tryAcquire);
    return stagings.ended().orElseThrow().outcome();
  }

  /** An image that leads a library too deep must not be the last one that this node gets. */
  @Test
  void afterADefectTheNextImageGetsItsTurn() {
    assertThat(outcome(() -> new Staged.NotStaged("Deep", "level " + deep(0))))
        .hasValueSatisfying(
            outcome ->
                assertThat(outcome)
                    .isInstanceOfSatisfying(
                        Staged.NotStaged.class,
                        not -> {
                          assertThat(not.reason()).isEqualTo(Reasons.STORE_ERROR);
                          assertThat(not.message()).contains("internal error");
                        }));
    assertThat(stagings.isIdle()).isTrue();
    assertThat(outcome(() -> new Staged.Ready(false, Optional.empty()))).isPresent();
  }

  @SuppressWarnings("InfiniteRecursion") // is what is wanted
  private static int deep(int level) {
    return deep(level + 1) + 1;
  }
}
