package io.kairos.extensions.e2e.scenario;

import static io.kairos.extensions.e2e.scenario.World.assertRuns;
import static io.kairos.extensions.e2e.scenario.World.assertUnmerged;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.HostOptions;
import io.kairos.extensions.e2e.host.ImageFormat;
import io.kairos.extensions.e2e.host.SampleImage;
import io.kairos.extensions.e2e.host.SampleImages;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Hosts whose boots do not start what merges, told by a real systemd. */
abstract class UnmergedBootScenarios {
  private static final String UNIT = "systemd-sysext.service";

  abstract Hosts hosts();

  @Test
  void whatABootOfAPlainHostLeavesOutItsAgentMerges() throws IOException, InterruptedException {
    tell(HostOptions.systemd("node-1"), "systemctl enable on the host");
  }

  @Test
  void whatABootOfAKairosHostLeavesOutItsAgentMerges() throws IOException, InterruptedException {
    tell(HostOptions.named("node-1"), "unless a stage of the image enables it");
  }

  private void tell(HostOptions options, String remedy) throws IOException, InterruptedException {
    assumeTrue(hosts() instanceof Hosts.Booted, "no host with a systemd can be booted");
    assumeTrue(
        SampleImages.formats().contains(ImageFormat.SQUASHFS),
        "mksquashfs is not installed: no images can be made");
    try (World world = World.on(hosts())) {
      FleetNode node = world.boot(options.withMerging(false));
      SampleImage old = given(world, "1.0.0", Activation.LIVE);
      world.awaitActive(node, old);
      awaitTold(node, Reasons.UNIT_NOT_ENABLED, UNIT + " is disabled", remedy);

      SampleImage fresh = given(world, "1.1.0", Activation.NEXT_BOOT);
      world.awaitPhase(node, "hello", Phase.PENDING_REBOOT);
      assertRuns(node, old);
      node.killAgent();
      node.host().reboot();
      assertUnmerged(node, "hello");
      node.startAgent();
      world.awaitActive(node, fresh);
      assertRuns(node, fresh);
      awaitTold(node, Reasons.UNIT_NOT_ENABLED, UNIT + " is disabled", remedy);

      assertAMaskIsAVerdictOnTheHostAndHeals(world, node, fresh);
      node.host().exec("systemctl", "enable", "systemd-sysext").orThrow();
      await().atMost(World.PATIENCE).untilAsserted(() -> assertThat(told(node)).isEmpty());
    }
  }

  /**
   * Also to an agent that started under the mask, and the policy's failure budget is not touched.
   */
  private static void assertAMaskIsAVerdictOnTheHostAndHeals(
      World world, FleetNode node, SampleImage merged) throws IOException {
    node.host().exec("systemctl", "mask", "systemd-sysext").orThrow();
    awaitTold(node, Reasons.UNIT_MASKED, UNIT + " is masked", "systemctl unmask on the host");
    world.restartAgent(node);
    SampleImage next = given(world, "1.2.0", Activation.LIVE);
    ExtensionStatus refused = world.awaitPhase(node, "hello", Phase.FAILED);
    assertThat(refused.reason()).isEqualTo(Reasons.UNIT_MASKED);
    assertThat(refused.message()).contains(UNIT + " is masked", "systemctl unmask");
    assertRuns(node, merged);
    Condition waiting = world.awaitPolicy("base", "False");
    assertThat(waiting.getReason()).isEqualTo(Reasons.ROLLOUT_IN_PROGRESS);

    node.host().exec("systemctl", "unmask", "systemd-sysext").orThrow();
    world.awaitActive(node, next);
    assertRuns(node, next);
    world.awaitPolicy("base", "True");
    assertThat(
            world
                .fleet()
                .client()
                .resources(NodeExtensionPolicy.class)
                .withName("base")
                .get()
                .getStatus()
                .rollout()
                .failed())
        .as("nodes that the budget has lost")
        .isZero();
  }

  private static SampleImage given(World world, String version, Activation activation) {
    SampleImage image = world.image("hello", version);
    world.policy("base", activation, "hello");
    world.extension(image);
    return image;
  }

  private static void awaitTold(FleetNode node, String reason, String... words) {
    await()
        .atMost(World.PATIENCE)
        .untilAsserted(() -> assertThat(told(node)).startsWith(reason + ": ").contains(words));
  }

  private static String told(FleetNode node) {
    return Conditions.find(
            node.state().orElseThrow().getStatus().conditions(), Conditions.UNMERGED_AT_BOOT)
        .map(condition -> condition.getReason() + ": " + condition.getMessage())
        .orElse("");
  }
}
