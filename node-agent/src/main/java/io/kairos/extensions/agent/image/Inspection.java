package io.kairos.extensions.agent.image;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The verdict on an image for one host. */
public sealed interface Inspection permits Inspection.Fits, Inspection.Unfit {
  /**
   * systemd-sysext would merge it.
   *
   * @param release what it says about itself
   * @param format how it is built
   * @param hierarchies the host's hierarchies that it has something for
   * @param unitFiles whether it has unit files, which systemd has to be told to read
   * @param nodeRuntime the path of a program inside that the node itself runs on
   */
  record Fits(
      ExtensionRelease release,
      ImageFormat format,
      List<String> hierarchies,
      boolean unitFiles,
      Optional<String> nodeRuntime)
      implements Inspection {
    /** Copies the list. */
    public Fits {
      hierarchies = List.copyOf(hierarchies);
    }

    /** What it says about itself, by the fields that are matched with a host. */
    public Map<String, String> matched(ExtensionClass of) {
      return ReleaseMatch.matched(release.fields(), of);
    }

    /**
     * Why it would not be merged where the host boots another system, if so. Of that one only the
     * os-release counts.
     */
    public Optional<Unfit> refusedBy(HostFacts elsewhere) {
      return ReleaseMatch.check(release.fields(), elsewhere, ReleaseMatch.Side.ELSEWHERE);
    }
  }

  /**
   * It must not be linked: systemd-sysext would skip it, or fail with all others because of it.
   *
   * @param reason the constant
   * @param message what was found, what the host has, and what to do
   */
  record Unfit(UnfitReason reason, String message) implements Inspection {}
}
