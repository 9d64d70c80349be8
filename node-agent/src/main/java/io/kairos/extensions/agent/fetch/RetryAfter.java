package io.kairos.extensions.agent.fetch;

import java.net.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/**
 * When a server that refuses wants to be asked again: {@code Retry-After}, by RFC 9110 (10.2.3) a
 * number of seconds or a date.
 *
 * <p>A date is measured from the server's own {@code Date}, since the clocks of servers and hosts
 * differ; without that it says nothing. No server puts off the agent for more than an hour: one
 * that says a year, by mistake or malice, would have it give up the extension for good.
 *
 * @param pause from the answer on, at most {@link #LONGEST}
 * @param said what the header said
 */
record RetryAfter(Duration pause, String said) {
  /** The longest pause that is kept to. */
  static final Duration LONGEST = Duration.ofHours(1);

  private static final int MOST_DIGITS = 9;

  /** What an answer says, if it says something that makes sense. */
  static Optional<RetryAfter> of(HttpHeaders headers) {
    String said = headers.firstValue("Retry-After").orElse("").strip();
    return (said.matches("[0-9]+") ? seconds(said) : untilDate(said, headers))
        .filter(pause -> !pause.isNegative())
        .map(pause -> new RetryAfter(pause.compareTo(LONGEST) > 0 ? LONGEST : pause, said));
  }

  private static Optional<Duration> seconds(String digits) {
    return Optional.of(
        digits.length() > MOST_DIGITS ? LONGEST : Duration.ofSeconds(Long.parseLong(digits)));
  }

  private static Optional<Duration> untilDate(String said, HttpHeaders headers) {
    try {
      return Optional.of(
          Duration.between(date(headers.firstValue("Date").orElse("").strip()), date(said)));
    } catch (DateTimeException | ArithmeticException noDate) {
      return Optional.empty();
    }
  }

  private static ZonedDateTime date(String text) {
    return ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME);
  }

  /** For a message, after the words "the server asks to come back". */
  String text() {
    return said.matches("[0-9]+")
        ? "in " + (said.length() > MOST_DIGITS ? "more than 30 years" : said + " s")
        : "at " + said;
  }
}
