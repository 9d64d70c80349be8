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
import java.util.stream.Stream;
import lombok.With;

/**
 * What cannot be observed, and may be lost with the process: a restarted agent verifies images
 * again, and tries again at once. Of all this soaks alone are noted.
 *
 * @param staged what came of images
 * @param failures the last failed try of each target, present or next
 * @param soaks since when each extension is merged as wanted
 * @param alone images that were part of a refresh that failed, and have not merged since: they are
 *     tried after all others, one by one, to find the bad one, and do not get near a boot before
 * @param staging the image in work
 * @param trouble the host refused a refresh that tried nothing new
 * @param refusals targets that are not tried again
 * @param proving the targets whose images go through their proof now
 * @param outdated images that were looked into under other rules than those of today
 * @param attempts the attempt at which each extension is, where it is not the first
 * @param unread images that have to be hashed again and could not be looked at, by digest
 * @param undeleted garbage that could not be deleted, by digest or by path below our folder
 * @param unstopped extensions with a service that has to stop before they are unmerged, and did
 *     not, by name
 */
@With
public record Memory(
    Map<ImageUse, Staged> staged,
    Map<Tried, Failure> failures,
    Map<ExtensionKey, Soak> soaks,
    Set<ImageUse> alone,
    Optional<ImageUse> staging,
    Optional<Trouble> trouble,
    Map<Tried, Refusal> refusals,
    Map<ExtensionKey, Target> proving,
    Set<ImageUse> outdated,
    Map<ExtensionKey, String> attempts,
    Setbacks unread,
    Setbacks undeleted,
    Setbacks unstopped) {

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
          Map.of(),
          Set.of(),
          Map.of(),
          Setbacks.NONE,
          Setbacks.NONE,
          Setbacks.NONE);

  /** Takes copies. */
  public Memory {
    staged = Map.copyOf(staged);
    failures = Map.copyOf(failures);
    soaks = Map.copyOf(soaks);
    alone = Set.copyOf(alone);
    refusals = Map.copyOf(refusals);
    proving = Map.copyOf(proving);
    outdated = Set.copyOf(outdated);
    attempts = Map.copyOf(attempts);
  }

  /**
   * A soak that runs.
   *
   * @param sha256 of what
   * @param sinceMillis since when, on the monotonic clock of the boot
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

  /** The failure of exactly this target in this attempt, if there is one. */
  public Optional<Failure> failure(Assignment assignment) {
    return Optional.ofNullable(failures.get(Tried.of(assignment)));
  }

  /** Why exactly this target is not tried again in this attempt, if so. */
  public Optional<Refusal> refusal(Assignment assignment) {
    return Optional.ofNullable(refusals.get(Tried.of(assignment)));
  }

  /** A target is not tried again. */
  public Memory refusing(Assignment assignment, Phase phase, String reason, String message) {
    Map<Tried, Refusal> next = new HashMap<>(refusals);
    next.put(Tried.of(assignment), new Refusal(phase, reason, message));
    return withRefusals(next);
  }

  /**
   * Takes up what an agent before this one reported: a version that was rolled back, or on its way
   * back, is not tried once more because a process was restarted, but it is when another attempt is
   * asked for; one that did not merge does not get near a boot.
   *
   * @param reported the last status of the node's extensions
   */
  public Memory recalling(List<Assignment> assignments, List<ExtensionStatus> reported) {
    Memory next = this;
    for (Assignment assignment : assignments) {
      for (ExtensionStatus entry : reported) {
        if (entry.key().equals(assignment.key())
            && entry.revision().equals(assignment.target().revision())) {
          next = next.recalling(assignment, entry);
        }
      }
    }
    return next;
  }

  private Memory recalling(Assignment assignment, ExtensionStatus entry) {
    if (isRollback(entry) && attempt(entry).equals(assignment.attempt())) {
      return refusing(assignment, Phase.ROLLED_BACK, entry.reason(), entry.message());
    }
    return entry.reason().equals(Reasons.MERGE_FAILED) ? suspecting(Set.of(use(assignment))) : this;
  }

  /** A configuration that forbids commands may be another one by now. */
  private static boolean isRollback(ExtensionStatus entry) {
    return entry.phase() == Phase.ROLLED_BACK
        || (entry.phase() == Phase.ROLLING_BACK
            && !entry.reason().equals(Reasons.COMMANDS_NOT_ALLOWED));
  }

  private static String attempt(ExtensionStatus entry) {
    return entry
        .lastFailure()
        .filter(last -> last.revision().equals(entry.revision()))
        .map(ExtensionStatus.LastFailure::attempt)
        .orElse("");
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
          ? next.withoutFailure(ended.assignment())
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
    if (!(outcome instanceof Staged.NotStaged)) {
      Set<ImageUse> left = new HashSet<>(outdated);
      left.remove(use);
      done = done.withOutdated(left);
    }
    return outcome instanceof Staged.NotStaged not
        ? done.failed(assignment, not, nowMillis, salt)
        : done.forgetting(assignment);
  }

  /** A try failed. */
  public Memory failed(
      Assignment assignment, String reason, String message, long nowMillis, String salt) {
    return failed(assignment, new Staged.NotStaged(reason, message), nowMillis, salt);
  }

  private Memory failed(Assignment assignment, Staged.NotStaged why, long nowMillis, String salt) {
    int tries = failure(assignment).map(Failure::attempts).orElse(0) + 1;
    Map<Tried, Failure> next = new HashMap<>(failures);
    next.put(
        Tried.of(assignment),
        new Failure(
            tries,
            why.reason(),
            why.message(),
            nowMillis + Backoff.millis(tries, salt, why.pauseMillis())));
    return withFailures(next);
  }

  /** A try succeeded: nothing is held against the extension any more. */
  public Memory withoutFailure(Assignment assignment) {
    Set<ImageUse> nextAlone = new HashSet<>(alone);
    nextAlone.removeIf(use -> use.name().equals(assignment.name()));
    return forgetting(assignment).withAlone(nextAlone);
  }

  private Memory forgetting(Assignment assignment) {
    Map<Tried, Failure> next = new HashMap<>(failures);
    next.remove(Tried.of(assignment));
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
   * new image is that image's failure; with several, each becomes a suspect and is tried alone,
   * those first that have not been good on this system before; with none, the host is in trouble.
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
        cleared = cleared.withoutFailure(assignment);
      }
      return cleared;
    }
    return switch (tried.size()) {
      case 0 -> troubled(message, nowMillis, salt);
      case 1 ->
          failed(tried.get(0), Reasons.MERGE_FAILED, message, nowMillis, salt)
              .suspecting(Set.of(Memory.use(tried.get(0))));
      default -> suspecting(suspects(tried, after));
    };
  }

  /** Those that never were good here, if there are any: then the others get their turn together. */
  private static Set<ImageUse> suspects(List<Assignment> tried, HostView after) {
    Set<ImageUse> unproven =
        tried.stream()
            .filter(
                one ->
                    after
                        .name(one.name())
                        .good()
                        .filter(one.target().image().sha256()::equals)
                        .isEmpty())
            .map(Memory::use)
            .collect(Collectors.toSet());
    return unproven.isEmpty()
        ? tried.stream().map(Memory::use).collect(Collectors.toSet())
        : unproven;
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

  /** An image has to be hashed again and could not be looked at: it is left alone for a while. */
  public Memory unread(String sha256, String message, long nowMillis, String salt) {
    return withUnread(unread.failed(sha256, message, nowMillis, salt));
  }

  /**
   * Garbage could not be deleted: it is left alone for a while, and what else there is to do is
   * done.
   *
   * @param file its digest, or its path below our folder
   */
  public Memory undeleted(String file, String message, long nowMillis, String salt) {
    return withUndeleted(undeleted.failed(file, message, nowMillis, salt));
  }

  /**
   * A service did not stop: its extension stays merged, and is left alone for a while.
   *
   * @param name the extension's
   */
  public Memory unstopped(String name, String message, long nowMillis, String salt) {
    return withUnstopped(unstopped.failed(name, Reasons.SERVICE_FAILED, message, nowMillis, salt));
  }

  /** An image file is not what it was verified to be: what is known of it is void. */
  public Memory distrusting(String sha256) {
    Map<ImageUse, Staged> next = new HashMap<>(staged);
    next.keySet().removeIf(use -> use.sha256().equals(sha256));
    return withStaged(next);
  }

  /** Other rules hold for these images than those that they were looked into under. */
  public Memory outdating(Set<ImageUse> uses) {
    Map<ImageUse, Staged> next = new HashMap<>(staged);
    next.keySet().removeAll(uses);
    Set<ImageUse> all = new HashSet<>(outdated);
    all.addAll(uses);
    return withStaged(next).withOutdated(all);
  }

  /**
   * Starts, keeps and drops soaks by what is merged now, and forgets what is assigned no more. An
   * image that does not fit is looked into once more when another attempt is asked for: the host
   * may have changed.
   *
   * @param nowMillis the agent's monotonic clock
   */
  public Memory observed(Desired desired, HostView view, long nowMillis) {
    List<Assignment> assignments = desired.assignments();
    Map<ExtensionKey, Soak> nextSoaks = new HashMap<>();
    Map<Tried, Failure> nextFailures = new HashMap<>();
    Map<ImageUse, Staged> nextStaged = new HashMap<>();
    Set<ImageUse> nextAlone = new HashSet<>();
    Map<Tried, Refusal> nextRefusals = new HashMap<>();
    Map<ExtensionKey, String> nextAttempts = new HashMap<>();
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
      refusal(assignment).ifPresent(refusal -> nextRefusals.put(Tried.of(assignment), refusal));
      boolean again = !assignment.attempt().equals(attempts.getOrDefault(key, ""));
      if (!assignment.attempt().isEmpty()) {
        nextAttempts.put(key, assignment.attempt());
      }
      Stream.concat(Stream.of(assignment), Ahead.of(assignment).stream())
          .forEach(one -> keep(one, again, nextFailures, nextStaged));
      if (alone.contains(use(assignment))) {
        nextAlone.add(use(assignment));
      }
    }
    desired.upcoming().forEach(one -> keep(one, false, nextFailures, nextStaged));
    Set<ImageUse> nextOutdated = new HashSet<>(outdated);
    nextOutdated.retainAll(uses(desired));
    Set<String> files = view.storage().files().keySet();
    Set<String> needed = uses(desired).stream().map(ImageUse::sha256).collect(Collectors.toSet());
    return withStaged(nextStaged)
        .withUnread(unread.keeping(file -> files.contains(file) && !view.images().contains(file)))
        .withUndeleted(
            undeleted.keeping(
                file ->
                    (files.contains(file) || view.strays().contains(file))
                        && !needed.contains(file)))
        .withUnstopped(unstopped.keeping(view.merged()::containsKey))
        .withOutdated(nextOutdated)
        .withFailures(nextFailures)
        .withSoaks(nextSoaks)
        .withAlone(nextAlone)
        .withRefusals(nextRefusals)
        .withAttempts(nextAttempts);
  }

  private void keep(
      Assignment one, boolean again, Map<Tried, Failure> failures, Map<ImageUse, Staged> staged) {
    failure(one).ifPresent(failure -> failures.put(Tried.of(one), failure));
    staged(use(one))
        .filter(known -> !(again && known instanceof Staged.Unfit))
        .ifPresent(known -> staged.put(use(one), known));
  }

  /** The images that are wanted, now or ahead of their turn. */
  public static Set<ImageUse> uses(Desired desired) {
    return Stream.concat(
            desired.assignments().stream().filter(assignment -> !assignment.remove()),
            desired.ahead().stream())
        .map(Memory::use)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** The image of an assignment under its name. */
  public static ImageUse use(Assignment assignment) {
    return new ImageUse(
        assignment.target().image().sha256(), assignment.name(), assignment.target().signature());
  }
}
