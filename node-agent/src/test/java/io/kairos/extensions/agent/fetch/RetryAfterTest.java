package io.kairos.extensions.agent.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryAfterTest {
  private static final String DATE = "Wed, 25 Nov 2026 10:00:00 GMT";
  private static final String PLACE = "https://images.example/a.raw";

  private static Optional<RetryAfter> said(String when, String date) {
    Map<String, List<String>> headers = new HashMap<>(Map.of("Retry-After", List.of(when)));
    if (!date.isEmpty()) {
      headers.put("Date", List.of(date));
    }
    return RetryAfter.of(HttpHeaders.of(headers, (name, value) -> true));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, in 0 s",
    "120, 120, in 120 s",
    "3600, 3600, in 3600 s",
    "3601, 3600, in 3601 s",
    "99999999999999999999999999, 3600, in more than 30 years",
    "'Wed, 25 Nov 2026 10:02:00 GMT', 120, 'at Wed, 25 Nov 2026 10:02:00 GMT'",
    "'Thu, 25 Nov 2027 10:02:00 GMT', 3600, 'at Thu, 25 Nov 2027 10:02:00 GMT'"
  })
  void secondsAndDatesCountUpToAnHour(String when, long seconds, String text) {
    assertThat(said(when, DATE))
        .hasValueSatisfying(
            again -> {
              assertThat(again.pause()).isEqualTo(Duration.ofSeconds(seconds));
              assertThat(again.text()).isEqualTo(text);
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-1",
        "1.5",
        "soon",
        "Wed, 25 Nov 2026",
        "Wed, 25 Nov 2026 09:59:59 GMT",
        "١٢",
        "Wed, 25 Nov 999999999 10:00:00 GMT"
      })
  void whatMakesNoSenseOrIsOverSaysNothing(String when) {
    assertThat(said(when, DATE)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "yesterday"})
  void aDateWithoutTheServersOwnSaysNothing(String date) {
    assertThat(said("Wed, 25 Nov 2026 10:02:00 GMT", date)).isEmpty();
  }

  @Test
  void aPlaceIsLeftAloneAsLongAsItAskedAndNoLonger() {
    AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5); // it runs over, as it may
    Rests rests = new Rests(now::get);
    rests.begin(PLACE, Duration.ofSeconds(2));
    List<Duration> left = new ArrayList<>();
    for (int halves = 0; halves < 4; halves++) {
      assertThatThrownBy(() -> rests.requireOver(PLACE))
          .isInstanceOfSatisfying(FetchException.class, e -> left.add(e.pause()));
      now.addAndGet(Duration.ofMillis(500).toNanos());
    }
    assertThat(left).extracting(Duration::toMillis).containsExactly(2000L, 1500L, 1000L, 500L);
    assertThatCode(() -> rests.requireOver(PLACE)).doesNotThrowAnyException();
    assertThatCode(() -> rests.requireOver(PLACE + "?other")).doesNotThrowAnyException();
  }
}
