package io.kairos.extensions.e2e.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.e2e.sandbox.Row.Mark;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusTableTest {
  private static final Row DONE =
      new Row("node-1", "hello", "1.0.0", "Active", "Merged", Mark.DONE, Duration.ofMillis(2_340));
  private static final Row BROKEN =
      new Row(
          "node-10",
          "tools",
          "",
          "Failed",
          "DigestMismatch: two\n  lines",
          Mark.FAILED,
          Duration.ofSeconds(12));

  @Test
  void columnsStandBelowEachOther() {
    assertThat(StatusTable.render(List.of(DONE, BROKEN), 80, false))
        .containsExactly(
            "NODE     EXTENSION    PHASE     TIME  DETAIL",
            "node-1   hello 1.0.0  Active   2.3 s  Merged",
            "node-10  tools        Failed  12.0 s  DigestMismatch: two lines");
  }

  @Test
  void noLineIsLongerThanTheTerminal() {
    for (int width = 0; width < 80; width++) {
      int limit = width;
      assertThat(StatusTable.render(List.of(DONE, BROKEN), width, false))
          .hasSize(3)
          .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(Math.max(limit, 3)));
    }
    assertThat(StatusTable.render(List.of(DONE, BROKEN), 50, false).get(2))
        .isEqualTo("node-10  tools        Failed  12.0 s  DigestMis...");
  }

  @Test
  void coloursGoAroundThePhaseAndChangeNothingElse() {
    List<String> plain = StatusTable.render(List.of(DONE, BROKEN), 80, false);
    List<String> colored = StatusTable.render(List.of(DONE, BROKEN), 80, true);
    assertThat(colored.get(1)).contains("\u001b[32mActive\u001b[0m");
    assertThat(colored.get(2)).contains("\u001b[31mFailed\u001b[0m");
    assertThat(colored.stream().map(line -> line.replaceAll("\u001b\\[[0-9]+m", "")))
        .isEqualTo(plain);
  }

  @Test
  void aNarrowTerminalCutsColoursOffWhole() {
    for (int width = 0; width < 60; width++) {
      assertThat(StatusTable.render(List.of(DONE), width, true).get(1))
          .satisfiesAnyOf(
              line -> assertThat(line).doesNotContain("\u001b"),
              line -> assertThat(line).contains("\u001b[32m").contains("\u001b[0m"));
    }
  }

  @Test
  void withoutRowsThereAreHeads() {
    assertThat(StatusTable.render(List.of(), 80, true))
        .containsExactly("NODE  EXTENSION  PHASE  TIME  DETAIL");
  }

  @Test
  void aRowByItselfIsALine() {
    assertThat(StatusTable.line(BROKEN))
        .isEqualTo(" 12.0 s  node-10  tools          Failed         DigestMismatch: two lines");
  }
}
