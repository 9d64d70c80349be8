package io.kairos.extensions.agent.prove;

import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.host.RefusedException;
import io.kairos.extensions.agent.host.Units;
import io.kairos.extensions.agent.host.Units.UnitState;
import io.kairos.extensions.agent.plan.Proved;
import io.kairos.extensions.agent.plan.Proving;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Service;
import java.util.Optional;

/**
 * Makes a merged image prove itself.
 *
 * <ol>
 *   <li>systemd reads all unit files anew.
 *   <li>A service whose unit file the merge took away is stopped: it still runs the files of
 *       before. So is one that only the image before had.
 *   <li>Every other service is restarted, reloaded or started, as its extension says, and has to
 *       come up.
 *   <li>The health checks run, one after the other.
 * </ol>
 */
public final class Prover {
  private final Units units;
  private final HealthChecks checks;

  /** On a host. */
  public Prover(Units units) {
    this.units = units;
    this.checks = new HealthChecks(units);
  }

  /**
   * Proves; takes as long as services and checks take. What fails while the host goes down has
   * proven nothing: the next boot will.
   *
   * @throws InterruptedException when the thread is: it is to be given up
   */
  public Proved prove(Proving proving) throws InterruptedException {
    try {
      Proved outcome = proven(proving);
      return outcome instanceof Proved.Failed failed && units.isGoingDown()
          ? new Proved.Unanswered("the host goes down: " + failed.message())
          : outcome;
    } catch (HostException e) {
      if (Thread.interrupted()) {
        throw new InterruptedException(e.getMessage());
      }
      return new Proved.Unanswered(String.valueOf(e.getMessage()));
    }
  }

  private Proved proven(Proving proving) throws HostException, InterruptedException {
    if (!proving.services().isEmpty() || !proving.left().isEmpty()) {
      units.reload();
    }
    for (String unit : proving.left()) {
      if (!units.state(unit).isLoaded()) {
        units.stop(unit);
      }
    }
    for (Service service : proving.services()) {
      Optional<String> why = handle(service, proving.wanted());
      if (why.isPresent()) {
        return new Proved.Failed(false, Reasons.SERVICE_FAILED, why.get());
      }
    }
    for (HealthCheck check : proving.checks()) {
      Optional<String> why = checks.await(check);
      if (why.isPresent()) {
        return new Proved.Failed(
            true, Reasons.HEALTH_CHECK_FAILED, "health check " + check.name() + " " + why.get());
      }
    }
    return new Proved.Passed();
  }

  /**
   * Deals with one service.
   *
   * @param wanted whether it has to be there
   * @return why it is not as it should be
   */
  private Optional<String> handle(Service service, boolean wanted) throws HostException {
    String unit = service.name();
    UnitState before = units.state(unit);
    if (!before.isLoaded()) {
      units.stop(unit);
      return wanted
          ? Optional.of(
              Descriptions.of(unit, before) + ": neither the image nor the host brings it along")
          : Optional.empty();
    }
    UnitState after;
    try {
      after = units.change(unit, service.onChange());
    } catch (RefusedException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      return Optional.of(e.getMessage());
    }
    boolean down = after.isFailed() || after.sub().startsWith("auto-restart");
    return down
        ? Optional.of(Descriptions.of(unit, after) + ": " + Descriptions.journal(units, unit))
        : Optional.empty();
  }
}
