package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.crash.CutPoint.Blow;
import io.kairos.extensions.agent.crash.CutPoint.Side;

/**
 * Where a run is to be cut.
 *
 * @param scenario which
 * @param layout the host's
 * @param step the name of a step of it
 * @param times how often the step is taken when nothing goes wrong
 */
record Aim(Scenario scenario, HostLayout layout, String step, int times, Side side, Blow blow) {

  /** Whether a blow fell where it was aimed at. */
  boolean isHit(CutPoint cut) {
    return cut.step().equals(step) && cut.side() == side && cut.blow() == blow;
  }

  /**
   * Of the four aims at a step that both kinds of hosts take, two are of the one kind and two of
   * the other: each kind has both sides and both blows.
   */
  boolean isOfHalf() {
    boolean kairos = layout == HostLayout.KAIROS;
    return kairos == ((side == Side.BEFORE) == (blow == Blow.HOST_CUT_OFF));
  }

  @Override
  public String toString() {
    return "%s on %s: %s %s '%s'".formatted(scenario, layout, blow, side, step);
  }
}
