package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.kairos.extensions.agent.host.Units;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.plan.Storage;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.DriftStatus;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Service;
import io.kairos.extensions.api.v1alpha1.ServiceAction;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** From a spec to files, merges and reports, and back. */
class AgentTest extends AgentScenario {
  private static final String EXTENSIONS = "/var/lib/kairos/extensions/";

  @Test
  void installsUpgradesAndRemovesWithNothingLeftBehind() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.assertInstalled(1);
    assertThat(host.refreshes()).hasSize(1);

    want(tool.live(2));
    awaitPhase(Phase.ACTIVE, 2);
    tool.awaitInstalled(2);
    assertThat(host.refreshes()).hasSize(2);

    want(tool.live(2).tombstone());
    awaitPhase(Phase.REMOVED, 2);
    assertThat(host.merged()).isEmpty();
    assertThat(folder.entries()).isEmpty();
    assertThat(host.refreshes()).hasSize(3);
  }

  @Test
  void aVersionThatDoesNotMergeLeavesTheOldOneAndSaysWhy() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    host.bad(tool.sha256(2));
    want(tool.live(2));
    awaitPhase(Phase.FAILED, 2);
    assertThat(entry().orElseThrow().reason()).isEqualTo(Reasons.MERGE_FAILED);
    assertThat(entry().orElseThrow().message()).isEqualTo("an image is bad");
    assertThat(host.merged()).isEqualTo(Map.of("tool", tool.sha256(1)));

    want(tool.live(3));
    awaitPhase(Phase.ACTIVE, 3);
    tool.awaitInstalled(3);
  }

  @Test
  void aSourceThatIsNotAllowedIsNamed() throws Exception {
    Assignment elsewhere = tool.live(1);
    Target target =
        elsewhere.target().toBuilder()
            .image(new Target.ResolvedImage("file:///etc/shadow", tool.sha256(1)))
            .build();
    want(new Assignment(elsewhere.type(), "tool", "tool", "policy", target, false));
    start();
    awaitPhase(Phase.FAILED, 1);
    assertThat(entry().orElseThrow().reason()).isEqualTo(Reasons.SOURCE_NOT_ALLOWED);
    assertThat(folder.entries()).isEmpty();
  }

  @Test
  void aDownloadThatNobodyWantsAnyMoreMakesRoomForTheNext() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    HttpServer slow =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    slow.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 1_000_000);
          asked.countDown();
          try {
            over.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    slow.start();
    try {
      Target target =
          tool.live(1).target().toBuilder()
              .image(
                  new Target.ResolvedImage(
                      "http://127.0.0.1:" + slow.getAddress().getPort() + "/1.raw", tool.sha256(1)))
              .build();
      want(new Assignment(tool.live(1).type(), "tool", "tool", "policy", target, false));
      start();
      asked.await();
      want(tool.live(2));
      awaitPhase(Phase.ACTIVE, 2);
      tool.awaitInstalled(2);
    } finally {
      over.countDown();
      slow.stop(0);
    }
  }

  private static Assignment checked(Assignment assignment) {
    Target target =
        assignment.target().toBuilder()
            .healthChecks(List.of(HealthCheck.builder().name("up").file("/usr/bin/tool").build()))
            .build();
    return new Assignment(assignment.type(), "tool", "tool", "policy", target, false);
  }

  @Test
  void aProofThatEndsWhileTheHostDoesNotAnswerCountsWhenItDoes() throws Exception {
    CountDownLatch runs = new CountDownLatch(1);
    CountDownLatch ends = new CountDownLatch(1);
    host.units()
        .programs(
            command -> {
              runs.countDown();
              try {
                ends.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return new Units.Ran.Exited(0, "");
            });
    want(checked(tool.live(1)));
    start();
    runs.await();
    host.silent(true);
    await()
        .untilAsserted(
            () ->
                assertThat(Conditions.find(status().conditions(), Conditions.READY))
                    .hasValueSatisfying(
                        ready ->
                            assertThat(ready.getReason()).isEqualTo(Reasons.HOST_UNREACHABLE)));
    int before = host.looks();
    ends.countDown();
    await().until(() -> host.looks() > before + 2);
    host.silent(false);

    awaitPhase(Phase.ACTIVE, 1);
  }

  private static Assignment served(Assignment assignment) {
    Target target =
        assignment.target().toBuilder()
            .services(List.of(new Service("tool.service", ServiceAction.RESTART)))
            .build();
    return new Assignment(assignment.type(), "tool", "tool", "policy", target, false);
  }

  @Test
  void aServiceThatTheHostHasItselfRunsAgainOnceItsExtensionIsGone() throws Exception {
    want(served(tool.live(1)));
    start();
    awaitPhase(Phase.ACTIVE, 1);

    want(served(tool.live(1)).tombstone());

    awaitPhase(Phase.REMOVED, 1);
    assertThat(host.units().state("tool.service").active()).isEqualTo("active");
    assertThat(host.units().done()).containsSubsequence("Stop tool.service", "Begin tool.service");
    assertThat(folder.layout().proofs()).doesNotExist();
  }

  @Test
  void aServiceOfTheHostThatTheFirstVersionBreaksRunsAgainWithoutIt() throws Exception {
    host.units().broken("tool.service");
    want(served(tool.live(1)));
    start();
    await().until(() -> host.units().done().contains("Stop tool.service"));
    host.units().mended("tool.service");

    awaitPhase(Phase.ROLLED_BACK, 1);
    await().until(() -> host.units().done().contains("Begin tool.service"));
    assertThat(host.merged()).isEmpty();
    await().untilAsserted(() -> assertThat(folder.layout().proofs()).doesNotExist());
  }

  /** A tombstone that waited over a reboot has not proven anything in this boot. */
  @Test
  void aServiceOfTheHostRunsAgainThoughThisBootHasSeenNoProof() throws Exception {
    want(served(tool.live(1)));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    agent.close();
    Files.delete(folder.layout().proofs());
    want(served(tool.live(1)).tombstone());

    start();

    awaitPhase(Phase.REMOVED, 1);
    assertThat(host.units().done()).containsSubsequence("Stop tool.service", "Begin tool.service");
    assertThat(folder.layout().proofs()).doesNotExist();
  }

  @Test
  void aServiceThatCameWithItsExtensionIsGoneWithIt() throws Exception {
    want(served(tool.live(1)));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    host.units().missing("tool.service");

    want(served(tool.live(1)).tombstone());

    awaitPhase(Phase.REMOVED, 1);
    assertThat(host.units().done())
        .contains("Stop tool.service")
        .noneMatch("Begin tool.service"::equals);
  }

  @Test
  void aServiceThatDoesNotStopKeepsItsExtensionAndHoldsUpNoOther() throws Exception {
    want(served(tool.live(1)));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    host.units().stubborn("tool.service", true);
    want(served(tool.live(1)).tombstone());
    awaitPhase(Phase.REMOVING, 1);
    await()
        .untilAsserted(
            () -> {
              assertThat(entry().orElseThrow().reason()).isEqualTo(Reasons.SERVICE_FAILED);
              assertThat(entry().orElseThrow().message()).contains("tool.service does not stop");
            });

    want(served(tool.live(1)).tombstone(), tool.named("demo", 2));
    await().until(() -> host.merged().containsKey("demo"));
    assertThat(host.merged()).as("its files stay while it runs").containsKey("tool");

    host.units().stubborn("tool.service", false);
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(entry().orElseThrow().phase()).isEqualTo(Phase.REMOVED));
    assertThat(host.merged()).containsOnlyKeys("demo");
  }

  @Test
  void anAgentThatFindsSomethingMergedHasUnitFilesReadAnewOnceAndAgainAfterTrouble()
      throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    assertThat(host.units().done()).as("nothing was merged at the first look").isEmpty();
    agent.close();

    start();
    await().untilAsserted(() -> assertThat(host.units().done()).containsExactly("reload"));
    int looks = host.looks();
    await().until(() -> host.looks() > looks + 2);
    assertThat(host.units().done()).containsExactly("reload");

    host.silent(true);
    await()
        .untilAsserted(
            () ->
                assertThat(Conditions.find(status().conditions(), Conditions.READY).orElseThrow())
                    .satisfies(
                        ready ->
                            assertThat(ready.getReason()).isEqualTo(Reasons.HOST_UNREACHABLE)));
    host.silent(false);
    await()
        .untilAsserted(() -> assertThat(host.units().done()).containsExactly("reload", "reload"));
  }

  @Test
  void aServiceThatTheNextVersionNoLongerHasIsStopped() throws Exception {
    want(served(tool.live(1)));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    host.units().missing("tool.service"); // its unit file goes with the first version
    want(tool.live(2));
    awaitPhase(Phase.ACTIVE, 2);
    assertThat(host.units().done()).last().isEqualTo("Stop tool.service");
    agent.close();
    start();
    awaitPhase(Phase.ACTIVE, 2);
    assertThat(host.units().done()).filteredOn("Stop tool.service"::equals).hasSize(1);
  }

  @Test
  void theEndOfTheStateEndsNothingOnTheHost() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    client.resources(NodeExtensionState.class).withName(NODE).delete();
    want();
    await()
        .untilAsserted(
            () ->
                assertThat(entry())
                    .hasValueSatisfying(e -> assertThat(e.phase()).isEqualTo(Phase.RELEASED)));
    tool.assertInstalled(1);
  }

  @Test
  void aHostThatDoesNotAnswerIsReportedAndTakenUpAgain() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    host.silent(true);
    await()
        .untilAsserted(
            () ->
                assertThat(Conditions.find(status().conditions(), Conditions.READY))
                    .hasValueSatisfying(
                        ready -> {
                          assertThat(ready.getReason()).isEqualTo(Reasons.HOST_UNREACHABLE);
                          assertThat(ready.getMessage()).isEqualTo("the bus did not answer");
                        }));
    tool.assertInstalled(1);
    host.silent(false);
    want(tool.live(2));
    awaitPhase(Phase.ACTIVE, 2);
  }

  @Test
  void aDefectIsReportedAndDoesNotEndTheLoop() throws Exception {
    want(tool.live(1));
    host.breaks(new IllegalStateException("a defect"));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.assertInstalled(1);
  }

  @Test
  void whatSomebodyTakesAwayComesBack() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    Files.delete(folder.at(EXTENSIONS + "active/tool.raw"));
    Files.delete(folder.at(EXTENSIONS + "tool.raw"));
    tool.awaitInstalled(1);
  }

  @Test
  void theVersionBeforeIsKeptForTheWayBackAndGoesWithTheExtension() throws Exception {
    images = Storage.Limits.DEFAULT;
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    want(tool.live(2));
    awaitPhase(Phase.ACTIVE, 2);
    Files.delete(folder.at(ToolImages.FOLDER + "/1.raw"));
    want(tool.live(1));
    awaitPhase(Phase.ACTIVE, 1);
    assertThat(folder.layout().images().resolve(tool.sha256(2))).isRegularFile();
    want(tool.live(3));
    awaitPhase(Phase.ACTIVE, 3);
    await()
        .untilAsserted(
            () ->
                assertThat(folder.layout().images().toFile().list())
                    .as("one beside the one in use: that which was downloaded last")
                    .containsExactlyInAnyOrder(tool.sha256(2), tool.sha256(3)));
    want(tool.live(3).tombstone());
    awaitPhase(Phase.REMOVED, 3);
    assertThat(folder.entries()).isEmpty();
  }

  @Test
  void loopDevicesThatHaveAnImageOpenAreCounted() throws Exception {
    folder
        .file("/sys/block/loop0/loop/backing_file", "/x/images/" + tool.sha256(1) + "\n")
        .file("/sys/block/loop1/loop/backing_file", "/y/" + tool.sha256(2) + " (deleted)\n")
        .file("/sys/block/loop2/loop/backing_file", "/snap/core.img\n")
        .file("/sys/block/loop3/size", "0\n");
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    assertThat(status().host().loopDevices()).isEqualTo(2);
  }

  private void theirs(String place, int version) throws IOException {
    Files.createDirectories(folder.at(place).getParent());
    Files.copy(folder.at(ToolImages.FOLDER + "/" + version + ".raw"), folder.at(place));
  }

  @Test
  void anIdenticalFileIsAdoptedWithoutADownloadAndIsMergedThroughout() throws Exception {
    theirs(EXTENSIONS + "tool.raw", 1);
    theirs(EXTENSIONS + "active/tool.raw", 1);
    Object inode = inode(folder.at(EXTENSIONS + "active/tool.raw"));
    host.boot();
    assertThat(host.merged()).containsOnlyKeys("tool");
    Files.delete(folder.at(ToolImages.FOLDER + "/1.raw"));
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    assertThat(inode(folder.layout().images().resolve(tool.sha256(1)))).isEqualTo(inode);
    assertThat(host.refreshes()).allSatisfy(names -> assertThat(names).containsExactly("tool"));
    assertThat(status().drift()).isEqualTo(DriftStatus.NONE);
  }

  private static Object inode(Path file) throws IOException {
    return Files.getAttribute(file, "unix:ino");
  }

  @Test
  void anotherFileOfTheNameIsAConflictThatEndsWithTheFile() throws Exception {
    theirs(EXTENSIONS + "tool.raw", 2);
    want(tool.live(1));
    start();
    awaitPhase(Phase.FAILED, 1);
    assertThat(entry().orElseThrow().reason()).isEqualTo(Reasons.FOREIGN_FILE);
    assertThat(entry().orElseThrow().message()).contains(EXTENSIONS + "tool.raw");
    assertThat(folder.at(EXTENSIONS + "tool.raw")).isRegularFile();
    Files.delete(folder.at(EXTENSIONS + "tool.raw"));
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(entry().orElseThrow().phase()).isEqualTo(Phase.ACTIVE));
    tool.awaitInstalled(1);
  }

  @Test
  void aUnitThatOnlyAStageOfTheImageCouldEnableIsToldInThoseWords() throws Exception {
    host.unmergedAtBoot(ExtensionClass.SYSEXT, "disabled");
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    assertThat(Conditions.find(status().conditions(), Conditions.UNMERGED_AT_BOOT))
        .hasValueSatisfying(
            told ->
                assertThat(told.getMessage())
                    .startsWith(
                        "systemd-sysext.service is disabled: unless a stage of the image enables"
                            + " it, after a boot nothing is merged")
                    .contains("cloud-config"));
  }

  @Test
  void somebodyElsesFilesAreShownAndLeftAlone() throws Exception {
    folder
        .file(EXTENSIONS + "theirs.raw", "theirs")
        .link(EXTENSIONS + "active/theirs.raw", EXTENSIONS + "theirs.raw");
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    want(tool.live(1).tombstone());
    awaitPhase(Phase.REMOVED, 1);
    assertThat(folder.entries())
        .isEqualTo(
            Map.of(
                EXTENSIONS + "theirs.raw",
                "",
                EXTENSIONS + "active/theirs.raw",
                EXTENSIONS + "theirs.raw"));
    assertThat(status().unmanaged())
        .singleElement()
        .satisfies(f -> assertThat(f.file()).isEqualTo("theirs.raw"));
  }
}
