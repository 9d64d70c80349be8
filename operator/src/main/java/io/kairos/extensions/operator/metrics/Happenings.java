package io.kairos.extensions.operator.metrics;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Upcoming;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What agents have told between two looks at a fleet. What was told before the first look was told
 * to an earlier operator, and is not counted again.
 *
 * @param failures one for each failure
 * @param stays one for each phase that was left
 */
record Happenings(List<Failure> failures, List<Stay> stays) {
  private static final Duration LONGEST = Duration.ofDays(366);

  /**
   * An extension failed on a node.
   *
   * @param policy whose assignment it was
   * @param reason as the agent says; not necessarily one of ours
   */
  record Failure(String policy, String reason) {}

  /**
   * An extension went on to another phase.
   *
   * @param state the phase that it left
   * @param seconds how long it was in it, by its node's clock
   */
  record Stay(String state, double seconds) {}

  /** What happened since. */
  static Happenings between(FleetSnapshot before, FleetSnapshot after) {
    List<Failure> failures = new ArrayList<>();
    List<Stay> stays = new ArrayList<>();
    for (State state : after.states().values()) {
      Optional<State> was =
          Optional.ofNullable(before.states().get(state.node()))
              .filter(old -> old.uid().equals(state.uid()));
      if (was.isPresent() && was.get().status().equals(state.status())) {
        continue;
      }
      Map<ExtensionKey, ExtensionStatus> earlier = was.map(Happenings::byKey).orElse(Map.of());
      Map<ExtensionKey, String> policies =
          Stream.concat(
                  state.spec().assignments().stream(),
                  state.spec().upcoming().stream().map(Upcoming::assigned))
              .collect(Collectors.toMap(Assignment::key, Assignment::policy, (a, b) -> a));
      byKey(state)
          .forEach(
              (key, now) -> {
                Optional<ExtensionStatus> old = Optional.ofNullable(earlier.get(key));
                now.lastFailure()
                    .filter(
                        it -> !old.flatMap(ExtensionStatus::lastFailure).equals(Optional.of(it)))
                    .filter(it -> policies.containsKey(key))
                    .ifPresent(it -> failures.add(new Failure(policies.get(key), it.reason())));
                old.filter(then -> then.phase() != now.phase())
                    .flatMap(then -> stay(then, now))
                    .ifPresent(stays::add);
              });
    }
    return new Happenings(failures, stays);
  }

  private static Map<ExtensionKey, ExtensionStatus> byKey(State state) {
    return state.status().extensions().stream()
        .collect(Collectors.toMap(ExtensionStatus::key, Function.identity(), (a, b) -> a));
  }

  private static Optional<Stay> stay(ExtensionStatus then, ExtensionStatus now) {
    try {
      Duration time =
          Duration.between(
              Instant.parse(then.lastTransitionTime()), Instant.parse(now.lastTransitionTime()));
      // A clock that was set tells nothing.
      return time.isNegative() || time.compareTo(LONGEST) > 0
          ? Optional.empty()
          : Optional.of(new Stay(then.phase().text(), time.toSeconds()));
    } catch (DateTimeException noTime) {
      return Optional.empty();
    }
  }
}
