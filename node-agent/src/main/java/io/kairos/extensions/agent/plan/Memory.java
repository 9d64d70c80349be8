package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import lombok.With;

/**
 * What cannot be observed, and may be lost with the process: a restarted agent verifies images
 * again, tries again at once, and soaks again what is not in {@code good/}.
 *
 * @param staged what came of images
 * @param failures the last failed try of each extension
 * @param soaks since when each extension is merged as wanted
 * @param alone images that were part of a refresh that failed: they are tried one by one, to find
 *     the bad one
 * @param staging the image in work
 * @param trouble the host refused a refresh that tried nothing new
 * @param refusals targets that are not tried again
 * @param proving the targets whose images go through their proof now
 */
@With
public record Memory(
    Map<ImageUse, Staged> staged,
    Map<ExtensionKey, Failure> failures,
    Map<ExtensionKey, Soak> soaks,
    Set<ImageUse> alone,
    Optional<ImageUse> staging,
    Optional<Trouble> trouble,
    Map<ExtensionKey, Refusal> refusals,
    Map<ExtensionKey, Target> proving) {

  /** A new agent's. */
  public static final Memory EMPTY =
      new Memory(
          Map.of(),
          Map.of(),
          Map.of(),
          Set.of(),
          Optional.empty(),
          Optional.empty(),
          Map.of(),
          Map.of());

  /** Takes copies. */
  public Memory {
    staged = Map.copyOf(staged);
    failures = Map.copyOf(failures);
    soaks = Map.copyOf(soaks);
    alone = Set.copyOf(alone);
    refusals = Map.copyOf(refusals);
    proving = Map.copyOf(proving);
  }

  /**
   * A soak that runs.
   *
   * @param sha256 of what
   * @param sinceMillis since when, on the agent's monotonic clock
   */
  public record Soak(String sha256, long sinceMillis) {}

  /**
   * The host does not merge.
   *
   * @param attempts refreshes so far
   * @param message what it said
   * @param retryAtMillis when to try again, on the agent's monotonic clock
   */
  public record Trouble(int attempts, String message, long retryAtMillis) {}

  /** The failure of exactly this target, if there is one. */
  public Optional<Failure> failure(Assignment assignment) {
    return Optional.ofNullable(failures.get(assignment.key()))
        .filter(failure -> failure.target().equals(assignment.target()));
  }

  /** Why exactly this target is not tried again, if so. */
  public Optional<Refusal> refusal(Assignment assignment) {
    return Optional.ofNullable(refusals.get(assignment.key()))
        .filter(refusal -> refusal.target().equals(assignment.target()));
  }

  /** A target is not tried again. */
  public Memory refusing(Assignment assignment, Phase phase, String reason, String message) {
    Map<ExtensionKey, Refusal> next = new HashMap<>(refusals);
    next.put(assignment.key(), new Refusal(assignment.target(), phase, reason, message));
    return withRefusals(next);
  }

  /**
   * Takes up what an agent before this one reported: a version that was rolled back is not tried
   * once more because a process was restarted.
   *
   * @param reported the last status of the node's extensions
   */
  public Memory recalling(List<Assignment> assignments, List<ExtensionStatus> reported) {
    Memory next = this;
    for (Assignment assignment : assignments) {
      for (ExtensionStatus entry : reported) {
        if (entry.phase() == Phase.ROLLED_BACK
            && entry.key().equals(assignment.key())
            && entry.revision().equals(assignment.target().revision())) {
          next = next.refusing(assignment, Phase.ROLLED_BACK, entry.reason(), entry.message());
        }
      }
    }
    return next;
  }

  /** The image of an assignment goes through its proof. */
  public Memory proving(Assignment assignment) {
    Map<ExtensionKey, Target> next = new HashMap<>(proving);
    next.put(assignment.key(), assignment.target());
    return withProving(next);
  }

  /**
   * A proof ended. A version that fails it is rolled back and not tried again; one that is good on
   * this host has nothing better to go back to, and is looked at again later.
   *
   * @param good whether the image is the good one
   */
  public Memory proved(Proving ended, Proved outcome, boolean good, long nowMillis, String salt) {
    Map<ExtensionKey, Target> left = new HashMap<>(proving);
    left.remove(ended.assignment().key());
    Memory next = withProving(left);
    if (outcome instanceof Proved.Unanswered unanswered) {
      return next.failed(
          ended.assignment(), Reasons.HOST_UNREACHABLE, unanswered.message(), nowMillis, salt);
    }
    if (!(outcome instanceof Proved.Failed failed)) {
      return outcome instanceof Proved.Passed && ended.wanted()
          ? next.withoutFailure(ended.assignment().key())
          : next;
    }
    return good || !ended.wanted()
        ? next.failed(ended.assignment(), failed.reason(), failed.message(), nowMillis, salt)
        : next.refusing(ended.assignment(), Phase.ROLLED_BACK, failed.reason(), failed.message());
  }

  /** What came of an image under a name. */
  public Optional<Staged> staged(ImageUse use) {
    return Optional.ofNullable(staged.get(use));
  }

  /** An image is in work. */
  public Memory begun(ImageUse use) {
    return withStaging(Optional.of(use));
  }

  /** The image in work is done. */
  public Memory finished(Assignment assignment, Staged outcome, long nowMillis, String salt) {
    ImageUse use = use(assignment);
    Map<ImageUse, Staged> next = new HashMap<>(staged);
    next.put(use, outcome);
    Memory done = withStaged(next).withStaging(Optional.empty());
    return outcome instanceof Staged.NotStaged not
        ? done.failed(assignment, not.reason(), not.message(), nowMillis, salt)
        : done.withoutFailures(assignment.key());
  }

  /** A try failed. */
  public Memory failed(
      Assignment assignment, String reason, String message, long nowMillis, String salt) {
    int attempts = failure(assignment).map(Failure::attempts).orElse(0) + 1;
    Map<ExtensionKey, Failure> next = new HashMap<>(failures);
    next.put(
        assignment.key(),
        new Failure(
            assignment.target(),
            attempts,
            reason,
            message,
            nowMillis + Backoff.millis(attempts, salt)));
    return withFailures(next);
  }

  /** A try succeeded: nothing is held against the extension any more. */
  public Memory withoutFailure(ExtensionKey key) {
    Set<ImageUse> nextAlone = new HashSet<>(alone);
    nextAlone.removeIf(use -> use.name().equals(key.name()));
    return withoutFailures(key).withAlone(nextAlone);
  }

  private Memory withoutFailures(ExtensionKey key) {
    Map<ExtensionKey, Failure> next = new HashMap<>(failures);
    next.remove(key);
    return withFailures(next);
  }

  /**
   * A refresh of several new images failed, or one has to wait until those have been tried: each of
   * them is tried alone from now on.
   */
  public Memory suspecting(Set<ImageUse> suspects) {
    Set<ImageUse> next = new HashSet<>(alone);
    next.addAll(suspects);
    return withAlone(next);
  }

  /**
   * Draws the conclusion from a refresh by what the host shows afterwards. One that failed with one
   * new image is that image's failure; with several, each becomes a suspect and is tried alone;
   * with none, the host is in trouble.
   *
   * @param after what the host shows now
   * @param message what the host said, for a refresh that failed
   */
  public Memory refreshed(
      Action.Refresh refresh,
      List<Assignment> assignments,
      HostView after,
      String message,
      long nowMillis,
      String salt) {
    List<Assignment> tried =
        assignments.stream().filter(a -> refresh.trials().contains(a.key())).toList();
    if (refresh.shownBy(after)) {
      Memory cleared = untroubled();
      for (Assignment assignment : tried) {
        cleared = cleared.withoutFailure(assignment.key());
      }
      return cleared;
    }
    return switch (tried.size()) {
      case 0 -> troubled(message, nowMillis, salt);
      case 1 -> failed(tried.get(0), Reasons.MERGE_FAILED, message, nowMillis, salt);
      default -> suspecting(tried.stream().map(Memory::use).collect(Collectors.toSet()));
    };
  }

  /** The host refused a refresh that tried nothing new. */
  public Memory troubled(String message, long nowMillis, String salt) {
    int attempts = trouble.map(Trouble::attempts).orElse(0) + 1;
    Trouble next = new Trouble(attempts, message, nowMillis + Backoff.millis(attempts, salt));
    return withTrouble(Optional.of(next));
  }

  /** The host merges again. */
  public Memory untroubled() {
    return withTrouble(Optional.empty());
  }

  /** An image file is not what it was verified to be: what is known of it is void. */
  public Memory distrusting(String sha256) {
    Map<ImageUse, Staged> next = new HashMap<>(staged);
    next.keySet().removeIf(use -> use.sha256().equals(sha256));
    return withStaged(next);
  }

  /**
   * Starts, keeps and drops soaks by what is merged now, and forgets what is assigned no more.
   *
   * @param nowMillis the agent's monotonic clock
   */
  public Memory observed(List<Assignment> assignments, HostView view, long nowMillis) {
    Map<ExtensionKey, Soak> nextSoaks = new HashMap<>();
    Map<ExtensionKey, Failure> nextFailures = new HashMap<>();
    Map<ImageUse, Staged> nextStaged = new HashMap<>();
    Set<ImageUse> nextAlone = new HashSet<>();
    Map<ExtensionKey, Refusal> nextRefusals = new HashMap<>();
    for (Assignment assignment : assignments) {
      ExtensionKey key = assignment.key();
      String sha256 = assignment.target().image().sha256();
      if (!assignment.remove() && view.isMerged(assignment.name(), sha256)) {
        Soak running = soaks.get(key);
        nextSoaks.put(
            key,
            running != null && running.sha256().equals(sha256)
                ? running
                : new Soak(sha256, nowMillis));
      }
      failure(assignment).ifPresent(failure -> nextFailures.put(key, failure));
      refusal(assignment).ifPresent(refusal -> nextRefusals.put(key, refusal));
      staged(use(assignment)).ifPresent(known -> nextStaged.put(use(assignment), known));
      if (alone.contains(use(assignment))) {
        nextAlone.add(use(assignment));
      }
    }
    return withStaged(nextStaged)
        .withFailures(nextFailures)
        .withSoaks(nextSoaks)
        .withAlone(nextAlone)
        .withRefusals(nextRefusals);
  }

  /** The image of an assignment under its name. */
  public static ImageUse use(Assignment assignment) {
    return new ImageUse(
        assignment.target().image().sha256(), assignment.name(), assignment.target().signature());
  }
}
