package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Profile;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What came of fetching, verifying and inspecting an image. */
public sealed interface Staged {

  /**
   * In the store, its digest verified, fit for this host.
   *
   * @param unitFiles whether it carries unit files, so that systemd has to reload after a refresh
   * @param nodeRuntime the node's own runtime found inside (kubelet, containerd, …), which must not
   *     be swapped live
   * @param hierarchies the host's hierarchies that it has something for
   * @param misfits the boot entries whose system is another one, which it does not fit
   * @param release what it says about itself, by the fields of its extension-release that count
   */
  record Ready(
      boolean unitFiles,
      Optional<String> nodeRuntime,
      Set<String> hierarchies,
      Map<Profile, Unfit> misfits,
      Map<String, String> release)
      implements Staged {
    /** Takes copies. */
    public Ready {
      hierarchies = Set.copyOf(hierarchies);
      misfits = Map.copyOf(misfits);
      release = Map.copyOf(release);
    }

    /** One that says nothing about itself. */
    public Ready(
        boolean unitFiles,
        Optional<String> nodeRuntime,
        Set<String> hierarchies,
        Map<Profile, Unfit> misfits) {
      this(unitFiles, nodeRuntime, hierarchies, misfits, Map.of());
    }

    /** One that fits every boot entry. */
    public Ready(boolean unitFiles, Optional<String> nodeRuntime, Set<String> hierarchies) {
      this(unitFiles, nodeRuntime, hierarchies, Map.of());
    }

    /** One that has something for {@code /usr} alone, as most have. */
    public Ready(boolean unitFiles, Optional<String> nodeRuntime) {
      this(unitFiles, nodeRuntime, Set.of("/usr"));
    }
  }

  /**
   * Verified, and refused: this image on this host cannot work.
   *
   * @param reason CamelCase
   * @param message for a person
   */
  record Unfit(String reason, String message) implements Staged {}

  /**
   * Not there; worth another try later.
   *
   * @param reason CamelCase
   * @param message for a person
   * @param pauseMillis how long its source wants to be left alone, 0 where it said nothing
   */
  record NotStaged(String reason, String message, long pauseMillis) implements Staged {
    /** One whose source says nothing about another try. */
    public NotStaged(String reason, String message) {
      this(reason, message, 0);
    }
  }
}
