package io.kairos.extensions.agent.store;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The layout of a host that is none of Kairos: images lie in a store of our own, and one profile,
 * {@code active}, is the folder that systemd itself looks into, {@code /var/lib/extensions}. What
 * is linked there is merged by each boot and by each refresh, without a link in the run folder; one
 * in the run folder comes before it (systemd-sysext(8), tried on 252 and 257), which is how a trial
 * goes, and {@link Masks} hide a name that only the next boot is to merge.
 *
 * @param host the host
 * @param extensionClass the class
 */
public record SystemdLayout(HostPaths host, ExtensionClass extensionClass) implements StoreLayout {
  private static final Path OWN = Path.of("/var/lib/sysext-operator");
  private static final Path STATE = Path.of("/var/lib");

  @Override
  public String label() {
    return HostStatus.SYSTEMD;
  }

  @Override
  public Path storeOnHost() {
    return OWN.resolve(extensionClass.folder());
  }

  /** The store is nobody else's. */
  @Override
  public Path oursOnHost() {
    return storeOnHost();
  }

  @Override
  public List<Profile> profiles() {
    return List.of(Profile.ACTIVE);
  }

  /** There is nothing to choose from. */
  @Override
  public Optional<Profile> booted() {
    return Optional.of(Profile.ACTIVE);
  }

  @Override
  public boolean looksIntoProfile() {
    return true;
  }

  @Override
  public Path profileOnHost(Profile profile) {
    return STATE.resolve(extensionClass.folder());
  }

  @Override
  public String folderName(Profile profile) {
    return profileOnHost(profile) + "/";
  }

  /**
   * Beside its place where that is in the profile's folder, which may be another file system than
   * the store, and is another mount in a pod: nothing can be renamed between the two. Without
   * {@code .raw} it is no image to systemd.
   */
  @Override
  public Path temporary(Path place) {
    return place.startsWith(ours())
        ? links().resolve(place.getParent().getFileName() + "-" + place.getFileName())
        : temporaryIn(place.getParent());
  }

  @Override
  public Path targetOf(Path place, String sha256) {
    return imagesOnHost().resolve(sha256);
  }
}
