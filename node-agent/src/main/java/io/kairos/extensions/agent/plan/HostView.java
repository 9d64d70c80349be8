package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus.UnmanagedFile;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the host shows at one moment of one class of extensions.
 *
 * @param bootProfile which profile is booted, where a sentinel tells
 * @param names the links, by extension name
 * @param merged what PID 1 shows merged, by name; the digest where it is known which image it is
 * @param images digests of the files in {@code images/}
 * @param strays what an interrupted step left behind, by path below our folder
 * @param unmanaged what somebody else put there
 * @param proofs how far merged images have proven themselves in this boot, by name
 * @param storage the room that images take, and may take
 * @param hierarchies the folders that are merged
 * @param hides mounts below each hierarchy that a refresh would cover up or take away
 * @param versions of what extensions may have requirements of
 * @param obstacle why this host can merge nothing of this class at all, where it cannot
 * @param frozen why it lets nothing of it be merged or unmerged at present, where it does not
 * @param folders the profiles that the host has, with what the folder of each is called there
 * @param others the boot entries that boot another system than the one that runs, with what it is
 */
public record HostView(
    Optional<Profile> bootProfile,
    Map<String, NameView> names,
    Map<String, Optional<String>> merged,
    Set<String> images,
    Set<String> strays,
    List<UnmanagedFile> unmanaged,
    Map<String, Proof> proofs,
    Storage storage,
    List<String> hierarchies,
    Map<String, Set<String>> hides,
    Versions versions,
    Optional<String> obstacle,
    Optional<String> frozen,
    Map<Profile, String> folders,
    Map<Profile, BootedSystem> others) {

  /**
   * Versions of a host.
   *
   * @param systemd as it names its own
   * @param kernel its release
   */
  public record Versions(String systemd, String kernel) {
    /** Nobody has asked yet. */
    public static final Versions UNKNOWN = new Versions("", "");
  }

  /** The folders of a host that has every profile. */
  static final Map<Profile, String> EVERY_PROFILE =
      Arrays.stream(Profile.values())
          .collect(Collectors.toMap(profile -> profile, profile -> profile.text() + "/"));

  /** Of a Kairos host, without knowing of the room, and with no mounts in the way. */
  public HostView(
      Optional<Profile> bootProfile,
      Map<String, NameView> names,
      Map<String, Optional<String>> merged,
      Set<String> images,
      Set<String> strays,
      List<UnmanagedFile> unmanaged) {
    this(
        bootProfile,
        names,
        merged,
        images,
        strays,
        unmanaged,
        Map.of(),
        Storage.UNKNOWN,
        List.of("/usr"),
        Map.of(),
        Versions.UNKNOWN,
        Optional.empty(),
        Optional.empty(),
        EVERY_PROFILE,
        Map.of());
  }

  /** Takes copies. */
  public HostView {
    names = Map.copyOf(names);
    merged = Map.copyOf(merged);
    images = Set.copyOf(images);
    strays = Set.copyOf(strays);
    unmanaged = List.copyOf(unmanaged);
    proofs = Map.copyOf(proofs);
    hierarchies = List.copyOf(hierarchies);
    hides = Map.copyOf(hides);
    folders = Map.copyOf(folders);
    others = Map.copyOf(others);
  }

  /** The profiles that the host has. */
  public Set<Profile> profiles() {
    return folders.keySet();
  }

  /** The proof of an image, where it is the one that the name's proof speaks of. */
  public Optional<Proof> proof(String name, String image) {
    return Optional.ofNullable(proofs.get(name)).filter(proof -> proof.image().equals(image));
  }

  /** The links of a name, none where there are none. */
  public NameView name(String name) {
    return names.getOrDefault(name, NameView.NONE);
  }

  /** Whether exactly this image is what is merged under the name. */
  public boolean isMerged(String name, String sha256) {
    return merged.getOrDefault(name, Optional.empty()).filter(sha256::equals).isPresent();
  }

  /**
   * Images that are linked or merged under a name, whose files are there and are not, or not known
   * to be, what was verified: they have to be hashed again.
   */
  public Set<String> unverified(String name) {
    return Stream.concat(name(name).images(), merged.getOrDefault(name, Optional.empty()).stream())
        .filter(image -> storage.files().containsKey(image) && !images.contains(image))
        .collect(Collectors.toSet());
  }

  /** The names that an image is linked or merged under. */
  public Set<String> namesOf(String image) {
    return Stream.concat(
            names.keySet().stream().filter(name -> name(name).images().anyMatch(image::equals)),
            merged.keySet().stream().filter(name -> isMerged(name, image)))
        .collect(Collectors.toSet());
  }

  /** The image that is merged under the name, where it is known and its file is still there. */
  public Optional<String> mergedImage(String name) {
    return merged.getOrDefault(name, Optional.empty()).filter(images::contains);
  }
}
