package io.kairos.extensions.agent.prove;

import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.host.Units;
import io.kairos.extensions.agent.host.Units.UnitState;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Runs health checks: each again and again until it passes or its time is up.
 *
 * <p>A unit has to stay active as one invocation, without a restart, for {@link #STABLE}: one that
 * dies a second after its start has been active, too.
 */
final class HealthChecks {
  /** How long a unit has to stay up. */
  static final Duration STABLE = Duration.ofSeconds(5);

  private static final Duration PAUSE = Duration.ofMillis(250);

  /** Each look at a file, and each command, is a transient unit of the host, with its log lines. */
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(4);

  private static final Duration ANSWER = Duration.ofSeconds(5);
  private static final int MOST_CHARACTERS = 1_000;

  private final Units units;
  private final HttpClient http =
      HttpClient.newBuilder().proxy(HttpClient.Builder.NO_PROXY).connectTimeout(ANSWER).build();

  HealthChecks(Units units) {
    this.units = units;
  }

  /**
   * Waits for a check to pass.
   *
   * @return why it did not within its time, nothing where it did
   * @throws HostException when the host does not answer
   * @throws InterruptedException when the thread is
   */
  Optional<String> await(HealthCheck check) throws HostException, InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(check.timeoutSeconds()).toNanos();
    Attempt attempt = attempt(check);
    boolean startsUnits = !check.file().isEmpty() || !check.command().isEmpty();
    Duration pause = PAUSE;
    while (true) {
      Optional<String> why = attempt.failure(left(end));
      if (why.isEmpty()) {
        return why;
      }
      if (left(end).isZero()) {
        return Optional.of(
            "did not pass within "
                + check.timeoutSeconds()
                + " s: "
                + shortened(why.get() + attempt.more()));
      }
      Thread.sleep(Math.min(pause.toMillis(), left(end).toMillis()));
      if (startsUnits && pause.compareTo(LONGEST_PAUSE) < 0) {
        pause = pause.multipliedBy(2);
      }
    }
  }

  private static Duration left(long endNanos) {
    return Duration.ofNanos(Math.max(0, endNanos - System.nanoTime()));
  }

  /** One kind of check; may remember the attempts before. */
  @FunctionalInterface
  private interface Attempt {
    Optional<String> failure(Duration left) throws HostException, InterruptedException;

    /** What else there is to say of the last failure, where asking for it takes its time. */
    default String more() throws HostException {
      return "";
    }
  }

  private Attempt attempt(HealthCheck check) {
    if (!check.unit().isEmpty()) {
      return new StaysUp(check.unit());
    }
    if (!check.file().isEmpty()) {
      return left ->
          succeeds(List.of("test", "-e", check.file()), left)
              .map(why -> check.file() + " is not there");
    }
    if (check.httpGet().isPresent()) {
      return left -> answers(check.httpGet().get());
    }
    return left -> succeeds(check.command(), left);
  }

  private final class StaysUp implements Attempt {
    private final String unit;
    private Optional<UnitState> first = Optional.empty();
    private long sinceNanos;
    private boolean isDown;

    StaysUp(String unit) {
      this.unit = unit;
    }

    @Override
    public Optional<String> failure(Duration left) throws HostException {
      UnitState now = units.state(unit);
      boolean same =
          first
              .filter(before -> before.invocation().equals(now.invocation()))
              .filter(before -> before.restarts() == now.restarts())
              .isPresent();
      isDown = !now.isActive() && now.isLoaded();
      if (!now.isActive()) {
        first = Optional.empty();
        return Optional.of(Descriptions.of(unit, now));
      }
      if (!same) {
        first = Optional.of(now);
        sinceNanos = System.nanoTime();
      }
      return System.nanoTime() - sinceNanos >= STABLE.toNanos()
          ? Optional.empty()
          : Optional.of(
              Descriptions.of(unit, now)
                  + ", but did not stay so for "
                  + STABLE.toSeconds()
                  + " s without a restart");
    }

    @Override
    public String more() throws HostException {
      return isDown ? ": " + Descriptions.journal(units, unit) : "";
    }
  }

  private Optional<String> succeeds(List<String> command, Duration left) throws HostException {
    Units.Ran ran = units.run(command, left.plusSeconds(1));
    if (ran instanceof Units.Ran.Exited exited) {
      return exited.exitCode() == 0
          ? Optional.empty()
          : Optional.of("exit code " + exited.exitCode() + ": " + exited.output());
    }
    return Optional.of("was still running: " + ran.output());
  }

  /**
   * By the status alone: the timeout of a request ends with its headers, and a body may not end.
   */
  private Optional<String> answers(HealthCheck.HttpGet get) throws InterruptedException {
    URI uri;
    try {
      uri = URI.create("http://127.0.0.1:" + get.port() + get.path());
    } catch (IllegalArgumentException e) {
      return Optional.of("its path is none of a URL: " + e.getMessage());
    }
    try {
      HttpResponse<InputStream> response =
          http.send(
              HttpRequest.newBuilder(uri).timeout(ANSWER).GET().build(),
              HttpResponse.BodyHandlers.ofInputStream());
      response.body().close();
      return response.statusCode() >= 200 && response.statusCode() < 400
          ? Optional.empty()
          : Optional.of("GET " + uri + " was answered with HTTP " + response.statusCode());
    } catch (IOException e) {
      String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      return Optional.of("GET " + uri + ": " + why);
    }
  }

  /** The end of an output tells most. */
  private static String shortened(String text) {
    return text.length() <= MOST_CHARACTERS
        ? text
        : "…" + text.substring(text.length() - MOST_CHARACTERS);
  }
}
