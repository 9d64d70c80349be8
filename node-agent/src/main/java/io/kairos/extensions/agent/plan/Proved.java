package io.kairos.extensions.agent.plan;

/** What came of a {@link Proving}. */
public sealed interface Proved {

  /** Services are as they should be, and all checks passed. */
  record Passed() implements Proved {}

  /**
   * It does not work here.
   *
   * @param servicesDone whether the services were dealt with, and only a check failed
   * @param reason CamelCase
   * @param message for a person, with the output of what failed
   */
  record Failed(boolean servicesDone, String reason, String message) implements Proved {}

  /**
   * The host did not answer: it is tried again.
   *
   * @param message what was tried
   */
  record Unanswered(String message) implements Proved {}

  /** It was given up before its end, as something else is wanted by now. */
  record Abandoned() implements Proved {}
}
