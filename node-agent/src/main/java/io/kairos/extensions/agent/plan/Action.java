package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One durable, repeatable step on the host. */
public sealed interface Action {

  /** A step on the links of one name. */
  sealed interface OnName extends Action {
    /** The extension's name. */
    String name();
  }

  /**
   * Enables an image in a boot profile.
   *
   * @param profile the profile
   * @param name the extension's name
   * @param sha256 the image
   */
  record LinkProfile(Profile profile, String name, String sha256) implements OnName {}

  /**
   * Disables a name in a boot profile.
   *
   * @param profile the profile
   * @param name the extension's name
   */
  record UnlinkProfile(Profile profile, String name) implements OnName {}

  /**
   * Shows an image in the store's root, for {@code kairos-agent sysext list}.
   *
   * @param name the extension's name
   * @param sha256 the image
   */
  record LinkRoot(String name, String sha256) implements OnName {}

  /**
   * Takes a name out of the store's root.
   *
   * @param name the extension's name
   */
  record UnlinkRoot(String name) implements OnName {}

  /**
   * Puts an image on trial: the next refresh merges it, the next boot does not know it.
   *
   * @param name the extension's name
   * @param sha256 the image
   */
  record LinkRunToImage(String name, String sha256) implements OnName {}

  /**
   * Lets the run link follow the profile, as immucore leaves it at boot.
   *
   * @param name the extension's name
   * @param profile the profile
   */
  record LinkRunToProfile(String name, Profile profile) implements OnName {}

  /**
   * The next refresh no longer merges the name.
   *
   * @param name the extension's name
   */
  record UnlinkRun(String name) implements OnName {}

  /**
   * Remembers a version as proven on this host.
   *
   * @param name the extension's name
   * @param sha256 the image
   */
  record SetGood(String name, String sha256) implements OnName {}

  /**
   * Forgets the proven version.
   *
   * @param name the extension's name
   */
  record UnsetGood(String name) implements OnName {}

  /**
   * Stops services whose files the next refresh takes away, while their unit files are still there
   * and linked.
   *
   * @param name the extension's name
   * @param units the units
   */
  record StopServices(String name, List<String> units) implements OnName {
    /** Takes a copy. */
    public StopServices {
      units = List.copyOf(units);
    }
  }

  /**
   * Starts again what was stopped for an extension that is gone, and what the host has without it:
   * the extension brought a drop-in for a service of the host, or another version of it.
   *
   * @param name the extension's name
   * @param units the units
   */
  record StartServices(String name, List<String> units) implements OnName {
    /** Takes a copy. */
    public StartServices {
      units = List.copyOf(units);
    }
  }

  /**
   * Forgets how far an image has proven itself.
   *
   * @param name the extension's name
   */
  record DropProof(String name) implements OnName {}

  /**
   * Merges what the run folder links: all changes of the node at once.
   *
   * @param expected the names that were changed, and the image that has to be merged afterwards;
   *     empty for none
   * @param trials those of them whose image was never merged here as wanted
   */
  record Refresh(Map<String, Optional<String>> expected, Set<ExtensionKey> trials)
      implements Action {
    /** Takes copies. */
    public Refresh {
      expected = Map.copyOf(expected);
      trials = Set.copyOf(trials);
    }

    /** Whether the host shows what was expected. */
    public boolean shownBy(HostView after) {
      return expected.entrySet().stream()
          .allMatch(
              entry ->
                  entry
                      .getValue()
                      .map(sha256 -> after.isMerged(entry.getKey(), sha256))
                      .orElseGet(() -> !after.merged().containsKey(entry.getKey())));
    }
  }

  /** Deletes what nobody needs: whether it can be matters to nothing else. */
  sealed interface Garbage extends Action {
    /** The digest of an image, or a path below our folder. */
    String file();
  }

  /**
   * Deletes an image that nothing refers to.
   *
   * @param sha256 the image
   */
  record DeleteImage(String sha256) implements Garbage {
    @Override
    public String file() {
      return sha256;
    }
  }

  /**
   * Deletes what an interrupted step left behind.
   *
   * @param path below our folder
   */
  record DeleteStray(String path) implements Garbage {
    @Override
    public String file() {
      return path;
    }
  }
}
