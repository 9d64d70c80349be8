package io.kairos.extensions.e2e.scenario;

import io.kairos.extensions.e2e.scenario.StepStory.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * One run of an operation: what falls on it, where, and what else goes wrong.
 *
 * @param strikes in order; each but the first may miss
 */
record StepRun(Operation operation, List<Strike> strikes, List<Mishap> mishaps) {
  private static final int ONE_IN_HAS_TWO_STRIKES = 3;
  private static final int MOST_MISHAPS = 2;

  /** What falls. */
  enum Blow {
    SIGKILL,
    POWER_CUT
  }

  /**
   * A blow at a step.
   *
   * @param where as {@link SteppedAgents#aim} takes it
   */
  record Strike(Blow blow, String where) {
    private static Strike draw(Blow blow, String step, Random random) {
      return new Strike(blow, (random.nextBoolean() ? "BEFORE " : "AFTER ") + step);
    }
  }

  /**
   * Draws what is open.
   *
   * @param step the first blow's
   * @param steps from which the second blow's is taken
   * @param straight whether nothing goes wrong before the first blow, which another run has missed
   */
  static StepRun draw(
      Operation operation,
      String step,
      Blow blow,
      List<String> steps,
      boolean straight,
      Random random) {
    List<Strike> strikes = new ArrayList<>();
    strikes.add(Strike.draw(blow, step, random));
    if (random.nextInt(ONE_IN_HAS_TWO_STRIKES) == 0) {
      strikes.add(Strike.draw(blow, steps.get(random.nextInt(steps.size())), random));
    }
    List<Mishap> mishaps =
        Stream.generate(() -> Mishap.draw(random))
            .limit(random.nextInt(MOST_MISHAPS + 1))
            .filter(mishap -> mishap.afterBlow() || !straight)
            .toList();
    return new StepRun(operation, List.copyOf(strikes), mishaps);
  }

  @Override
  public String toString() {
    return operation + " " + strikes + " with " + mishaps;
  }
}
