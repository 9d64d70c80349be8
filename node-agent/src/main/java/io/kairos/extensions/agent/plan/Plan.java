package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What to do next.
 *
 * @param actions in order; after them the host is observed again
 * @param stage an assignment whose image has to be fetched or verified, one at a time
 * @param preempt whether the image in work has to give way to one that is needed sooner
 * @param prove merged images that have to prove themselves now
 * @param standings one for each assignment
 * @param upcoming one for each extension that is to come, and of which nothing is assigned
 * @param waiting images that may have their trial only after others had theirs; they have it alone
 * @param idle whether nothing is to be merged, unmerged or proven now
 * @param wakeAtMillis when time alone will change the plan, on the agent's monotonic clock
 */
public record Plan(
    List<Action> actions,
    Optional<Assignment> stage,
    boolean preempt,
    List<Proving> prove,
    List<Standing> standings,
    List<Standing> upcoming,
    Set<ImageUse> waiting,
    boolean idle,
    OptionalLong wakeAtMillis) {

  /** Takes copies. */
  public Plan {
    actions = List.copyOf(actions);
    prove = List.copyOf(prove);
    standings = List.copyOf(standings);
    upcoming = List.copyOf(upcoming);
    waiting = Set.copyOf(waiting);
  }
}
