package io.kairos.extensions.e2e.scenario;

import static io.kairos.extensions.e2e.scenario.World.assertRuns;
import static io.kairos.extensions.e2e.scenario.World.assertUnmerged;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.BootedHost;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.Profile;
import io.kairos.extensions.e2e.host.SampleImage;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * A host's OS is upgraded: {@code active} boots the new one, {@code passive} the one before. The
 * two take other images, so what one of them gets must not end up in the other, where it would
 * leave the boot without any extension.
 */
abstract class UpgradeScenarios {
  private static final String OS_RELEASE = "/etc/os-release";

  abstract Hosts hosts();

  @Test
  void afterAnUpgradePassiveStillBootsWithTheExtensionsOfTheSystemBefore()
      throws IOException, InterruptedException {
    try (World world = World.onBooted(hosts())) {
      FleetNode node = world.boot(HostOptions.named("node-1").withFile(OS_RELEASE, system("1")));
      BootedHost host = (BootedHost) node.host();
      SampleImage before = madeFor(world, "1");
      world.extension(before);
      world.policy("base", Activation.LIVE, "hello");
      world.awaitActive(node, before);
      assertThat(linkedIn(node, "passive")).isEqualTo(before.sha256());

      host.layFromNextBoot(OS_RELEASE, system("2"));
      node.reboot();

      assertUnmerged(node, "hello");
      ExtensionStatus unfit = world.awaitPhase(node, "hello", Phase.INCOMPATIBLE);
      assertThat(unfit.reason()).isEqualTo(Reasons.OS_MISMATCH);
      assertThat(linkedIn(node, "passive")).isEqualTo(before.sha256());

      SampleImage after = madeFor(world, "2");
      world.extension(after);
      world.awaitActive(node, after);
      assertRuns(node, after);
      assertThat(linkedIn(node, "active")).isEqualTo(after.sha256());
      awaitLeftInPassive(node);
      assertThat(linkedIn(node, "passive")).isEqualTo(before.sha256());

      host.layFromNextBoot(OS_RELEASE, system("1"));
      host.setBootProfile(Profile.PASSIVE);
      node.reboot();

      assertRuns(node, before);
      ExtensionStatus kept = world.awaitPhase(node, "hello", Phase.INCOMPATIBLE);
      assertThat(kept.reason()).isEqualTo(Reasons.OS_MISMATCH);
      assertRuns(node, before);
      assertThat(linkedIn(node, "active")).isEqualTo(after.sha256());

      host.layFromNextBoot(OS_RELEASE, system("2"));
      host.setBootProfile(Profile.ACTIVE);
      node.reboot();

      assertRuns(node, after);
      awaitLeftInPassive(node);
      assertThat(linkedIn(node, "passive")).isEqualTo(before.sha256());
    }
  }

  private static void awaitLeftInPassive(FleetNode node) {
    await()
        .atMost(World.PATIENCE)
        .untilAsserted(
            () -> {
              ExtensionStatus told = node.extension("hello").orElseThrow();
              assertThat(told.phase()).isEqualTo(Phase.ACTIVE);
              assertThat(told.message())
                  .startsWith("passive/ is left as it is, as its entry boots kairos 1: ");
            });
  }

  private static String system(String version) {
    return "ID=kairos\nVERSION_ID=" + version + "\n";
  }

  private static SampleImage madeFor(World world, String system) {
    SampleImage image =
        world
            .fleet()
            .images()
            .image("hello", system + ".0.0")
            .release(Map.of("ID", "kairos", "VERSION_ID", system))
            .build();
    world.fleet().server().serve(image);
    return image;
  }

  private static String linkedIn(FleetNode node, String profile) throws IOException {
    return Files.readSymbolicLink(node.layout().store().resolve(profile).resolve("hello.raw"))
        .getFileName()
        .toString();
  }
}
