package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.operator.plan.Circumstances;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.Fleets;
import io.kairos.extensions.operator.plan.Plan;
import java.time.Instant;

/** Admissions, for tests. */
final class Deciding {
  private Deciding() {}

  static Decisions decide(FleetSnapshot fleet, Plan plan) {
    return decide(fleet, plan, Fleets.NOW);
  }

  static Decisions decide(FleetSnapshot fleet, Plan plan, Instant now) {
    Alarm alarm = new Alarm(now);
    return Admission.decide(fleet, plan, new Evidence(fleet, alarm), alarm, Circumstances.at(now));
  }
}
