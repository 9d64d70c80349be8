package io.kairos.extensions.agent.crash;

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
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What systemd and, on a host of Kairos, immucore do on a host of real files: links that dangle are
 * skipped, and one file that is no whole image, or one that does not merge, fails a refresh and
 * leaves a boot with nothing. On a host that is none of Kairos systemd looks into the profile's
 * folder after the run folder; a folder in the latter that fits nobody hides a name, and one
 * without extension-release fails a refresh.
 */
final class Systemd {
  private static final String RELEASES = "usr/lib/extension-release.d";

  private final StoreLayout layout;
  private final Set<String> whole =
      Stream.of(Sample.values()).map(Sample::sha256).collect(Collectors.toSet());
  private Map<String, String> merged = Map.of();
  private int mounts;
  private int boots;

  /** With nothing merged. */
  Systemd(StoreLayout layout) {
    this.layout = layout;
  }

  /** One that is in the very state of another, for a copy of its files. */
  Systemd(StoreLayout layout, Systemd other) {
    this.layout = layout;
    this.merged = other.merged;
    this.mounts = other.mounts;
    this.boots = other.boots;
  }

  /** Digests by name. */
  synchronized Map<String, String> merged() {
    return merged;
  }

  /** Tells one merge from every other. */
  synchronized String mergeId() {
    return merged.isEmpty() ? "" : "boot " + boots + " merge " + mounts;
  }

  /** Whether what is linked now cannot be merged. */
  synchronized boolean isRefusing() throws IOException {
    Map<String, String> linked = linked();
    for (Path mask : masks()) {
      String name = mask.getFileName().toString();
      Path releases = layout.here(Files.readSymbolicLink(mask)).resolve(RELEASES);
      if (!Files.isRegularFile(releases.resolve("extension-release." + name))) {
        return true;
      }
    }
    return !whole.containsAll(linked.values()) || linked.containsValue(Sample.UNMERGEABLE.sha256());
  }

  /** Everything is unmerged. */
  synchronized void unmerge() {
    merged = Map.of();
    mounts++;
  }

  /** Whether a file is the image of a digest, every byte of it. */
  boolean isWhole(Path file, String sha256) throws IOException {
    return whole.contains(sha256) && digest(file).filter(sha256::equals).isPresent();
  }

  private static Optional<String> digest(Path file) throws IOException {
    try {
      return Files.isRegularFile(file)
          ? Optional.of(Images.sha256(Files.readAllBytes(file)))
          : Optional.empty();
    } catch (NoSuchFileException gone) {
      return Optional.empty();
    }
  }

  /** Boots into {@code active}. */
  synchronized void boot() throws IOException {
    boots++;
    Files.writeString(layout.host().bootId(), "boot-" + boots + "\n");
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(layout.run())) {
      for (Path entry : entries) {
        Files.delete(entry);
      }
    }
    List<Profile> linked =
        layout.looksIntoProfile() ? List.of() : List.of(Profile.ACTIVE, Profile.COMMON);
    for (Profile profile : linked) {
      try (DirectoryStream<Path> links =
          Files.newDirectoryStream(layout.profile(profile), "*.raw")) {
        for (Path link : links) {
          Files.createSymbolicLink(
              layout.run().resolve(link.getFileName()),
              layout.profileOnHost(profile).resolve(link.getFileName()));
        }
      } catch (NoSuchFileException none) {
        // the folder had not reached the disk
      }
    }
    merged = Map.of();
    boolean unused = refresh();
  }

  /**
   * Merges what the run folder links.
   *
   * @return whether it did; else the merge is as it was
   */
  synchronized boolean refresh() throws IOException {
    if (isRefusing()) {
      return false;
    }
    merged = linked();
    mounts++;
    return true;
  }

  private Map<String, String> linked() throws IOException {
    Map<String, String> linked = new TreeMap<>(linked(layout.runOnHost()));
    if (layout.looksIntoProfile()) {
      Map<String, String> more = new TreeMap<>(linked(layout.profileOnHost(Profile.ACTIVE)));
      for (Path mask : masks()) {
        more.remove(mask.getFileName().toString());
      }
      more.forEach(linked::putIfAbsent);
    }
    return Map.copyOf(linked);
  }

  /** Links to folders that lead somewhere. */
  private List<Path> masks() throws IOException {
    List<Path> masks = new ArrayList<>();
    try (DirectoryStream<Path> links = Files.newDirectoryStream(layout.run())) {
      for (Path link : links) {
        if (Files.isSymbolicLink(link)
            && Files.isDirectory(layout.here(Files.readSymbolicLink(link)))) {
          masks.add(link);
        }
      }
    }
    return masks;
  }

  private Map<String, String> linked(Path folder) throws IOException {
    Map<String, String> linked = new TreeMap<>();
    try (DirectoryStream<Path> links = Files.newDirectoryStream(layout.here(folder), "*.raw")) {
      for (Path link : links) {
        String name = link.getFileName().toString().replaceAll("[.]raw$", "");
        follow(link, folder).ifPresent(image -> linked.put(name, image));
      }
    } catch (NoSuchFileException none) {
      // the folder had not reached the disk
    }
    return linked;
  }

  private Optional<String> follow(Path link, Path folder) throws IOException {
    Path at = link;
    Path onHost = folder;
    for (int hops = 0; hops < 8 && Files.isSymbolicLink(at); hops++) {
      Path target = onHost.resolve(Files.readSymbolicLink(at)).normalize();
      onHost = target.getParent();
      at = layout.here(target);
    }
    return digest(at);
  }
}
