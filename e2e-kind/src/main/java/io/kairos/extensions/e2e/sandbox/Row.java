package io.kairos.extensions.e2e.sandbox;

import java.time.Duration;

/**
 * One extension on one node.
 *
 * @param node the node
 * @param extension the image's name
 * @param version its version, empty where there is none to tell
 * @param phase where it stands
 * @param detail reason and message, for a person
 * @param mark what to think of it
 * @param elapsed from the wish until now, or until it came true
 */
record Row(
    String node,
    String extension,
    String version,
    String phase,
    String detail,
    Mark mark,
    Duration elapsed) {

  /** What to think of a phase. */
  enum Mark {
    /** Nothing happens yet. */
    WAITING,
    /** It is on its way. */
    WORKING,
    /** It is as it shall be. */
    DONE,
    /** It did not work. */
    FAILED
  }

  /** Extension and version. */
  String what() {
    return version.isEmpty() ? extension : extension + " " + version;
  }
}
