package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.Service;
import java.util.List;

/**
 * What a merged image has to go through before it counts.
 *
 * @param assignment whose extension it is
 * @param image the digest that is merged
 * @param services to be dealt with first
 * @param wanted whether it is the image that is wanted, rather than the one that was put back: it
 *     has to bring all services along
 * @param checks to be passed then
 */
public record Proving(
    Assignment assignment,
    String image,
    List<Service> services,
    boolean wanted,
    List<HealthCheck> checks) {

  /** Takes copies. */
  public Proving {
    services = List.copyOf(services);
    checks = List.copyOf(checks);
  }
}
