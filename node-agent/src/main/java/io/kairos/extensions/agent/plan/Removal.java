package io.kairos.extensions.agent.plan;

import io.kairos.extensions.agent.plan.Planner.Decision;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Decides about a tombstone: profile links, run link and what is merged go first, by one refresh;
 * once the host shows them gone the root link and good, the services that the host has without it
 * run again, the proof goes, and at last the image, as garbage. Where the merge waits for a drain,
 * or for a host that is frozen, all of it does. What somebody else put there stays.
 */
final class Removal {
  private final List<Assignment> assignments;
  private final HostView view;
  private final Memory memory;
  private final Grants grants;
  private final long nowMillis;

  Removal(
      List<Assignment> assignments, HostView view, Memory memory, Grants grants, long nowMillis) {
    this.assignments = assignments;
    this.view = view;
    this.memory = memory;
    this.grants = grants;
    this.nowMillis = nowMillis;
  }

  /** What is left to do for a tombstone. */
  Decision decide(Assignment assignment) {
    String name = assignment.name();
    NameView links = view.name(name);
    List<Action> disable = new ArrayList<>();
    Arrays.stream(Profile.values())
        .filter(profile -> links.inProfile(profile).isPresent())
        .forEach(profile -> disable.add(new Action.UnlinkProfile(profile, name)));
    if (links.hasOwnRunLink()) {
      disable.add(new Action.UnlinkRun(name));
    }
    boolean foreignRun = links.run().isPresent() && !links.hasOwnRunLink();
    boolean mergedOurs =
        !foreignRun
            && view.merged().containsKey(name)
            && (links.hasOwnRunLink()
                || view.merged().get(name).isPresent()
                || isLeftOfOurs(links));
    if (mergedOurs && view.frozen().isPresent()) {
      return Decider.frozen(assignment, Phase.REMOVING, view.frozen().get(), nowMillis);
    }
    if (mergedOurs && !grants.allow(assignment)) {
      return Decision.of(
          assignment,
          Phase.REMOVING,
          Reasons.AWAITING_DRAIN,
          "is unmerged once the node's pods were moved away");
    }
    if (mergedOurs || !disable.isEmpty()) {
      Decision decision =
          Decision.of(assignment, Phase.REMOVING, Planner.AT_WORK, "is being unlinked and unmerged")
              .relinking(disable, Optional.empty(), false);
      return memory
          .trouble()
          .map(
              trouble ->
                  Decision.of(assignment, Phase.REMOVING, Reasons.MERGE_FAILED, trouble.message())
                      .failures(trouble.attempts())
                      .relinking(disable, Optional.empty(), false))
          .orElse(decision);
    }
    List<Action> clear = new ArrayList<>();
    if (links.root().filter(Link.Image.class::isInstance).isPresent()) {
      clear.add(new Action.UnlinkRoot(name));
    }
    if (links.good().or(links::goodElsewhere).isPresent()) {
      clear.add(new Action.UnsetGood(name));
    }
    clear.addAll(ProofGate.over(view, assignment));
    boolean imageLeft = view.images().contains(sha256(assignment)) && !usedElsewhere(assignment);
    if (clear.isEmpty() && !imageLeft) {
      return Decision.of(assignment, Phase.REMOVED, Reasons.REMOVED, "");
    }
    Optional<Failure> undeleted =
        memory.undeleted().find(sha256(assignment)).filter(failure -> clear.isEmpty());
    return undeleted
        .map(
            failure ->
                Decision.of(
                        assignment,
                        Phase.REMOVING,
                        failure.reason(),
                        "its image cannot be deleted: " + failure.message())
                    .failures(failure.attempts()))
        .orElseGet(
            () ->
                Decision.of(
                        assignment, Phase.REMOVING, Planner.AT_WORK, "its files are being deleted")
                    .settling(clear));
  }

  /**
   * Whether what is merged under the name can only be ours, though the link that it came by was
   * deleted while no agent looked.
   */
  private static boolean isLeftOfOurs(NameView links) {
    return links.foreign().isEmpty() && links.images().findAny().isPresent();
  }

  private boolean usedElsewhere(Assignment assignment) {
    String sha256 = sha256(assignment);
    return view.names().entrySet().stream()
            .filter(entry -> !entry.getKey().equals(assignment.name()))
            .anyMatch(entry -> entry.getValue().images().anyMatch(sha256::equals))
        || assignments.stream().anyMatch(other -> !other.remove() && sha256(other).equals(sha256));
  }

  private static String sha256(Assignment assignment) {
    return assignment.target().image().sha256();
  }
}
