package io.kairos.extensions.agent;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.image.ImagePolicy;
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
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.File;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Looks at everything a plan is made from: links, images, boot profile, and what PID 1 shows
 * merged.
 */
final class HostObserver {
  private static final long COARSE_BYTES = 64L << 20;

  private final StoreLayout layout;
  private final StoreReader reader;
  private final Ledger ledger;
  private final Proofs proofs;
  private final Host host;
  private final VerifiedImages verified;
  private final Storage.Limits limits;
  private HostView.Versions versions = HostView.Versions.UNKNOWN;

  HostObserver(StoreLayout layout, Host host, VerifiedImages verified, Storage.Limits limits) {
    this.layout = layout;
    this.reader = new StoreReader(layout);
    this.ledger = new Ledger(layout);
    this.proofs = new Proofs(layout);
    this.host = host;
    this.verified = verified;
    this.limits = limits;
  }

  /** The host said who it is. */
  void identified(Host.Identity identity) {
    versions = new HostView.Versions(identity.systemd(), identity.kernel());
  }

  HostView look() throws IOException, HostException {
    Host.Merge merge = host.merge();
    StoreReader.Contents contents = reader.read();
    Map<String, Optional<String>> merged =
        ledger.images(merge.id(), merge.names(), contents.names());
    Map<String, NameView> names = new TreeMap<>(contents.names());
    merge
        .rivals()
        .forEach(
            (name, what) ->
                names.put(name, names.getOrDefault(name, NameView.NONE).rivalled(what)));
    return new HostView(
        BootState.read(layout).profile(),
        names,
        merged,
        trusted(contents.images().keySet()),
        contents.strays(),
        contents.unmanaged(merge.names()),
        proofs.read(),
        storage(contents.images()),
        merge.hides(),
        versions);
  }

  private Storage storage(Map<String, Storage.ImageFile> images) throws IOException {
    File store = layout.store().toFile();
    return new Storage(
        images,
        Set.copyOf(new TreeSet<>(LoopDevices.images(layout.block()))),
        store.getUsableSpace(),
        limits.lowWaterBytes(store.getTotalSpace()),
        limits.keepImages());
  }

  /**
   * An image that somebody touched is as good as none until it was hashed again: nothing is linked
   * to it, and it is fetched again where it proves to be another.
   */
  private Set<String> trusted(Set<String> images) {
    Set<String> trusted = new TreeSet<>(images);
    trusted.removeAll(verified.untrusted());
    return trusted;
  }

  /** What is merged of an image was overwritten beneath the merge: it has to be merged anew. */
  void distrustMerged(String sha256) throws IOException {
    ledger.forget(sha256);
  }

  /** Which boot this is. */
  String bootId() throws IOException {
    return BootState.read(layout).bootId();
  }

  HostStatus status(Host.Identity identity) throws IOException {
    BootState boot = BootState.read(layout);
    var release = identity.facts().osRelease();
    return HostStatus.builder()
        .bootProfile(boot.profile().map(Profile::text).orElse(""))
        .bootId(boot.bootId())
        .architecture(identity.facts().architecture().systemdName())
        .osRelease(
            new HostStatus.OsRelease(release.id(), release.versionId(), release.sysextLevel()))
        .systemd(identity.systemd())
        .kernel(identity.kernel())
        .loopDevices(LoopDevices.images(layout.block()).size())
        .storeFreeBytes(layout.store().toFile().getUsableSpace() / COARSE_BYTES * COARSE_BYTES)
        .trustedBoot(identity.trustedBoot())
        .imagePolicy(
            identity.facts().policies().stream()
                .map(ImagePolicy::text)
                .collect(Collectors.joining(", ")))
        .build();
  }
}
