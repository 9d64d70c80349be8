package io.kairos.extensions.agent.crash;

import java.util.Random;

/** Picks one of several. */
final class Pick {
  private Pick() {}

  static <T> T one(Random random, T[] choices) {
    return choices[random.nextInt(choices.length)];
  }
}
