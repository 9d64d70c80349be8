package io.kairos.extensions.agent;

import io.kairos.extensions.agent.fetch.Images;
import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.image.TrustedCertificates;
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
import java.util.concurrent.ConcurrentHashMap;

/**
 * systemd and immucore on a temporary folder: follows the links that are really there, skips what
 * dangles, and refuses as a whole when one image is bad.
 */
final class FakeHost implements Host {
  private final StoreLayout layout;
  private final Set<String> bad = ConcurrentHashMap.newKeySet();
  private final List<Set<String>> refreshes = new ArrayList<>();
  private final FakeUnits units = new FakeUnits();
  private Map<String, String> merged = Map.of();
  private int mounts;
  private int looks;
  private volatile Optional<RuntimeException> defect = Optional.empty();
  private volatile boolean silent;
  private volatile boolean trustedBoot;

  FakeHost(StoreLayout layout) {
    this.layout = layout;
  }

  /** Passes inspection, does not merge. */
  void bad(String sha256) {
    bad.add(sha256);
  }

  /** Does not answer any more, or again. */
  void silent(boolean isSilent) {
    silent = isSilent;
  }

  /** Was booted from a signed unified kernel image, and trusts nobody itself. */
  void trustedBoot(boolean isTrusted) {
    trustedBoot = isTrusted;
  }

  /** Breaks the next look at it. */
  void breaks(RuntimeException how) {
    defect = Optional.of(how);
  }

  /** The power goes and comes back. */
  synchronized void boot() throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(layout.run())) {
      for (Path entry : entries) {
        Files.delete(entry);
      }
    }
    for (Profile profile : List.of(Profile.ACTIVE, Profile.COMMON)) {
      try (DirectoryStream<Path> links = Files.newDirectoryStream(layout.profile(profile))) {
        for (Path link : links) {
          Files.createSymbolicLink(
              layout.run().resolve(link.getFileName()),
              StoreLayout.STORE.resolve(profile.text()).resolve(link.getFileName()));
        }
      }
    }
    merged = Map.of();
    boolean unused = mergeLinked();
  }

  /** What is merged: the digest by name. */
  synchronized Map<String, String> merged() {
    return merged;
  }

  /** The names that each refresh left merged. */
  synchronized List<Set<String>> refreshes() {
    return List.copyOf(refreshes);
  }

  @Override
  public FakeUnits units() {
    return units;
  }

  @Override
  public Identity identify() {
    return trustedBoot
        ? new Identity(Images.host(), "257", "6.1", true, TrustedCertificates.NONE)
        : new Identity(Images.host(), "257", "6.1");
  }

  @Override
  public synchronized Merge merge() throws HostException {
    looks++;
    RuntimeException thrown = defect.orElse(null);
    defect = Optional.empty();
    if (thrown != null) {
      throw thrown;
    }
    if (silent) {
      throw new HostException("the bus did not answer");
    }
    return new Merge(merged.isEmpty() ? "" : "usr.mount=" + mounts, merged.keySet());
  }

  @Override
  public synchronized String mergeSign() throws HostException {
    if (silent) {
      throw new HostException("the bus did not answer");
    }
    return mounts + " " + merged.keySet();
  }

  /** Somebody unmerges by hand. */
  synchronized void unmerge() {
    merged = Map.of();
  }

  /** How often the merge was looked at. */
  synchronized int looks() {
    return looks;
  }

  @Override
  public synchronized Refreshed refresh(
      Set<String> wanted, Set<String> unwanted, boolean reloadUnits) {
    boolean done = mergeLinked();
    refreshes.add(merged.keySet());
    return done ? new Refreshed.Done() : new Refreshed.Refused("an image is bad");
  }

  private boolean mergeLinked() {
    Map<String, String> linked = new TreeMap<>();
    try (DirectoryStream<Path> links = Files.newDirectoryStream(layout.run(), "*.raw")) {
      for (Path link : links) {
        follow(link)
            .ifPresent(
                image ->
                    linked.put(link.getFileName().toString().replaceAll("[.]raw$", ""), image));
      }
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

  private Optional<String> follow(Path link) throws IOException {
    Path at = link;
    Path onHost = StoreLayout.RUN;
    for (int hops = 0; hops < 8 && Files.isSymbolicLink(at); hops++) {
      Path target = onHost.resolve(Files.readSymbolicLink(at)).normalize();
      onHost = target.getParent();
      at = layout.here(target);
    }
    return Files.isRegularFile(at)
        ? Optional.of(Images.sha256(Files.readAllBytes(at)))
        : Optional.empty();
  }

  @Override
  public void close() {
    // nothing is held open
  }
}
