package io.kairos.extensions.agent.prove;

import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.host.Units;
import io.kairos.extensions.agent.host.Units.UnitState;

/** Says for a person how a unit is. */
final class Descriptions {
  private Descriptions() {}

  static String of(String unit, UnitState state) {
    if (!state.isLoaded()) {
      return unit + " is " + state.load();
    }
    String restarts = state.restarts() > 0 ? ", restarted " + state.restarts() + " times" : "";
    String result = "success".equals(state.result()) ? "" : ", result " + state.result();
    return unit + " is " + state.active() + " (" + state.sub() + result + restarts + ")";
  }

  /**
   * What a unit said last. A journal that cannot be read, as on a host with a slow disk, takes no
   * verdict back.
   *
   * @throws HostException when the thread was interrupted
   */
  static String journal(Units units, String unit) throws HostException {
    try {
      return units.journal(unit).replace('\n', ';');
    } catch (HostException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      return "(its journal could not be read: " + e.getMessage() + ")";
    }
  }
}
