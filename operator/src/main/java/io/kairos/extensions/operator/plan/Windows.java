package io.kairos.extensions.operator.plan;

import com.cronutils.model.Cron;
import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import io.kairos.extensions.api.v1alpha1.Window;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * When nodes may be changed: while one of the windows is open; always, where there is none. A
 * window opens when its schedule says, by the clock of its time zone, and stays open for its
 * duration, by a clock that knows no summer time. One that opens at an hour that a change of the
 * clock leaves out opens when that hour would have been.
 */
public final class Windows {
  private static final CronParser PARSER =
      new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX));

  /** No clock is put on or back by more. */
  private static final Duration SHIFT = Duration.ofHours(2);

  private final List<Opening> openings = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private final boolean always;

  /**
   * A window. Its schedule is followed on the calendar, which has every hour once; what the zone
   * makes of such an hour is the zone's matter. (The library leaves out what the clock leaves out.)
   */
  private record Opening(ExecutionTime schedule, ZoneId zone, Duration duration) {
    private Instant at(ZonedDateTime calendar) {
      return calendar.toLocalDateTime().atZone(zone).toInstant();
    }

    private ZonedDateTime calendar(Instant time) {
      return time.atZone(zone).toLocalDateTime().atZone(ZoneOffset.UTC);
    }

    /** The last time that it opened, now included. */
    Optional<Instant> last(Instant now) {
      Optional<ZonedDateTime> time =
          schedule.lastExecution(calendar(now).plus(SHIFT).plusSeconds(1));
      while (time.isPresent() && at(time.get()).isAfter(now)) {
        time = schedule.lastExecution(time.get());
      }
      return time.map(this::at);
    }

    /** The next time that it opens. */
    Optional<Instant> next(Instant now) {
      Optional<ZonedDateTime> time = schedule.nextExecution(calendar(now).minus(SHIFT));
      while (time.isPresent() && !at(time.get()).isAfter(now)) {
        time = schedule.nextExecution(time.get());
      }
      return time.map(this::at);
    }
  }

  /** What a spec's windows come to. */
  public Windows(List<Window> windows) {
    always = windows.isEmpty();
    int index = 0;
    for (Window window : windows) {
      read(window, "spec.rollout.windows[" + index++ + "]");
    }
  }

  private void read(Window window, String path) {
    ZoneId zone;
    try {
      zone = ZoneId.of(window.timeZone());
    } catch (DateTimeException e) {
      problems.add(path + ".timeZone: " + window.timeZone() + " is no time zone");
      return;
    }
    try {
      Cron cron = PARSER.parse(window.schedule()).validate();
      openings.add(
          new Opening(
              ExecutionTime.forCron(cron), zone, Duration.ofMinutes(window.durationMinutes())));
    } catch (IllegalArgumentException e) {
      problems.add(path + ".schedule: '" + window.schedule() + "': " + e.getMessage());
    }
  }

  /** What is wrong with them, for a person. A window that cannot be read never opens. */
  public List<String> problems() {
    return List.copyOf(problems);
  }

  /** Until when nodes may be changed; empty where no window is open. */
  public Optional<Instant> openUntil(Instant now) {
    if (always) {
      return Optional.of(Instant.MAX);
    }
    return openings.stream()
        .flatMap(opening -> opening.last(now).map(start -> start.plus(opening.duration())).stream())
        .filter(now::isBefore)
        .max(Instant::compareTo);
  }

  /** Since when a window is open, the last to open if several are; empty where none is. */
  public Optional<Instant> openSince(Instant now) {
    return openings.stream()
        .flatMap(
            opening ->
                opening.last(now).filter(o -> now.isBefore(o.plus(opening.duration()))).stream())
        .max(Instant::compareTo);
  }

  /** When the next window opens, if one ever does. */
  public Optional<Instant> nextOpening(Instant now) {
    return openings.stream().flatMap(opening -> opening.next(now).stream()).min(Instant::compareTo);
  }
}
