package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Looks after what comes next: fetched, verified and inspected ahead of its turn, never linked, and
 * only while nothing that is wanted now has to be fetched. What is wrong with it is told before it
 * could disturb anything.
 */
final class Ahead {
  private final List<Assignment> ahead;
  private final HostView view;
  private final Memory memory;
  private final long nowMillis;

  Ahead(Desired desired, HostView view, Memory memory, long nowMillis) {
    this.ahead = desired.ahead();
    this.view = view;
    this.memory = memory;
    this.nowMillis = nowMillis;
  }

  /** What comes next, as if it were wanted now. */
  static Optional<Assignment> of(Assignment assignment) {
    return assignment.remove()
        ? Optional.empty()
        : assignment
            .next()
            .map(next -> assignment.toBuilder().target(next).nextOrNull(null).build());
  }

  /** The first that can be fetched or looked into now. */
  Optional<Assignment> stage() {
    return ahead.stream()
        .filter(Decider::isPlainName)
        .filter(one -> view.obstacle().isEmpty() && !isReady(one) && !isUnfit(one))
        .filter(one -> memory.failure(one).filter(f -> f.retryAtMillis() > nowMillis).isEmpty())
        .min(Comparator.comparing(Assignment::key));
  }

  /** Whether the image in work is one of those, and of nothing that is wanted now. */
  boolean isInWork(List<Assignment> assignments) {
    return memory
        .staging()
        .filter(use -> ahead.stream().map(Memory::use).anyMatch(use::equals))
        .filter(use -> assignments.stream().map(Memory::use).noneMatch(use::equals))
        .isPresent();
  }

  /** When one that failed is tried again. */
  OptionalLong wakeAtMillis() {
    return ahead.stream()
        .flatMap(one -> memory.failure(one).stream())
        .mapToLong(Failure::retryAtMillis)
        .filter(time -> time > nowMillis)
        .min();
  }

  /** A standing with what is known of the images of its assignment, present and next. */
  Standing tell(Standing standing) {
    Assignment assignment = standing.assignment();
    if (assignment.remove()) {
      return standing;
    }
    Optional<Assignment> next = of(assignment);
    String staged =
        next.filter(this::isReady)
            .or(() -> Optional.of(assignment).filter(this::isThere))
            .map(one -> one.target().revision())
            .orElse("");
    return standing.withStagedRevision(staged).withNextFailure(next.flatMap(this::failure));
  }

  /** Where something stands of which nothing is assigned yet. */
  Standing standing(Assignment upcoming) {
    Optional<Refusal> failure = failure(upcoming);
    boolean ready = isReady(upcoming);
    if (failure.isPresent()) {
      Refusal why = failure.get();
      return new Standing(upcoming, why.phase(), why.reason(), why.message(), 0)
          .withStagedRevision(ready ? upcoming.target().revision() : "");
    }
    if (ready) {
      return new Standing(
              upcoming, Phase.STAGED, Reasons.AWAITING_ADMISSION, "downloaded ahead of its turn", 0)
          .withStagedRevision(upcoming.target().revision());
    }
    boolean inWork = memory.staging().filter(Memory.use(upcoming)::equals).isPresent();
    return new Standing(
        upcoming,
        inWork ? Phase.FETCHING : Phase.PENDING,
        Planner.AT_WORK,
        inWork ? "" : "waits until other images are fetched",
        0);
  }

  private Optional<Refusal> failure(Assignment next) {
    if (!Decider.isPlainName(next)) {
      return Optional.of(Decider.noPlainName(next));
    }
    if (view.obstacle().isPresent()) {
      return Optional.of(
          new Refusal(
              Phase.INCOMPATIBLE, Reasons.CLASS_NOT_SUPPORTED, view.obstacle().orElseThrow()));
    }
    Stream<Refusal> unfit =
        memory.staged(Memory.use(next)).stream()
            .filter(Staged.Unfit.class::isInstance)
            .map(Staged.Unfit.class::cast)
            .map(one -> new Refusal(Phase.INCOMPATIBLE, one.reason(), one.message()));
    Stream<Refusal> failed =
        memory.failure(next).stream()
            .map(one -> new Refusal(Phase.FAILED, one.reason(), one.message()));
    return Stream.concat(unfit, failed)
        .findFirst()
        .or(() -> Decider.unmet(next.target().requires(), view.versions()));
  }

  private boolean isThere(Assignment assignment) {
    return view.images().contains(assignment.target().image().sha256());
  }

  private boolean isReady(Assignment assignment) {
    return isThere(assignment)
        && memory.staged(Memory.use(assignment)).filter(Staged.Ready.class::isInstance).isPresent();
  }

  private boolean isUnfit(Assignment assignment) {
    return memory.staged(Memory.use(assignment)).filter(Staged.Unfit.class::isInstance).isPresent();
  }
}
