package io.kairos.extensions.e2e.fleet;

import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.host.Units;
import io.kairos.extensions.api.v1alpha1.ServiceAction;
import java.time.Duration;
import java.util.List;

/** A plain directory has no units, and says so. */
final class PlainUnits implements Units {
  @Override
  public void reload() {
    // nobody has read unit files here, so none are out of date
  }

  @Override
  public UnitState state(String unit) throws HostException {
    throw none();
  }

  @Override
  public UnitState change(String unit, ServiceAction action) throws HostException {
    throw none();
  }

  @Override
  public boolean begin(String unit) throws HostException {
    throw none();
  }

  @Override
  public void stop(String unit) throws HostException {
    throw none();
  }

  /** A folder is there or not. */
  @Override
  public boolean isGoingDown() {
    return false;
  }

  @Override
  public String journal(String unit) throws HostException {
    throw none();
  }

  @Override
  public Ran run(List<String> command, Duration limit) throws HostException {
    throw none();
  }

  private static HostException none() {
    return new HostException("this host is a plain directory: no systemd runs its units");
  }
}
