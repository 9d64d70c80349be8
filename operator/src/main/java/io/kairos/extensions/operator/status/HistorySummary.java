package io.kairos.extensions.operator.status;

import static io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.HistoryEntry.COMPLETED;
import static io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.HistoryEntry.HALTED;
import static io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.HistoryEntry.IN_PROGRESS;
import static io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.HistoryEntry.ROLLED_BACK;
import static io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.HistoryEntry.SUPERSEDED;

import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.HistoryEntry;
import io.kairos.extensions.operator.plan.Course;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Plan.PolicyPlan;
import io.kairos.extensions.operator.plan.RevisionContent;
import io.kairos.extensions.operator.plan.Samples;
import io.kairos.extensions.operator.plan.StoredRevision;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The past of a policy for people: what can be returned to, and what became of it. The outcomes
 * have no other place than the status itself, so an entry that falls out of the list loses its own;
 * the last one that was completed stays in the list as long as it is kept.
 */
final class HistorySummary {
  private static final int MAX_ENTRIES = 10;
  private static final int MAX_NAMED = 5;

  private HistorySummary() {}

  /**
   * The entries, the newest first.
   *
   * @param through whether all nodes have what is given
   */
  static List<HistoryEntry> of(
      FleetSnapshot fleet, Policy policy, PolicyPlan planned, boolean through) {
    Map<String, String> outcomes = new HashMap<>();
    policy.status().history().forEach(entry -> outcomes.put(entry.revision(), entry.outcome()));
    List<HistoryEntry> entries = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (StoredRevision stored : fleet.revisionsOf(policy)) {
      if (seen.add(stored.revision())) {
        String before = outcomes.getOrDefault(stored.revision(), "");
        entries.add(
            new HistoryEntry(
                stored.revision(),
                stored.number(),
                stored.created(),
                outcome(stored.revision(), before, policy, planned, through),
                stored.content().map(HistorySummary::summary).orElse("")));
      }
    }
    if (entries.size() <= MAX_ENTRIES) {
      return entries;
    }
    List<HistoryEntry> shown = new ArrayList<>(entries.subList(0, MAX_ENTRIES));
    if (shown.stream().noneMatch(HistorySummary::isCompleted)) {
      entries.stream()
          .filter(HistorySummary::isCompleted)
          .findFirst()
          .ifPresent(completed -> shown.set(MAX_ENTRIES - 1, completed));
    }
    return List.copyOf(shown);
  }

  private static boolean isCompleted(HistoryEntry entry) {
    return entry.outcome().equals(COMPLETED);
  }

  private static String outcome(
      String revision, String before, Policy policy, PolicyPlan planned, boolean through) {
    if (planned.frozen() || policy.deleting()) {
      return before;
    }
    if (revision.equals(planned.asked())) {
      if (planned.course() instanceof Course.RolledBack) {
        return ROLLED_BACK;
      }
      if (policy.status().rollout().halted().equals(revision)) {
        return HALTED;
      }
      return through || before.equals(COMPLETED) ? COMPLETED : IN_PROGRESS;
    }
    return before.isEmpty() || before.equals(IN_PROGRESS) ? SUPERSEDED : before;
  }

  /** The extensions of a revision, and their versions. */
  static String summary(RevisionContent content) {
    return Samples.of(
        content.extensions().stream().map(i -> i.name() + " " + i.spec().version()).toList(),
        MAX_NAMED);
  }
}
