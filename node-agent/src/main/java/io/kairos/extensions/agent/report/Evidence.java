package io.kairos.extensions.agent.report;

import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.Standing;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import java.util.List;

/**
 * What a report speaks of.
 *
 * @param generation of the spec that was planned from
 * @param standings of the assignments
 * @param view of the host that they come from
 * @param host the host itself
 */
public record Evidence(long generation, List<Standing> standings, HostView view, HostStatus host) {
  /** Takes a copy. */
  public Evidence {
    standings = List.copyOf(standings);
  }
}
