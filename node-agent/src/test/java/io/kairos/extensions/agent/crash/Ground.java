package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.crash.CutPoint.Blow;
import io.kairos.extensions.agent.crash.CutPoint.Side;
import java.util.ArrayList;
import java.util.List;

/** What is to be done where. */
record Ground(Scenario scenario, HostLayout layout) {

  /** The same on the other kind of host. */
  Ground other() {
    return new Ground(
        scenario, layout == HostLayout.KAIROS ? HostLayout.SYSTEMD : HostLayout.KAIROS);
  }

  /**
   * Each side of a step, each blow.
   *
   * @param times how often the step is taken when nothing goes wrong
   */
  List<Aim> aims(String step, int times) {
    List<Aim> aims = new ArrayList<>();
    for (Blow blow : Blow.values()) {
      for (Side side : Side.values()) {
        aims.add(new Aim(scenario, layout, step, times, side, blow));
      }
    }
    return aims;
  }
}
