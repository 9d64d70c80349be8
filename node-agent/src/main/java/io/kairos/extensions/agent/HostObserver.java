package io.kairos.extensions.agent;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.plan.BootedSystem;
import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.NameView;
import io.kairos.extensions.agent.plan.Storage;
import io.kairos.extensions.agent.store.BootState;
import io.kairos.extensions.agent.store.Ledger;
import io.kairos.extensions.agent.store.LoopDevices;
import io.kairos.extensions.agent.store.Proofs;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.agent.store.StoreReader;
import io.kairos.extensions.agent.store.VerifiedImages;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.File;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Looks at everything a plan for one class is made from: links, images, boot profile, and what the
 * host shows merged.
 */
final class HostObserver {
  private static final Host.Merge NOTHING = new Host.Merge("", Set.of());

  private final StoreLayout layout;
  private final StoreReader reader;
  private final Ledger ledger;
  private final Proofs proofs;
  private final VerifiedImages verified;
  private final Storage.Limits limits;
  private final Supplier<Host.Identity> identity;
  private final Supplier<Map<Profile, BootedSystem>> others;
  private final ProvenImages proven;

  /**
   * Looks at one class.
   *
   * @param identity who the host is, as it said last
   * @param others the boot entries with another system
   * @param proven on what systems images were
   */
  HostObserver(
      StoreLayout layout,
      Supplier<Host.Identity> identity,
      Supplier<Map<Profile, BootedSystem>> others,
      ProvenImages proven,
      VerifiedImages verified,
      Storage.Limits limits) {
    this.layout = layout;
    this.reader = new StoreReader(layout);
    this.ledger = new Ledger(layout);
    this.proofs = new Proofs(layout);
    this.verified = verified;
    this.limits = limits;
    this.identity = identity;
    this.others = others;
    this.proven = proven;
  }

  private static Optional<String> obstacle(ExtensionClass of, Host.Identity identity) {
    return identity.facts(of).isPresent()
        ? Optional.empty()
        : Optional.of(
            "systemd "
                + identity.systemd()
                + " of this host has no "
                + of.unit()
                + ", which comes with systemd "
                + of.since());
  }

  /**
   * Looks. An image that somebody touched is as good as none until it was hashed again: nothing is
   * linked to it, and it is fetched again where it proves to be another.
   *
   * @param merges of the host, at this moment
   */
  HostView look(Map<ExtensionClass, Host.Merge> merges) throws IOException {
    Host.Identity known = identity.get();
    Host.Merge merge = merges.getOrDefault(layout.extensionClass(), NOTHING);
    StoreReader.Contents contents = reader.read();
    Map<String, Optional<String>> merged =
        ledger.images(merge.id(), merge.names(), contents.names());
    Map<String, NameView> names =
        proven.on(
            KnownEntries.system(known),
            known.facts(layout.extensionClass()),
            contents.names(),
            contents.images().keySet());
    merge
        .rivals()
        .forEach(
            (name, what) ->
                names.put(name, names.getOrDefault(name, NameView.NONE).rivalled(what)));
    return new HostView(
        layout.booted(),
        names,
        merged,
        verified.trusted(contents.images().keySet()),
        contents.strays(),
        contents.unmanaged(merge.names()),
        proofs.read(),
        storage(contents.images()),
        known.facts(layout.extensionClass()).map(HostFacts::hierarchies).orElse(List.of()),
        merge.hides(),
        new HostView.Versions(known.systemd(), known.kernel()),
        obstacle(layout.extensionClass(), known),
        merge.frozen(),
        layout.profiles().stream()
            .collect(Collectors.toMap(profile -> profile, layout::folderName)),
        others.get());
  }

  private Storage storage(Map<String, Storage.ImageFile> images) throws IOException {
    File store = layout.store().toFile();
    return new Storage(
        images,
        Set.copyOf(new TreeSet<>(LoopDevices.images(layout.host().block()))),
        store.getUsableSpace(),
        limits.lowWaterBytes(store.getTotalSpace()),
        limits.keepImages());
  }

  /**
   * What is merged of an image may be other bytes than its file's by now: it has to be merged anew,
   * and what runs of it has to prove itself anew.
   */
  void distrustMerged(String sha256) throws IOException {
    ledger.forget(sha256);
    proofs.dropImage(sha256);
  }

  /** Which boot this is. */
  String bootId() throws IOException {
    return BootState.read(layout.host()).bootId();
  }
}
