package io.kairos.extensions.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** How long a job may take before it is the image's fault, or nobody's. */
class JobWaitTest {
  private static long at(int seconds) {
    return Duration.ofSeconds(seconds).toNanos();
  }

  @Test
  void aJobThatRunsHasTwoMinutesMoreThanItsUnitAllows() {
    JobWait wait = new JobWait(Duration.ofSeconds(90), 0);
    assertThat(wait.isOver(false, at(1))).isFalse();
    assertThat(wait.isOver(false, at(210))).isFalse();
    assertThat(wait.isOver(false, at(211))).isTrue();
    assertThat(wait.hasRun()).isTrue();
  }

  @Test
  void itsTimeInTheQueueDoesNotCount() {
    JobWait wait = new JobWait(Duration.ZERO, 0);
    assertThat(wait.isOver(true, at(200))).isFalse();
    assertThat(wait.hasRun()).isFalse();
    assertThat(wait.isOver(false, at(201))).isFalse();
    assertThat(wait.isOver(false, at(320))).isFalse();
    assertThat(wait.isOver(false, at(321))).isTrue();
  }

  @Test
  void aUnitThatAllowsItsStartAnyTimeHasTenMinutes() {
    JobWait wait = new JobWait(Duration.ofSeconds(Long.MAX_VALUE), 0);
    assertThat(wait.isOver(false, at(599))).isFalse();
    assertThat(wait.isOver(false, at(600))).isTrue();
  }

  @Test
  void aJobThatNeverLeavesTheQueueIsWaitedForTenMinutesAndHasNotRun() {
    JobWait wait = new JobWait(Duration.ofSeconds(90), 0);
    assertThat(wait.isOver(true, at(599))).isFalse();
    assertThat(wait.isOver(true, at(600))).isTrue();
    assertThat(wait.hasRun()).isFalse();
  }
}
