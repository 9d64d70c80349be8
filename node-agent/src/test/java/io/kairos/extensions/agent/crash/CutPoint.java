package io.kairos.extensions.agent.crash;

/**
 * Where a run is cut.
 *
 * @param step the name of a step; empty for any
 * @param occurrence which time that the step is taken, from 1; of any step since the blow before
 * @param side whether the step has still been taken
 * @param blow what happens there
 */
record CutPoint(String step, int occurrence, Side side, Blow blow) {

  /** Before or after. */
  enum Side {
    BEFORE,
    AFTER
  }

  /** What happens. */
  enum Blow {
    AGENT_KILLED,
    HOST_CUT_OFF
  }

  /** Whether it is here. */
  boolean isAt(String name, int time, int sinceBlow, Side where) {
    boolean here =
        step.isEmpty() ? occurrence == sinceBlow : step.equals(name) && occurrence == time;
    return here && side == where;
  }

  @Override
  public String toString() {
    return "%s %s '%s' (time %d)".formatted(blow, side, step, occurrence);
  }
}
