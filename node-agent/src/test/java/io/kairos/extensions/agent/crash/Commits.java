package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.crash.FileStep.Kind;
import io.kairos.extensions.agent.fetch.Images;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Holds every change of a link, and every boot, against what the table of the durable steps
 * promises.
 *
 * <ul>
 *   <li>No link ever leads to anything but a whole image.
 *   <li>A live version is linked for a boot only while it is merged.
 *   <li>A boot gives what the profile was last committed to: the version before until the link is
 *       swapped, the new one once its folder is synced, one of the two in between. Never nothing,
 *       where nothing is neither of them; unless one that was committed for the boot to prove it
 *       does not merge.
 * </ul>
 */
final class Commits {
  private static final String RAW = ".raw";

  private final StoreLayout layout;
  private final Systemd systemd;
  private final Path booted;
  private final Map<String, List<Optional<String>>> possible = new TreeMap<>();
  private final List<String> violations = new CopyOnWriteArrayList<>();
  private Set<String> live = Set.of();

  /** Everything that is linked now is durable. */
  Commits(StoreLayout layout, Systemd systemd) throws IOException {
    this.layout = layout;
    this.systemd = systemd;
    this.booted = layout.profile(Profile.ACTIVE);
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(booted, "*" + RAW)) {
      for (Path entry : entries) {
        image(entry).ifPresent(image -> possible.put(name(entry), possibly(Optional.of(image))));
      }
    }
  }

  private static List<Optional<String>> possibly(Optional<String> image) {
    return new ArrayList<>(List.of(image));
  }

  /** Images that have to be tried before a boot may find them. */
  void live(Set<String> images) {
    live = Set.copyOf(images);
  }

  List<String> violations() {
    return List.copyOf(violations);
  }

  private static String name(Path link) {
    return link.getFileName().toString().replace(RAW, "");
  }

  /** Nothing, where it is a link that is not ours. */
  private static Optional<String> image(Path entry) throws IOException {
    if (!Files.isSymbolicLink(entry)) {
      return Optional.of(Images.sha256(Files.readAllBytes(entry)));
    }
    Path target = Files.readSymbolicLink(entry);
    return isOurs(target) ? Optional.of(target.getFileName().toString()) : Optional.empty();
  }

  private static boolean isOurs(Path target) {
    return target.getParent().endsWith("images");
  }

  /** A change is about to be made. */
  void before(FileStep step) throws IOException {
    if (step.kind() != Kind.RENAME || !Files.isSymbolicLink(step.from().orElseThrow())) {
      return;
    }
    Path target = Files.readSymbolicLink(step.from().orElseThrow());
    String image = target.getFileName().toString();
    if (image.endsWith(RAW) || target.startsWith(layout.masksOnHost())) {
      return; // through a profile, whose link was looked at, or to what hides a name
    }
    if (!systemd.isWhole(layout.images().resolve(image), image)) {
      violations.add(step.path() + " is linked to " + image + ", which is no whole image");
    }
    if (step.path().getParent().equals(booted)
        && live.contains(image)
        && !image.equals(systemd.merged().get(name(step.path())))) {
      violations.add(step.path() + " is committed to " + image + ", which is not merged");
    }
  }

  /** It was made. */
  void after(FileStep step) throws IOException {
    Path path = step.path();
    if (step.kind() == Kind.SYNC && path.equals(booted)) {
      possible.replaceAll((name, images) -> possibly(last(images)));
    } else if (booted.equals(path.getParent()) && path.toString().endsWith(RAW)) {
      List<Optional<String>> images =
          possible.computeIfAbsent(name(path), n -> possibly(Optional.empty()));
      images.add(step.kind() == Kind.DELETE ? Optional.empty() : image(path));
    }
  }

  private static Optional<String> last(List<Optional<String>> images) {
    return images.get(images.size() - 1);
  }

  /** The host has just booted. */
  void checkBoot() throws IOException {
    Map<String, String> merged = systemd.merged();
    boolean refused = systemd.isRefusing();
    possible.forEach(
        (name, images) -> {
          Optional<String> found = Optional.ofNullable(merged.get(name));
          boolean asPromised = refused ? found.isEmpty() : images.contains(found);
          if (!asPromised) {
            violations.add("the boot merged " + name + " as " + found + ", expected " + images);
          }
        });
    if (refused && possible.values().stream().noneMatch(Commits::mayBeRefused)) {
      violations.add("the boot merged nothing");
    }
    for (Profile profile : layout.profiles()) {
      try (DirectoryStream<Path> entries =
          Files.newDirectoryStream(layout.profile(profile), "*" + RAW)) {
        for (Path entry : entries) {
          checkWhole(entry);
        }
      } catch (NoSuchFileException none) {
        // the folder had not reached the disk
      }
    }
    possible.replaceAll((name, images) -> possibly(refused ? last(images) : merged(name)));
  }

  private Optional<String> merged(String name) {
    return Optional.ofNullable(systemd.merged().get(name));
  }

  private static boolean mayBeRefused(List<Optional<String>> images) {
    return images.contains(Optional.of(Sample.UNMERGEABLE.sha256()));
  }

  private void checkWhole(Path entry) throws IOException {
    Optional<String> image = image(entry);
    if (Files.isSymbolicLink(entry)
        && image.isPresent()
        && !systemd.isWhole(layout.images().resolve(image.get()), image.get())) {
      violations.add("the boot found " + entry + " leading to no whole image");
    }
  }
}
