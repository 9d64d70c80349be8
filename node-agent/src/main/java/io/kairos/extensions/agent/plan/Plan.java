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
 * @param prove merged images that have to prove themselves now
 * @param standings one for each assignment
 * @param waiting images that may have their trial only after others had theirs; they have it alone
 * @param wakeAtMillis when time alone will change the plan, on the agent's monotonic clock
 */
public record Plan(
    List<Action> actions,
    Optional<Assignment> stage,
    List<Proving> prove,
    List<Standing> standings,
    Set<ImageUse> waiting,
    OptionalLong wakeAtMillis) {

  /** Takes copies. */
  public Plan {
    actions = List.copyOf(actions);
    prove = List.copyOf(prove);
    standings = List.copyOf(standings);
    waiting = Set.copyOf(waiting);
  }
}
