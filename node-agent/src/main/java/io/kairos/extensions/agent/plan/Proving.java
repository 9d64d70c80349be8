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
 * @param left units that only an image before it had a service for: to be stopped where they are
 *     gone by now
 */
public record Proving(
    Assignment assignment,
    String image,
    List<Service> services,
    boolean wanted,
    List<HealthCheck> checks,
    List<String> left) {

  /** Takes copies. */
  public Proving {
    services = List.copyOf(services);
    checks = List.copyOf(checks);
    left = List.copyOf(left);
  }

  /** One that has all the services of the image before it. */
  public Proving(
      Assignment assignment,
      String image,
      List<Service> services,
      boolean wanted,
      List<HealthCheck> checks) {
    this(assignment, image, services, wanted, checks, List.of());
  }
}
