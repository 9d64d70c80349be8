package io.kairos.extensions.agent.plan;

import io.kairos.extensions.agent.plan.Planner.Decision;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Holds an assignment until its image is in the store, has the promised digest, and was found fit
 * for this host: before that no link leads to it.
 */
final class ImageGate {
  private final HostView view;
  private final Memory memory;
  private final long nowMillis;

  ImageGate(HostView view, Memory memory, long nowMillis) {
    this.view = view;
    this.memory = memory;
    this.nowMillis = nowMillis;
  }

  /** Whether the image was verified and found fit in this agent's life, and is still there. */
  boolean isReady(Assignment assignment) {
    return view.images().contains(sha256(assignment))
        && memory.staged(Memory.use(assignment)).filter(Staged.Ready.class::isInstance).isPresent();
  }

  /**
   * The boot entries with another system that it was found not to fit; none before it was looked
   * into.
   */
  Map<Profile, Staged.Unfit> misfits(Assignment assignment) {
    Map<Profile, Staged.Unfit> misfits = new EnumMap<>(Profile.class);
    memory
        .staged(Memory.use(assignment))
        .filter(Staged.Ready.class::isInstance)
        .ifPresent(staged -> misfits.putAll(((Staged.Ready) staged).misfits()));
    misfits.keySet().retainAll(view.others().keySet());
    return misfits;
  }

  /** Gets it: fetched, verified, looked into. */
  Decision stage(Assignment assignment) {
    boolean working = memory.staging().filter(Memory.use(assignment)::equals).isPresent();
    boolean here = view.images().contains(sha256(assignment));
    return Decision.of(
            assignment,
            working || here ? Phase.FETCHING : Phase.PENDING,
            Planner.AT_WORK,
            working
                ? (here
                    ? "the image is being verified"
                    : "the image is being fetched from " + assignment.target().image().url())
                : "waits for its turn: one image at a time is fetched")
        .staging();
  }

  /** Wants it in the store, and no more. */
  Decision stageOnly(Assignment assignment) {
    Optional<Failure> failure = memory.failure(assignment);
    if (failure.isPresent() && failure.get().retryAtMillis() > nowMillis) {
      return Decision.of(assignment, Phase.FAILED, failure.get().reason(), failure.get().message())
          .failures(failure.get().attempts())
          .wakingAt(failure.get().retryAtMillis());
    }
    return isReady(assignment)
        ? Decision.of(assignment, Phase.STAGED, Reasons.STAGED_ONLY, "in the store, not linked")
        : stage(assignment).failures(failure.map(Failure::attempts).orElse(0));
  }

  /** Files are compared with the wanted image before they are called a conflict, and adopted. */
  Decision conflict(Assignment assignment, String foreign) {
    Decision conflict =
        Decision.of(
            assignment,
            Phase.FAILED,
            Reasons.FOREIGN_FILE,
            foreign
                + " is not ours and has the name: move it away, or give the extension another imageName");
    if (view.name(assignment.name()).adoptable(assignment.target().profiles()).isEmpty()) {
      return conflict;
    }
    Optional<Failure> failure = memory.failure(assignment);
    if (failure.isEmpty()) {
      return Decision.of(
              assignment,
              Phase.FETCHING,
              Planner.AT_WORK,
              foreign + " has the name: it is compared with the wanted image")
          .staging();
    }
    conflict = conflict.failures(failure.get().attempts());
    return failure.get().retryAtMillis() > nowMillis
        ? conflict.wakingAt(failure.get().retryAtMillis())
        : conflict.staging();
  }

  /** Images that are linked or merged are not as they were verified: nothing of it is changed. */
  Decision hashedAgain(Assignment assignment, Set<String> images) {
    Optional<String> unread =
        images.stream().filter(memory.unread().byFile()::containsKey).sorted().findFirst();
    if (unread.isEmpty()) {
      return Decision.of(
          assignment,
          Phase.FETCHING,
          Planner.AT_WORK,
          "an image of it is not as it was verified last: it is hashed again");
    }
    Failure failure = memory.unread().find(unread.get()).orElseThrow();
    Decision decision =
        Decision.of(
                assignment,
                Phase.FAILED,
                failure.reason(),
                "its image "
                    + unread.get()
                    + " has to be hashed again, and cannot be, so nothing of it is changed: "
                    + failure.message())
            .failures(failure.attempts());
    return failure.retryAtMillis() > nowMillis
        ? decision.wakingAt(failure.retryAtMillis())
        : decision;
  }

  private static String sha256(Assignment assignment) {
    return assignment.target().image().sha256();
  }
}
