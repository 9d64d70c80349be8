package io.kairos.extensions.agent.store;

import io.kairos.extensions.agent.plan.Action;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Changes a store by steps that are each atomic, durable once they return, and harmless to repeat.
 *
 * <p>A link changes by the rename of a temporary link, which lies in our own folder: a name in a
 * profile folder, even a hidden one, would be linked by immucore. The run folder is another file
 * system, and so may be the one profile of a host that is none of Kairos, so their temporary link
 * lies there, without {@code .raw}, which is what systemd looks for. Nothing but a link of ours, or
 * a file that was adopted ({@link Adoption}), is ever replaced or removed.
 */
public final class Store {
  private final StoreLayout layout;
  private final Proofs proofs;
  private final Masks masks;
  private final Syncs syncs;

  /** Changes below a layout. */
  public Store(StoreLayout layout) {
    this.layout = layout;
    this.proofs = new Proofs(layout);
    this.masks = new Masks(layout);
    List<Path> folders =
        new ArrayList<>(
            List.of(
                layout.store().getParent(),
                layout.store(),
                layout.ours(),
                layout.images(),
                layout.good()));
    layout.profiles().stream().map(layout::profile).forEach(folders::add);
    this.syncs = new Syncs(folders);
  }

  /** What names of this store are made durable by. */
  Syncs syncs() {
    return syncs;
  }

  /**
   * Makes the folders, where they are missing, and durable what is there.
   *
   * @throws IOException when one cannot be made, or synced
   */
  public void prepare() throws IOException {
    syncs.settle();
    makeFolder(layout.staging());
    makeFolder(layout.images());
    makeFolder(layout.good());
    makeFolder(layout.links());
    makeFolder(layout.run());
    for (Profile profile : layout.profiles()) {
      makeFolder(layout.profile(profile));
    }
    Files.deleteIfExists(runLink()); // of a step that was cut off, as these
    if (layout.looksIntoProfile()) {
      for (Profile profile : layout.profiles()) {
        Files.deleteIfExists(layout.temporaryIn(layout.profile(profile)));
      }
      masks.tidy(this::isMaskable);
    }
  }

  /**
   * Carries out a step on links or files.
   *
   * @param action any but a refresh, which is the host's
   * @throws IOException when the file system refuses; the store is as before
   */
  public void apply(Action action) throws IOException {
    if (action instanceof Action.LinkProfile a) {
      maskNew(a.name());
      link(layout.profile(a.profile()).resolve(file(a.name())), a.sha256());
    } else if (action instanceof Action.UnlinkProfile a) {
      drop(layout.profile(a.profile()).resolve(file(a.name())));
      masks.drop(a.name());
    } else if (action instanceof Action.LinkRoot a) {
      link(layout.store().resolve(file(a.name())), a.sha256());
    } else if (action instanceof Action.UnlinkRoot a) {
      drop(layout.store().resolve(file(a.name())));
    } else if (action instanceof Action.LinkRunToImage a) {
      linkRun(a.name(), layout.imagesOnHost().resolve(a.sha256()));
      masks.drop(a.name());
    } else if (action instanceof Action.LinkRunToProfile a) {
      runProfile(a.name(), a.profile());
    } else if (action instanceof Action.UnlinkRun a) {
      unlinkRun(a.name());
    } else if (action instanceof Action.SetGood a) {
      link(layout.good().resolve(a.name()), a.sha256());
    } else if (action instanceof Action.UnsetGood a) {
      drop(layout.good().resolve(a.name()));
    } else if (action instanceof Action.DropProof a) {
      proofs.drop(a.name());
    } else if (action instanceof Action.DeleteImage a) {
      unlink(layout.images().resolve(a.sha256()));
    } else if (action instanceof Action.DeleteStray a) {
      unlink(layout.ours().resolve(a.path()));
    } else {
      throw new IllegalArgumentException("not a step of the store: " + action);
    }
  }

  /**
   * Moves a verified download to its final name: durable before anything may link to it.
   *
   * @param part the download, in {@code staging/}
   * @param sha256 its digest
   * @throws IOException when the file system refuses
   */
  public void keep(Path part, String sha256) throws IOException {
    Syncs.sync(part);
    syncs.change(
        layout.images(),
        () -> Files.move(part, layout.images().resolve(sha256), StandardCopyOption.ATOMIC_MOVE));
  }

  /**
   * Takes away an image that is not what its name says, before anything merges or boots it: what
   * links to it leads nowhere until the right one is back, and systemd passes over such a link.
   *
   * @throws IOException when the file system refuses
   */
  public void discard(String sha256) throws IOException {
    unlink(layout.images().resolve(sha256));
  }

  private void makeFolder(Path folder) throws IOException {
    boolean within =
        folder.startsWith(layout.store())
            || folder.startsWith(layout.ours())
            || folder.equals(layout.run());
    if (within ? Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS) : Files.isDirectory(folder)) {
      if (within && !folder.equals(layout.run())) {
        requireFolder(folder.getParent());
      }
      return;
    }
    if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw noFolder(folder);
    }
    makeFolder(folder.getParent());
    syncs.change(folder.getParent(), () -> Files.createDirectory(folder));
  }

  /** A link in place of our own folder would lead what is written there somewhere else. */
  private void requireFolder(Path folder) throws IOException {
    boolean ours = folder.equals(layout.store()) || folder.equals(layout.ours());
    if (ours && !Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw noFolder(folder);
    }
  }

  private IOException noFolder(Path folder) {
    return new IOException(
        layout.host().onHost(folder)
            + " is a link, or no folder, where a folder has to be: move it away");
  }

  private void link(Path place, String sha256) throws IOException {
    requireOurs(place);
    syncs.change(
        place.getParent(),
        () -> replace(layout.temporary(place), place, layout.targetOf(place, sha256)));
  }

  private void linkRun(String name, Path target) throws IOException {
    Path place = layout.run().resolve(file(name));
    requireOurs(place);
    replace(runLink(), place, target);
  }

  /** Where systemd looks into the profile by itself, a run link would only come before it. */
  private void runProfile(String name, Profile profile) throws IOException {
    if (layout.looksIntoProfile()) {
      masks.drop(name);
      drop(layout.run().resolve(file(name)));
    } else {
      linkRun(name, layout.profileOnHost(profile).resolve(file(name)));
    }
  }

  /** A name that stays in the profile has to be hidden: without a run link, that is what counts. */
  private void unlinkRun(String name) throws IOException {
    Path place = layout.run().resolve(file(name));
    requireOurs(place);
    if (isInProfile(name)) {
      masks.put(name);
    } else {
      masks.drop(name);
    }
    unlink(place);
  }

  /**
   * What is new in the profile waits for its boot; a name that the run folder has is decided there.
   */
  private void maskNew(String name) throws IOException {
    if (layout.looksIntoProfile() && !isThere(layout.run().resolve(file(name)))) {
      boolean isNew =
          layout.profiles().stream()
              .map(layout::profile)
              .noneMatch(folder -> isThere(folder.resolve(file(name))));
      if (isNew) {
        masks.put(name);
      }
    }
  }

  /** Whether a mask has something of ours to hide, and hides nothing else. */
  private boolean isMaskable(String name) throws IOException {
    return isInProfile(name) && !isThere(layout.run().resolve(file(name)));
  }

  private boolean isInProfile(String name) throws IOException {
    for (Profile profile : layout.profiles()) {
      Path place = layout.profile(profile).resolve(file(name));
      if (layout.looksIntoProfile() && isThere(place) && isOurs(place)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isThere(Path place) {
    return Files.exists(place, LinkOption.NOFOLLOW_LINKS);
  }

  private Path runLink() {
    return layout.temporaryIn(layout.run());
  }

  static void replace(Path temporary, Path place, Path target) throws IOException {
    Files.deleteIfExists(temporary);
    Files.createSymbolicLink(temporary, target);
    Files.move(temporary, place, StandardCopyOption.ATOMIC_MOVE);
  }

  private void drop(Path place) throws IOException {
    requireOurs(place);
    unlink(place);
  }

  /** The look that a step comes from may be out of date: what is not ours by now is left alone. */
  private void requireOurs(Path place) throws IOException {
    if (isThere(place) && !isOurs(place)) {
      throw new FileAlreadyExistsException(
          layout.host().onHost(place).toString(), null, "not ours, and left alone");
    }
  }

  /** A link of ours, or a file that was adopted: its content stays under our name. */
  private boolean isOurs(Path place) throws IOException {
    if (Files.isSymbolicLink(place)) {
      Path onHost = layout.host().onHost(place);
      return isOurs(place, onHost.resolveSibling(Files.readSymbolicLink(place)).normalize());
    }
    return Files.isRegularFile(place, LinkOption.NOFOLLOW_LINKS)
        && !place.startsWith(layout.run())
        && Inodes.imageOf(layout, place).isPresent();
  }

  private boolean isOurs(Path place, Path target) throws IOException {
    boolean throughProfile =
        layout.profiles().stream()
            .map(layout::profileOnHost)
            .anyMatch(folder -> target.equals(folder.resolve(place.getFileName())));
    return throughProfile
        || layout.imagesOnHost().equals(target.getParent())
        || isOursThroughRoot(place, target);
  }

  /** What {@code kairos-agent sysext enable} makes of a name that we installed. */
  private boolean isOursThroughRoot(Path place, Path target) throws IOException {
    Path root = layout.store().resolve(place.getFileName());
    if (place.equals(root) || !target.equals(layout.host().onHost(root))) {
      return false;
    }
    if (Files.isSymbolicLink(root)) {
      Path image = target.resolveSibling(Files.readSymbolicLink(root)).normalize();
      return layout.imagesOnHost().equals(image.getParent());
    }
    return Files.isRegularFile(root, LinkOption.NOFOLLOW_LINKS)
        && Inodes.imageOf(layout, root).isPresent();
  }

  private void unlink(Path place) throws IOException {
    if (isThere(place)) {
      syncs.change(place.getParent(), () -> Files.deleteIfExists(place));
    }
  }

  private static String file(String name) {
    return name + StoreLayout.RAW;
  }
}
