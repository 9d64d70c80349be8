package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.fetch.Images;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.DriftStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What somebody changes of what is in effect comes back, is counted and told. */
class AgentDriftTest extends AgentScenario {
  private static final String EXTENSIONS = "/var/lib/kairos/extensions/";

  private void awaitDrift(long count, String message) {
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> {
              assertThat(status().drift().count()).isEqualTo(count);
              assertThat(status().drift().message()).contains(message);
              assertThat(status().drift().time()).isNotEmpty();
            });
  }

  /** It may be replaced while it is read. */
  private static void awaitContent(Path image, byte[] content) {
    await()
        .ignoreException(UncheckedIOException.class)
        .untilAsserted(() -> assertThat(image).hasBinaryContent(content));
  }

  @Test
  void driftIsRepairedCountedAndNamedAndOwnWorkIsNone() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    want(tool.live(2));
    awaitPhase(Phase.ACTIVE, 2);
    tool.awaitInstalled(2);
    assertThat(status().drift()).isEqualTo(DriftStatus.NONE);

    Files.delete(folder.at(EXTENSIONS + "active/tool.raw"));
    awaitDrift(1, "tool: its link in active/ was deleted or changed");
    tool.awaitInstalled(2);
    awaitPhase(Phase.ACTIVE, 2);

    host.unmerge();
    awaitDrift(2, "tool: it was unmerged");
    tool.awaitInstalled(2);
    awaitPhase(Phase.ACTIVE, 2);
  }

  /** systemd-sysext.service is stopped then, and unmerges. */
  @Test
  void whatAHostTakesApartAsItGoesDownIsNoDriftAndIsLeftAlone() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);

    host.units().goingDown(true);
    host.unmerge();
    int looks = host.looks();
    await().until(() -> host.looks() > looks + 2);
    assertThat(host.merged()).isEmpty();
    assertThat(status().drift()).isEqualTo(DriftStatus.NONE);
    assertThat(entry().orElseThrow().phase()).isEqualTo(Phase.ACTIVE);

    host.boot();
    host.units().goingDown(false);
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    assertThat(status().drift()).isEqualTo(DriftStatus.NONE);
  }

  @Test
  void anImageThatIsReplacedIsFetchedAgainAndOneThatIsOverwrittenIsMergedAgainToo()
      throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    Path image = folder.layout().images().resolve(tool.sha256(1));
    byte[] right = Files.readAllBytes(image);

    Path another = folder.at("/another");
    Files.writeString(another, "another");
    Files.move(another, image, StandardCopyOption.ATOMIC_MOVE);
    awaitDrift(1, "its image " + tool.sha256(1) + " was deleted or changed");
    awaitContent(image, right);
    awaitPhase(Phase.ACTIVE, 1);
    assertThat(host.refreshes()).hasSize(1);

    Files.writeString(image, "overwritten in place");
    awaitDrift(2, "its image " + tool.sha256(1) + " was deleted or changed");
    awaitContent(image, right);
    await().untilAsserted(() -> assertThat(host.refreshes()).hasSize(2));
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
  }

  @Test
  void theNodesOwnRuntimeThatIsOverwrittenIsFetchedAgainAndStaysMerged() throws Exception {
    byte[] runtime = tool.carryingNodeRuntime();
    Assignment wanted = tool.of(runtime, Activation.NEXT_BOOT);
    want(wanted);
    start();
    awaitPhase(Phase.PENDING_REBOOT, 1);
    agent.close();
    folder.file("/proc/sys/kernel/random/boot_id", "boot-2\n");
    host.boot();
    start();
    awaitPhase(Phase.ACTIVE, 1);
    Map<String, String> links = folder.entries();

    Path image = folder.layout().images().resolve(Images.sha256(runtime));
    Files.writeString(image, "overwritten in place");
    awaitDrift(1, "its image " + Images.sha256(runtime) + " was deleted or changed");
    awaitContent(image, runtime);
    awaitPhase(Phase.ACTIVE, 1);

    assertThat(host.refreshes()).isEmpty();
    assertThat(host.merged()).containsOnlyKeys("tool");
    await().untilAsserted(() -> assertThat(folder.entries()).isEqualTo(links));
  }

  @Test
  void anImageOverwrittenWhileTheAgentWasAwayIsFetchedAgainAndMergedAnew() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    agent.close();
    Path image = folder.layout().images().resolve(tool.sha256(1));
    Files.writeString(image, "overwritten in place");
    start();
    awaitDrift(1, "tool: its image " + tool.sha256(1) + " was deleted or changed");
    await().untilAsserted(() -> assertThat(host.refreshes()).hasSize(2));
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    assertThat(image).hasBinaryContent(Images.demo(1));
    assertThat(status().drift().count()).isEqualTo(1);
  }

  @Test
  void anImageOverwrittenBeforeABootIsFoundByItsDigestThoughEverythingIsLinkedAsItShallBe()
      throws Exception {
    want(tool.wanted(1, Activation.NEXT_BOOT));
    start();
    awaitPhase(Phase.PENDING_REBOOT, 1);
    agent.close();
    Path image = folder.layout().images().resolve(tool.sha256(1));
    Files.writeString(image, "overwritten in place");
    folder.file("/proc/sys/kernel/random/boot_id", "boot-2\n");
    host.boot();
    start();
    awaitDrift(1, "tool: its image " + tool.sha256(1) + " was deleted or changed");
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    assertThat(host.refreshes()).hasSize(1);
    assertThat(image).hasBinaryContent(Images.demo(1));
  }

  @Test
  void anOverwrittenImageThatCannotBeFetchedIsNoMoreBootedAndComesBackWithItsSource()
      throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    agent.close();
    Path source = folder.at(ToolImages.FOLDER + "/1.raw");
    Files.delete(source);
    Path image = folder.layout().images().resolve(tool.sha256(1));
    Files.writeString(image, "overwritten in place");
    start();
    awaitDrift(1, "tool: its image " + tool.sha256(1) + " was deleted or changed");
    awaitPhase(Phase.FAILED, 1);
    assertThat(image).doesNotExist();

    Files.write(source, Images.demo(1));
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(entry().orElseThrow().phase()).isEqualTo(Phase.ACTIVE));
    tool.awaitInstalled(1);
    assertThat(status().drift().count()).isEqualTo(1);
  }

  @Test
  void aRightImageWithoutANoteIsHashedAgainAndNothingElseHappens() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    agent.close();
    Files.delete(folder.at(ToolImages.NOTE));
    Files.delete(folder.at(ToolImages.FOLDER + "/1.raw"));
    start();
    tool.awaitInstalled(1);
    awaitPhase(Phase.ACTIVE, 1);
    assertThat(status().drift()).isEqualTo(DriftStatus.NONE);
    assertThat(host.refreshes()).hasSize(1);
  }

  @Test
  void driftWhileTheAgentWasAwayIsFoundByItsSuccessor() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    agent.close();
    Files.delete(folder.at(EXTENSIONS + "active/tool.raw"));
    start();
    awaitDrift(1, "its link in active/ was deleted or changed");
    tool.awaitInstalled(1);
  }
}
