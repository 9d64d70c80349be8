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
 * @param drift what was found to be missing since the last report, one message for each extension
 */
public record Evidence(
    long generation, List<Standing> standings, HostView view, HostStatus host, List<String> drift) {
  /** Takes copies. */
  public Evidence {
    standings = List.copyOf(standings);
    drift = List.copyOf(drift);
  }
}
