package io.kairos.extensions.agent.prove;

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
}
