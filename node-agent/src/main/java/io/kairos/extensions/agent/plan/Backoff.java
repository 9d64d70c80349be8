package io.kairos.extensions.agent.plan;

/** Growing pauses between tries, spread so that a fleet does not come back in step. */
public final class Backoff {
  private static final long FIRST_MILLIS = 2_000;
  private static final long LONGEST_MILLIS = 300_000;

  private Backoff() {}

  /**
   * The pause before the next try: doubles from 2 s to 5 minutes, less up to a quarter that the
   * salt decides.
   *
   * @param attempts tries so far, at least 1
   * @param salt anything that differs from node to node
   * @return milliseconds
   */
  public static long millis(int attempts, Object salt) {
    long full = Math.min(LONGEST_MILLIS, FIRST_MILLIS << Math.min(Math.max(attempts, 1) - 1, 10));
    return full - full / 4 * spread(attempts, salt) / 256;
  }

  /**
   * The pause before the next try of a source that asked for one: never shorter than that, and
   * longer by up to a quarter that the salt decides, since it asked a whole fleet.
   *
   * @param askedMillis by the source, 0 for nothing
   * @return milliseconds
   */
  static long millis(int attempts, Object salt, long askedMillis) {
    long spread = askedMillis / 4 * spread(attempts, salt) / 256;
    return Math.max(millis(attempts, salt), askedMillis + spread);
  }

  private static int spread(int attempts, Object salt) {
    return Math.floorMod(salt.hashCode() * 31 + attempts * 7919, 256);
  }
}
