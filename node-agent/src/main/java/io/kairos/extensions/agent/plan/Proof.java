package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.HealthCheck;
import java.util.List;

/**
 * How far a merged image has proven itself in this boot: the services of its extension were dealt
 * with, and the health checks passed so many times.
 *
 * @param image the digest
 * @param checks the checks that passed, empty before the first time
 * @param passes how often they passed
 */
public record Proof(String image, List<HealthCheck> checks, int passes) {

  /** Takes a copy. */
  public Proof {
    checks = List.copyOf(checks);
  }

  /** Services are dealt with; no check has passed yet. */
  public static Proof ofServices(String image) {
    return new Proof(image, List.of(), 0);
  }

  /** These checks passed, once more where they are the same as before. */
  public Proof passed(List<HealthCheck> now) {
    return new Proof(image, now, now.equals(checks) ? passes + 1 : 1);
  }

  /** Whether these checks passed at least so often. */
  boolean has(List<HealthCheck> wanted, int times) {
    return wanted.isEmpty() || (wanted.equals(checks) && passes >= times);
  }
}
