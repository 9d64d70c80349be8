package io.kairos.extensions.agent.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BackoffTest {
  @ParameterizedTest
  @CsvSource({
    "1, 2000",
    "2, 4000",
    "3, 8000",
    "8, 256000",
    "9, 300000",
    "100, 300000",
    "2147483647, 300000"
  })
  void doublesUpToFiveMinutesLessAtMostAQuarter(int attempts, long full) {
    for (int node = 0; node < 500; node++) {
      assertThat(Backoff.millis(attempts, "node-" + node)).isBetween(full * 3 / 4, full);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void beforeTheFirstTryItIsTheFirstPause(int attempts) {
    assertThat(Backoff.millis(attempts, "node")).isBetween(1_500L, 2_000L);
  }

  @Test
  void nodesDoNotComeBackInStep() {
    assertThat(
            IntStream.range(0, 100)
                .mapToObj(node -> Backoff.millis(5, "node-" + node))
                .collect(Collectors.toSet()))
        .hasSizeGreaterThan(30);
  }

  @ParameterizedTest
  @CsvSource({"1, 120", "1, 3600", "9, 600"})
  void aSourceThatAsksForAPauseGetsItAndNodesDoNotComeBackInStep(int attempts, long seconds) {
    Set<Long> pauses = new HashSet<>();
    for (int node = 0; node < 100; node++) {
      pauses.add(Backoff.millis(attempts, "node-" + node, seconds * 1000));
    }
    assertThat(pauses)
        .hasSizeGreaterThan(30)
        .allSatisfy(pause -> assertThat(pause).isBetween(seconds * 1000, seconds * 1250));
  }

  @Test
  void aShorterPauseThanOursShortensNothing() {
    assertThat(Backoff.millis(9, "node", 1_000)).isEqualTo(Backoff.millis(9, "node"));
  }

  @Test
  void isTheSameForTheSameNodeAndTry() {
    assertThat(Backoff.millis(4, "node")).isEqualTo(Backoff.millis(4, "node"));
  }
}
