package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Profile;
import java.util.Optional;

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
   * In a profile folder only: it leads to the link of ours of the same name in the store's root, as
   * {@code kairos-agent sysext enable} makes it. In effect it is as good as a link to the image,
   * and is replaced by one: else what the root shows would decide what boots.
   *
   * @param sha256 the digest that the root's link leads to
   */
  record ThroughRoot(String sha256) implements Link {}

  /**
   * No link but the image itself, under a second name: a file of somebody else's that was adopted.
   * In effect it is as good as a link to the image, and is replaced by one.
   *
   * @param sha256 the digest that is the image's file name
   */
  record Adopted(String sha256) implements Link {}

  /**
   * Somebody else's: never touched.
   *
   * @param what it is, for a message
   * @param file where a regular file is that may turn out to be the very image that is wanted, by
   *     path below the store, or absolute outside of it: the entry itself, or what a run link leads
   *     to
   */
  record Foreign(String what, Optional<String> file) implements Link {
    /** One that can be nothing but foreign. */
    public Foreign(String what) {
      this(what, Optional.empty());
    }
  }
}
