package io.kairos.extensions.images;

import java.nio.file.Path;

/**
 * A program that gets an image.
 *
 * @param image the image's name, as the chart's values have it
 * @param module the folder of its Maven module
 * @param mainClass what is run
 * @param user uid and gid that it runs as, unless its pod says otherwise
 * @param summary what it is, for people who look at an image
 */
record Program(String image, String module, String mainClass, int user, String summary) {

  /** Nobody in particular, and in no case root. */
  static final Program OPERATOR =
      new Program(
          "sysext-operator",
          "operator",
          "io.kairos.extensions.operator.OperatorMain",
          65532,
          "Plans, admits and sums up: system extensions for fleets of immutable hosts");

  /** Root, as the store of extensions is root's, and the host's systemd asks who calls. */
  static final Program AGENT =
      new Program(
          "sysext-node-agent",
          "node-agent",
          "io.kairos.extensions.agent.AgentMain",
          0,
          "Looks after the system extensions of one host");

  /** The folder that a build of the module leaves. */
  Path target(Path repository) {
    return repository.resolve(module).resolve("target");
  }
}
