package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.BaseRoot;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.SampleImage;
import io.kairos.extensions.e2e.host.SignedImages;
import java.nio.file.Files;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Hosts with the image policy of a Kairos UKI. systemd 252 has no image policies, so this is for
 * trixie alone. A signed image cannot be merged here: that takes the kernel's device-mapper, and
 * these tests stop at the agent's verdict and the link for the next boot. One with verity that
 * nobody signed is merged by systemd 257 under this very policy, without verity.
 */
class TrixieTrustedBootTest {
  private static final String KAIROS_UKI = "root=verity+signed+absent:usr=verity+signed+absent";

  private World world;
  private SignedImages images;

  @BeforeEach
  void startWorld() throws Exception {
    SignedImages.obstacle().ifPresent(why -> assumeTrue(false, why));
    Hosts hosts = Hosts.of(BaseRoot.trixie());
    assumeTrue(hosts instanceof Hosts.Booted, hosts.describe());
    world = World.on(hosts);
    images = new SignedImages(world.fleet().folder());
  }

  @AfterEach
  void endWorld() {
    if (world != null) {
      world.close();
    }
  }

  private static HostOptions uki(String name) {
    return HostOptions.named(name).withImagePolicy(Optional.of(KAIROS_UKI));
  }

  private SampleImage serve(SampleImage image) {
    world.fleet().server().serve(image);
    world.extension(image);
    return image;
  }

  private ExtensionStatus refused(FleetNode node, SampleImage image, Activation activation) {
    world.policy(image.name(), activation, image.name());
    return world.awaitPhase(node, image.name(), Phase.INCOMPATIBLE);
  }

  @Test
  void whatTheHostsPolicyRefusesIsNeverLinkedAndWhatIsMergedStays() {
    FleetNode node = world.boot(uki("node-1"));
    SampleImage good = serve(images.unsigned("good", "1.0.0"));
    world.policy("good", Activation.LIVE, "good");
    world.awaitActive(node, good);
    World.assertRuns(node, good);
    String mergeId = World.mergeId(node);
    Map<String, String> files = HostFiles.of(node);

    SampleImage plain = serve(world.fleet().images().plain("plain", "1.0.0"));
    ExtensionStatus status = refused(node, plain, Activation.LIVE);

    assertThat(status.reason()).isEqualTo(Reasons.IMAGE_POLICY_REFUSED);
    assertThat(status.message()).contains(KAIROS_UKI, "plain", "unprotected");
    assertThat(HostFiles.of(node)).isEqualTo(files);
    assertThat(World.mergeId(node)).isEqualTo(mergeId);
    World.assertRuns(node, good);
    HostStatus host = node.state().orElseThrow().getStatus().host();
    assertThat(host.imagePolicy()).isEqualTo(KAIROS_UKI);
    assertThat(host.trustedBoot()).isFalse();
    node.cutPowerAndBoot();
    world.awaitActive(node, good);
    World.assertRuns(node, good);
  }

  @Test
  void aTrustedBootHostTakesWhatItsOwnKeysSignedAndNothingElse() throws Exception {
    SignedImages.Key site = images.key("site");
    FleetNode node =
        world.boot(
            uki("node-1")
                .withTrustedBoot(true)
                .withFile("/etc/verity.d/site.crt", Files.readString(site.certificate())));
    SampleImage unsigned = serve(images.unsigned("unsigned", "1.0.0"));
    SampleImage foreign = serve(images.signed("foreign", "1.0.0", images.key("stranger")));
    SampleImage signed = serve(images.signed("signed", "1.0.0", site));

    assertThat(refused(node, unsigned, Activation.LIVE).reason())
        .isEqualTo(Reasons.SIGNATURE_REQUIRED);
    ExtensionStatus untrusted = refused(node, foreign, Activation.LIVE);
    assertThat(untrusted.reason()).isEqualTo(Reasons.SIGNATURE_UNTRUSTED);
    assertThat(untrusted.message()).contains("CN=stranger", "CN=site", "/etc/verity.d");
    assertThat(HostFiles.of(node).keySet()).noneMatch(path -> path.contains("/images/"));

    world.policy("signed", Activation.NEXT_BOOT, "signed");
    ExtensionStatus linked = world.awaitPhase(node, "signed", Phase.PENDING_REBOOT);
    assertThat(linked.reason()).isEqualTo(Reasons.LINKED_FOR_NEXT_BOOT);
    assertThat(HostFiles.of(node).keySet())
        .filteredOn(path -> path.contains("/images/"))
        .containsExactly("/var/lib/kairos/extensions/.sysext-operator/images/" + signed.sha256());

    var status = node.state().orElseThrow().getStatus();
    assertThat(status.host().trustedBoot()).isTrue();
    assertThat(Conditions.find(status.conditions(), Conditions.WEAK_IMAGE_POLICY))
        .hasValueSatisfying(
            weak -> {
              assertThat(weak.getStatus()).isEqualTo(Conditions.TRUE);
              assertThat(weak.getMessage()).contains(KAIROS_UKI);
            });
  }
}
