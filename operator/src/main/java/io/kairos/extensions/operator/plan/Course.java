package io.kairos.extensions.operator.plan;

import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which revision the nodes of a policy are brought to.
 *
 * <p>Where an older revision is given, everything comes from what was kept of it: the
 * SystemExtensions as they are by now play no part.
 */
public sealed interface Course {
  /** The revision that the policy asks for: what halts, and what a rollout is about. */
  String asked();

  /** The revision that nodes get; {@link RolloutStatus#NOTHING} where they are left without. */
  String given();

  /** What nodes get. */
  RevisionContent content();

  /**
   * Whether a node keeps what it has of the policy, to the letter.
   *
   * @param present the revisions of what it has; none for a node that is new to the policy
   */
  default boolean keeps(Set<String> present) {
    return false;
  }

  /** What the policy and its extensions say now. */
  record Newest(String asked, RevisionContent content) implements Course {
    @Override
    public String given() {
      return asked;
    }
  }

  /** A person asked for an older one: {@code spec.rollout.revision}. */
  record Pinned(String asked, RevisionContent content) implements Course {
    @Override
    public String given() {
      return asked;
    }
  }

  /**
   * The one asked for failed on too many nodes. Those that were told of it go back; the others keep
   * what they have, whichever revision that is; new ones get the one before.
   */
  record RolledBack(String asked, String given, RevisionContent content) implements Course {
    @Override
    public boolean keeps(Set<String> present) {
      return !present.isEmpty() && !present.contains(asked);
    }
  }

  /**
   * It cannot be told what to give: every node keeps what it has, and no node gets anything new.
   *
   * @param asked the revision that was asked for last
   */
  record Held(String asked) implements Course {
    @Override
    public String given() {
      return asked;
    }

    @Override
    public RevisionContent content() {
      return RevisionContent.NOTHING;
    }

    @Override
    public boolean keeps(Set<String> present) {
      return true;
    }
  }

  /**
   * The course of a policy that can be read.
   *
   * @param newest what the policy and its extensions say now
   * @param kept what it has given so far
   * @param problems gets what a person has to put right
   */
  static Course of(
      Policy policy, RevisionContent newest, List<StoredRevision> kept, List<Problem> problems) {
    String latest = Revision.of(newest);
    String pin = policy.deleting() ? "" : policy.spec().rollout().revision();
    if (!pin.isEmpty() && !pin.equals(latest)) {
      Optional<RevisionContent> pinned = content(pin, kept);
      if (pinned.isEmpty()) {
        problems.add(
            new Problem(Problem.Kind.UNKNOWN_REVISION, "spec.rollout.revision: " + why(pin, kept)));
        return new Held(policy.status().rollout().revision());
      }
      return back(policy, new Pinned(pin, pinned.get()), kept, problems);
    }
    return back(policy, new Newest(latest, newest), kept, problems);
  }

  private static Course back(
      Policy policy, Course ahead, List<StoredRevision> kept, List<Problem> problems) {
    RolloutStatus memory = policy.status().rollout();
    String target = memory.rollbackTo();
    String retry = policy.retry();
    boolean halted =
        memory.halted().equals(ahead.asked())
            && (retry.isEmpty() || retry.equals(policy.status().observedRetry()));
    if (policy.deleting() || !halted || target.isEmpty()) {
      return ahead;
    }
    if (target.equals(RolloutStatus.NOTHING)) {
      return new RolledBack(ahead.asked(), target, RevisionContent.NOTHING);
    }
    Optional<RevisionContent> before = content(target, kept);
    if (before.isEmpty()) {
      problems.add(
          new Problem(
              Problem.Kind.UNKNOWN_REVISION,
              ahead.asked() + " failed and cannot be rolled back: " + why(target, kept)));
      return new Held(ahead.asked());
    }
    return new RolledBack(ahead.asked(), target, before.get());
  }

  private static Optional<RevisionContent> content(String revision, List<StoredRevision> kept) {
    return kept.stream()
        .filter(stored -> stored.revision().equals(revision))
        .flatMap(stored -> stored.content().stream())
        .findFirst();
  }

  private static String why(String revision, List<StoredRevision> kept) {
    if (kept.stream().anyMatch(stored -> stored.revision().equals(revision))) {
      return "revision " + revision + " was kept by another version of the operator";
    }
    List<String> known = kept.stream().map(StoredRevision::revision).distinct().toList();
    return "there is no revision "
        + revision
        + (known.isEmpty() ? "; none is kept" : "; kept are " + String.join(", ", known));
  }
}
