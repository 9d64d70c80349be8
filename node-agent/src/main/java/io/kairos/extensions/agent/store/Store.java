package io.kairos.extensions.agent.store;

import io.kairos.extensions.agent.plan.Action;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * Changes a store by steps that are each atomic, durable once they return, and harmless to repeat.
 *
 * <p>A link changes by the rename of a temporary link, which lies in our own folder: a name in a
 * profile folder, even a hidden one, would be linked by immucore. The run folder is another file
 * system, so its temporary link lies there, without {@code .raw}, which is what systemd looks for.
 * Nothing but a link of ours, or a file that was adopted ({@link Adoption}), is ever replaced or
 * removed.
 */
public final class Store {
  private final StoreLayout layout;
  private final Proofs proofs;

  /** Changes below a layout. */
  public Store(StoreLayout layout) {
    this.layout = layout;
    this.proofs = new Proofs(layout);
  }

  /**
   * Makes the folders, where they are missing.
   *
   * @throws IOException when one cannot be made
   */
  public void prepare() throws IOException {
    Files.createDirectories(layout.staging());
    Files.createDirectories(layout.images());
    Files.createDirectories(layout.good());
    Files.createDirectories(layout.links());
    Files.createDirectories(layout.run());
    for (Profile profile : Profile.values()) {
      Files.createDirectories(layout.profile(profile));
    }
    Files.deleteIfExists(runLink()); // of a step that was cut off
  }

  /**
   * Deletes what an agent before this one left of its questions to the host; to be called before
   * the first of our own.
   *
   * @throws IOException when the run folder cannot be read, or a file not deleted
   */
  public void recover() throws IOException {
    try (DirectoryStream<Path> outputs =
        Files.newDirectoryStream(layout.run(), StoreLayout::isOutput)) {
      for (Path output : outputs) {
        Files.deleteIfExists(output);
      }
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
      link(
          layout.profile(a.profile()).resolve(file(a.name())),
          Path.of("../.sysext-operator/images", a.sha256()));
    } else if (action instanceof Action.UnlinkProfile a) {
      drop(layout.profile(a.profile()).resolve(file(a.name())));
    } else if (action instanceof Action.LinkRoot a) {
      link(layout.store().resolve(file(a.name())), Path.of(".sysext-operator/images", a.sha256()));
    } else if (action instanceof Action.UnlinkRoot a) {
      drop(layout.store().resolve(file(a.name())));
    } else if (action instanceof Action.LinkRunToImage a) {
      linkRun(a.name(), StoreLayout.IMAGES.resolve(a.sha256()));
    } else if (action instanceof Action.LinkRunToProfile a) {
      linkRun(a.name(), StoreLayout.STORE.resolve(a.profile().text()).resolve(file(a.name())));
    } else if (action instanceof Action.UnlinkRun a) {
      drop(layout.run().resolve(file(a.name())));
    } else if (action instanceof Action.SetGood a) {
      link(layout.good().resolve(a.name()), Path.of("../images", a.sha256()));
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
    sync(part);
    Files.move(part, layout.images().resolve(sha256), StandardCopyOption.ATOMIC_MOVE);
    sync(layout.images());
  }

  private void link(Path place, Path target) throws IOException {
    requireOurs(place);
    Path temporary =
        layout.links().resolve(place.getParent().getFileName() + "-" + place.getFileName());
    replace(temporary, place, target);
    sync(place.getParent());
  }

  private void linkRun(String name, Path target) throws IOException {
    Path place = layout.run().resolve(file(name));
    requireOurs(place);
    replace(runLink(), place, target);
  }

  private Path runLink() {
    return layout.run().resolve(".sysext-operator.link");
  }

  private static void replace(Path temporary, Path place, Path target) throws IOException {
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
    if (!Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (Files.isRegularFile(place, LinkOption.NOFOLLOW_LINKS)
        && !place.startsWith(layout.run())
        && layout.imageWithInodeOf(place).isPresent()) {
      return; // adopted: its content stays under our name
    }
    Path onHost = Path.of("/").resolve(layout.hostRoot().relativize(place));
    if (!Files.isSymbolicLink(place)
        || !isOurs(place, onHost.resolveSibling(Files.readSymbolicLink(place)).normalize())) {
      throw new FileAlreadyExistsException(onHost.toString(), null, "not ours, and left alone");
    }
  }

  private static boolean isOurs(Path place, Path target) {
    boolean throughProfile =
        Arrays.stream(Profile.values())
            .map(profile -> StoreLayout.STORE.resolve(profile.text()))
            .anyMatch(folder -> target.equals(folder.resolve(place.getFileName())));
    return throughProfile || StoreLayout.IMAGES.equals(target.getParent());
  }

  private static void unlink(Path place) throws IOException {
    if (Files.deleteIfExists(place)) {
      sync(place.getParent());
    }
  }

  static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static String file(String name) {
    return name + ".raw";
  }
}
