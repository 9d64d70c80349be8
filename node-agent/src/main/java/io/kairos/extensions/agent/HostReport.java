package io.kairos.extensions.agent;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.ImagePolicy;
import io.kairos.extensions.agent.image.OsRelease;
import io.kairos.extensions.agent.store.BootState;
import io.kairos.extensions.agent.store.LoopDevices;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.util.stream.Collectors;

/** What a node's status says of the host itself. */
final class HostReport {
  private static final long COARSE_BYTES = 64L << 20;

  private HostReport() {}

  /**
   * Looks.
   *
   * @param layout of system extensions, whose store tells the room
   * @param identity who the host said it is
   */
  static HostStatus of(StoreLayout layout, Host.Identity identity) throws IOException {
    BootState boot = BootState.read(layout.host());
    OsRelease release = identity.osRelease();
    return HostStatus.builder()
        .layout(layout.label())
        .bootProfile(layout.booted().map(Profile::text).orElse(""))
        .bootId(boot.bootId())
        .architecture(identity.architecture().systemdName())
        .osRelease(
            new HostStatus.OsRelease(
                release.id(),
                release.versionId(),
                release.level(ExtensionClass.SYSEXT),
                release.level(ExtensionClass.CONFEXT)))
        .systemd(identity.systemd())
        .kernel(identity.kernel())
        .loopDevices(LoopDevices.images(layout.host().block()).size())
        .storeFreeBytes(layout.store().toFile().getUsableSpace() / COARSE_BYTES * COARSE_BYTES)
        .trustedBoot(identity.trustedBoot())
        .imagePolicy(policies(ExtensionClass.SYSEXT, identity))
        .confextImagePolicy(policies(ExtensionClass.CONFEXT, identity))
        .build();
  }

  private static String policies(ExtensionClass of, Host.Identity identity) {
    return identity.facts(of).stream()
        .map(HostFacts::policies)
        .flatMap(policies -> policies.stream())
        .map(ImagePolicy::text)
        .collect(Collectors.joining(", "));
  }
}
