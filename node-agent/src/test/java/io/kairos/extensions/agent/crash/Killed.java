package io.kairos.extensions.agent.crash;

/** Ends a thread of a process that does not exist any more: no step of it has an effect. */
final class Killed extends Error {
  private static final long serialVersionUID = 1L;

  Killed() {
    super("killed", null, false, false);
  }
}
