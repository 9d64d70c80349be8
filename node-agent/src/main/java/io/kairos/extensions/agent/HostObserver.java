package io.kairos.extensions.agent;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.image.ImagePolicy;
import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.store.BootState;
import io.kairos.extensions.agent.store.Ledger;
import io.kairos.extensions.agent.store.Proofs;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.agent.store.StoreReader;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
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

  HostObserver(StoreLayout layout, Host host) {
    this.layout = layout;
    this.reader = new StoreReader(layout);
    this.ledger = new Ledger(layout);
    this.proofs = new Proofs(layout);
    this.host = host;
  }

  HostView look() throws IOException, HostException {
    Host.Merge merge = host.merge();
    StoreReader.Contents contents = reader.read();
    Map<String, Optional<String>> merged =
        ledger.images(merge.id(), merge.names(), contents.names());
    return new HostView(
        BootState.read(layout).profile(),
        contents.names(),
        merged,
        contents.images(),
        contents.strays(),
        contents.unmanaged(merge.names()),
        proofs.read());
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
        .storeFreeBytes(layout.store().toFile().getUsableSpace() / COARSE_BYTES * COARSE_BYTES)
        .trustedBoot(identity.trustedBoot())
        .imagePolicy(
            identity.facts().policies().stream()
                .map(ImagePolicy::text)
                .collect(Collectors.joining(", ")))
        .build();
  }
}
