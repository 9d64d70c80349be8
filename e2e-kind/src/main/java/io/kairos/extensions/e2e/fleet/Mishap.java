package io.kairos.extensions.e2e.fleet;

import io.kairos.extensions.api.v1alpha1.Phase;

/** What goes wrong on a simulated node once its agent gets to a version of an extension. */
public sealed interface Mishap {

  /** The version of the extension, as its SystemExtension has it. */
  String version();

  /**
   * It is merged, its health check fails, and what was there before is put back.
   *
   * @param version which version
   */
  record Fails(String version) implements Mishap {}

  /**
   * The agent gets to a phase and no further.
   *
   * @param version which version
   * @param at the phase
   */
  record Stalls(String version, Phase at) implements Mishap {}

  /**
   * While it is verified the Node is not Ready, and Ready again, several times; then all is well.
   *
   * @param version which version
   * @param times how often
   */
  record Flaps(String version, int times) implements Mishap {}

  /**
   * The host dies of it: from then on the agent says nothing, and the Node is not Ready.
   *
   * @param version which version
   */
  record Dies(String version) implements Mishap {}
}
