package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What to do next.
 *
 * @param actions in order; after them the host is observed again
 * @param stage an assignment whose image has to be fetched or verified, one at a time
 * @param standings one for each assignment
 * @param wakeAtMillis when time alone will change the plan, on the agent's monotonic clock
 */
public record Plan(
    List<Action> actions,
    Optional<Assignment> stage,
    List<Standing> standings,
    OptionalLong wakeAtMillis) {

  /** Takes copies. */
  public Plan {
    actions = List.copyOf(actions);
    standings = List.copyOf(standings);
  }
}
