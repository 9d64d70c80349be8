package io.kairos.extensions.agent;

import io.kairos.extensions.agent.fetch.Images;
import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** One class on a {@link FakeHost}. */
final class FakeMerge {
  private final StoreLayout layout;
  private final Set<String> bad;
  private final List<Set<String>> refreshes = new ArrayList<>();
  private Map<String, String> merged = Map.of();
  private int mounts;

  FakeMerge(StoreLayout layout, Set<String> bad) {
    this.layout = layout;
    this.bad = bad;
  }

  void boot() throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(layout.run())) {
      for (Path entry : entries) {
        Files.deleteIfExists(entry);
      }
    }
    for (Profile profile :
        looksIntoProfile() ? List.<Profile>of() : List.of(Profile.ACTIVE, Profile.COMMON)) {
      try (DirectoryStream<Path> links = Files.newDirectoryStream(layout.profile(profile))) {
        for (Path link : links) {
          Files.createSymbolicLink(
              layout.run().resolve(link.getFileName()),
              layout.profileOnHost(profile).resolve(link.getFileName()));
        }
      }
    }
    merged = Map.of();
    boolean unused = mergeLinked();
  }

  /** Whether it is the layout of a host that is none of Kairos. */
  boolean looksIntoProfile() {
    return layout.looksIntoProfile();
  }

  Map<String, String> merged() {
    return merged;
  }

  void unmerge() {
    merged = Map.of();
  }

  List<Set<String>> refreshes() {
    return List.copyOf(refreshes);
  }

  Host.Merge shown() {
    return new Host.Merge(
        merged.isEmpty() ? "" : layout.extensionClass() + "=" + mounts, merged.keySet());
  }

  Host.Refreshed refresh() {
    boolean done = mergeLinked();
    refreshes.add(merged.keySet());
    return done ? new Host.Refreshed.Done() : new Host.Refreshed.Refused("an image is bad");
  }

  private boolean mergeLinked() {
    Map<String, String> linked = new TreeMap<>();
    try {
      if (looksIntoProfile()) {
        linked.putAll(linked(layout.profile(Profile.ACTIVE), layout.profileOnHost(Profile.ACTIVE)));
        linked
            .keySet()
            .removeIf(name -> Files.isSymbolicLink(layout.run().resolve(name))); // masked
      }
      linked.putAll(linked(layout.run(), layout.runOnHost()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (linked.values().stream().anyMatch(bad::contains)) {
      return false;
    }
    merged = Map.copyOf(linked);
    mounts++;
    return true;
  }

  private Map<String, String> linked(Path folder, Path folderOnHost) throws IOException {
    Map<String, String> linked = new TreeMap<>();
    try (DirectoryStream<Path> links = Files.newDirectoryStream(folder, "*.raw")) {
      for (Path link : links) {
        follow(link, folderOnHost)
            .ifPresent(
                image ->
                    linked.put(link.getFileName().toString().replaceAll("[.]raw$", ""), image));
      }
    }
    return linked;
  }

  private Optional<String> follow(Path link, Path folderOnHost) throws IOException {
    Path at = link;
    Path onHost = folderOnHost;
    for (int hops = 0; hops < 8 && Files.isSymbolicLink(at); hops++) {
      Path target = onHost.resolve(Files.readSymbolicLink(at)).normalize();
      onHost = target.getParent();
      at = layout.here(target);
    }
    return Files.isRegularFile(at)
        ? Optional.of(Images.sha256(Files.readAllBytes(at)))
        : Optional.empty();
  }
}
