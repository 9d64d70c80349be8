package io.kairos.extensions.agent.store;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.plan.HostProfiles;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Where the extensions of one class lie on a host: images and notes of ours, the links that are
 * there to stay, and the links that are merged now.
 *
 * <p>Link targets are paths as the host sees them; files are opened as this process sees them.
 * Links are read, never followed: a link of the host means nothing outside of it.
 */
public sealed interface StoreLayout permits KairosLayout, SystemdLayout {
  /** What the names of everything begin with that is ours and lies among files of others. */
  String OURS = ".sysext-operator";

  /** The ending that makes a file an image to systemd. */
  String RAW = ".raw";

  /** The layout of a class on a host. */
  static StoreLayout of(boolean kairos, HostPaths host, ExtensionClass extensionClass) {
    return kairos
        ? new KairosLayout(host, extensionClass)
        : new SystemdLayout(host, extensionClass);
  }

  /** The host. */
  HostPaths host();

  /** The class. */
  ExtensionClass extensionClass();

  /** The folder that people look into for extensions that are installed, as the host sees it. */
  Path storeOnHost();

  /** Everything of ours that no other program reads, as the host sees it. */
  Path oursOnHost();

  /** The profiles that a boot of this host may choose from. */
  List<Profile> profiles();

  /** What a policy's profiles mean on this host. */
  default HostProfiles hostProfiles() {
    return new HostProfiles(Set.copyOf(profiles()));
  }

  /**
   * The profile that this boot merges, where the host tells.
   *
   * @throws IOException when it cannot be told
   */
  Optional<Profile> booted() throws IOException;

  /**
   * Whether systemd looks into the profile's folder by itself, after the run folder; else it merges
   * what the run folder links, and nothing else.
   */
  boolean looksIntoProfile();

  /** What the layout is called in a node's status. */
  String label();

  /** What a profile's folder is called in a node's status; it ends with a slash. */
  String folderName(Profile profile);

  /** What a file in a profile's folder is called in a node's status. */
  default String nameOf(Profile profile, String file) {
    return folderName(profile) + file;
  }

  /** The folder of a profile, as the host sees it. */
  Path profileOnHost(Profile profile);

  /** Where a link to the image of a name waits for its rename to another place. */
  Path temporary(Path place);

  /** What a link at a place says that leads to an image. */
  Path targetOf(Path place, String sha256);

  /** What is merged now, as the host sees it. */
  default Path runOnHost() {
    return Path.of("/run").resolve(extensionClass().folder());
  }

  /** {@code images/}, as the host sees it. */
  default Path imagesOnHost() {
    return oursOnHost().resolve("images");
  }

  /** {@code good/}, as the host sees it. */
  default Path goodOnHost() {
    return oursOnHost().resolve("good");
  }

  /** The store. */
  default Path store() {
    return here(storeOnHost());
  }

  /** Everything of ours that no other program reads. */
  default Path ours() {
    return here(oursOnHost());
  }

  /** Downloads in progress. */
  default Path staging() {
    return ours().resolve("staging");
  }

  /** Verified images, named by their digest. */
  default Path images() {
    return here(imagesOnHost());
  }

  /** Links to the versions proven on this host. */
  default Path good() {
    return here(goodOnHost());
  }

  /** Links on their way to their place. */
  default Path links() {
    return ours().resolve("links");
  }

  /** As what images were verified, for the next life of the agent. */
  default Path verified() {
    return ours().resolve("verified.json");
  }

  /** By which rules images were found fit for the host, for the next life of the agent. */
  default Path fit() {
    return ours().resolve("fit.json");
  }

  /** On what systems images were proven, for the next life of the agent. */
  default Path proven() {
    return ours().resolve("proven.json");
  }

  /** What the host's boot entries boot, for the next life of the agent. */
  default Path entries() {
    return ours().resolve("entries.json");
  }

  /** A profile's folder. */
  default Path profile(Profile profile) {
    return here(profileOnHost(profile));
  }

  /** What systemd merges. */
  default Path run() {
    return here(runOnHost());
  }

  /**
   * What the last refresh of ours merged; gone with each boot, and no image to systemd since it
   * ends otherwise.
   */
  default Path ledger() {
    return run().resolve(OURS + ".json");
  }

  /** How far merged images have proven themselves in this boot; gone with the next. */
  default Path proofs() {
    return run().resolve(OURS + ".proofs.json");
  }

  /** Since when merged images soak in this boot; gone with the next. */
  default Path soaks() {
    return run().resolve(OURS + ".soaks.json");
  }

  /** The folders in which a change may be drift, or a boot profile's sentinel. */
  default List<Path> watched() {
    List<Path> folders = new ArrayList<>(List.of(store(), run(), images(), good(), host().cos()));
    profiles().stream().map(this::profile).forEach(folders::add);
    return folders.stream().distinct().toList();
  }

  /** Where a link waits for its rename to another place in the same folder. */
  default Path temporaryIn(Path folder) {
    return folder.resolve(OURS + ".link");
  }

  /** What hides names of the profile's folder until the next boot, as the host sees it. */
  default Path masksOnHost() {
    return oursOnHost().resolve("masked");
  }

  /** A path of the host, as this process sees it. */
  default Path here(Path onHost) {
    return host().here(onHost);
  }

  /**
   * Whether a name in the run folder is one of ours that no other program reads: the ledger, a link
   * on its way, the output of a script.
   */
  static boolean isOwnNote(Path name) {
    return name.getFileName().toString().startsWith(OURS);
  }
}
