package io.kairos.extensions.operator.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.api.v1alpha1.Window;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WindowsTest {
  private static final Window NIGHTLY = new Window("0 2 * * *", 240, "Europe/Berlin");

  @ParameterizedTest
  @CsvSource({
    "2026-01-10T00:59:59Z, false",
    "2026-01-10T01:00:00Z, true",
    "2026-01-10T04:59:59Z, true",
    "2026-01-10T05:00:00Z, false",
    "2026-07-10T00:00:00Z, true",
    "2026-07-09T23:59:59Z, false",
  })
  void opensByTheClockOfItsZoneAndClosesAfterItsDuration(Instant now, boolean open) {
    assertThat(new Windows(List.of(NIGHTLY)).openUntil(now).isPresent()).isEqualTo(open);
  }

  @Test
  void saysUntilWhenAndWhenNext() {
    Windows windows = new Windows(List.of(NIGHTLY, new Window("30 4 * * MON", 60, "UTC")));

    assertThat(windows.openUntil(Instant.parse("2026-01-12T04:45:00Z")))
        .hasValue(Instant.parse("2026-01-12T05:30:00Z"));
    assertThat(windows.nextOpening(Instant.parse("2026-01-12T02:00:00Z")))
        .hasValue(Instant.parse("2026-01-12T04:30:00Z"));
    assertThat(windows.nextOpening(Instant.parse("2026-01-12T12:00:00Z")))
        .hasValue(Instant.parse("2026-01-13T01:00:00Z"));
  }

  @Test
  void anHourThatTheClockLeavesOutIsNotAWholeNightLost() {
    Windows windows = new Windows(List.of(NIGHTLY)); // 2026-03-29: 02:00 becomes 03:00

    assertThat(windows.openUntil(Instant.parse("2026-03-29T01:30:00Z"))).isPresent();
    assertThat(windows.openUntil(Instant.parse("2026-10-25T02:00:00Z"))).isPresent();
  }

  @Test
  void withoutWindowsItIsAlwaysOpen() {
    assertThat(new Windows(List.of()).openUntil(Instant.EPOCH)).isPresent();
  }

  @Test
  void whatCannotBeReadIsSaidAndNeverOpens() {
    Windows windows =
        new Windows(
            List.of(
                new Window("0 2 * * *", 60, "Mars/Olympus"), new Window("61 2 * * *", 60, "UTC")));

    assertThat(windows.problems())
        .satisfiesExactly(
            one -> assertThat(one).contains("windows[0].timeZone", "Mars/Olympus"),
            two -> assertThat(two).contains("windows[1].schedule", "61 2 * * *"));
    assertThat(windows.openUntil(Instant.parse("2026-01-12T02:00:00Z"))).isEmpty();
    assertThat(windows.nextOpening(Instant.parse("2026-01-12T02:00:00Z"))).isEmpty();
  }
}
