package io.kairos.extensions.agent.store;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The layout of a Kairos host, as {@code kairos-agent} and immucore know it: a store with a folder
 * for each boot profile, of which immucore links the booted one and {@code common} into the run
 * folder at boot.
 *
 * @param host the host
 * @param extensionClass the class
 */
public record KairosLayout(HostPaths host, ExtensionClass extensionClass) implements StoreLayout {
  private static final Path KAIROS = Path.of("/var/lib/kairos");

  @Override
  public String label() {
    return HostStatus.KAIROS;
  }

  @Override
  public Path storeOnHost() {
    return KAIROS.resolve(extensionClass.folder());
  }

  @Override
  public Path oursOnHost() {
    return storeOnHost().resolve(OURS);
  }

  @Override
  public List<Profile> profiles() {
    return List.of(Profile.values());
  }

  @Override
  public Optional<Profile> booted() throws IOException {
    return BootState.read(host).profile();
  }

  /** immucore links what a boot merges. */
  @Override
  public boolean looksIntoProfile() {
    return false;
  }

  @Override
  public String folderName(Profile profile) {
    return profile.text() + "/";
  }

  @Override
  public Path profileOnHost(Profile profile) {
    return storeOnHost().resolve(profile.text());
  }

  /** In our own folder: a name in a profile's, even a hidden one, would be linked by immucore. */
  @Override
  public Path temporary(Path place) {
    return links().resolve(place.getParent().getFileName() + "-" + place.getFileName());
  }

  /** Relative, so that the store can be moved as a whole. */
  @Override
  public Path targetOf(Path place, String sha256) {
    return place.getParent().relativize(images()).resolve(sha256);
  }
}
