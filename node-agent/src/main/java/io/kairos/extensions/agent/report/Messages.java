package io.kairos.extensions.agent.report;

/** Messages no longer than who takes them allows. */
final class Messages {
  /** What the schema takes; a status that is refused would say nothing at all. */
  static final int CHARACTERS = 32_768;

  private Messages() {}

  /** The beginning of a message that is too long. */
  static String cut(String message, int characters) {
    return message.length() <= characters ? message : message.substring(0, characters - 1) + "…";
  }
}
