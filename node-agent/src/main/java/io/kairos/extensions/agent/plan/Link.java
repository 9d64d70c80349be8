package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Profile;

/** A link of the store or the run folder, as it was found. */
public sealed interface Link {

  /**
   * Ours: it leads to an image of ours.
   *
   * @param sha256 the digest that is the image's file name
   */
  record Image(String sha256) implements Link {}

  /**
   * Ours, in the run folder only: it leads to the link of the same name in a profile folder.
   *
   * @param profile whose folder
   */
  record ViaProfile(Profile profile) implements Link {}

  /**
   * Somebody else's: never touched.
   *
   * @param what it is, for a message
   */
  record Foreign(String what) implements Link {}
}
