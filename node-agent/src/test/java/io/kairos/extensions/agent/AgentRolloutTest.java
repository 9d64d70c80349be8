package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.agent.fetch.Images;
import io.kairos.extensions.agent.host.Units;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus.LastFailure;
import io.kairos.extensions.api.v1alpha1.HealthCheck;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The agent's side of rollouts: staging ahead, attempts, drains and reboots. */
class AgentRolloutTest extends AgentScenario {
  private static final String IMAGES = ToolImages.EXTENSIONS + ".sysext-operator/images/";

  private Assignment activated(int version, Activation activation) throws Exception {
    Assignment live = tool.live(version);
    return live.toBuilder()
        .target(live.target().toBuilder().activation(activation).build())
        .build();
  }

  private void grant(Maintenance.Stage stage, Assignment assignment) throws Exception {
    want(
        new NodeExtensionStateSpec(
            List.of(assignment),
            List.of(
                Maintenance.builder()
                    .policy(assignment.policy())
                    .bootId(Files.readString(folder.at("/proc/sys/kernel/random/boot_id")).strip())
                    .stage(stage)
                    .build())));
  }

  private Condition rebootRequired() {
    return Conditions.find(status().conditions(), Conditions.REBOOT_REQUIRED).orElseThrow();
  }

  @Test
  void whatComesNextIsInTheStoreAndReportedBeforeItsTurn() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);

    want(tool.live(1).toBuilder().nextOrNull(tool.live(2).target()).build());

    await()
        .untilAsserted(
            () ->
                assertThat(entry().orElseThrow().stagedRevision())
                    .isEqualTo(tool.live(2).target().revision()));
    assertThat(entry().orElseThrow().phase()).isEqualTo(Phase.ACTIVE);
    assertThat(folder.entries())
        .containsKey(IMAGES + tool.sha256(2))
        .containsEntry("/run/extensions/tool.raw", ToolImages.EXTENSIONS + "active/tool.raw")
        .containsEntry(
            ToolImages.EXTENSIONS + "active/tool.raw",
            "../.sysext-operator/images/" + tool.sha256(1));
    assertThat(host.refreshes()).hasSize(1);
  }

  @Test
  void whatIsWrongWithWhatComesNextIsReportedWhileAllElseStays() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);

    byte[] page = "<html>not found".repeat(400).getBytes(StandardCharsets.UTF_8);
    Files.write(folder.at(ToolImages.FOLDER + "/page.raw"), page);
    Target next =
        tool.live(2).target().toBuilder()
            .image(
                new Target.ResolvedImage(
                    "file://" + ToolImages.FOLDER + "/page.raw", Images.sha256(page)))
            .build();
    want(tool.live(1).toBuilder().nextOrNull(next).attempt("a").build());

    await()
        .untilAsserted(
            () -> {
              Optional<LastFailure> failure = entry().orElseThrow().lastFailure();
              assertThat(failure).isPresent();
              assertThat(failure.get().revision()).isEqualTo(tool.live(2).target().revision());
              assertThat(failure.get().attempt()).isEqualTo("a");
              assertThat(failure.get().reason()).isEqualTo(Reasons.NOT_AN_IMAGE);
              assertThat(failure.get().time()).isNotEmpty();
            });
    assertThat(entry().orElseThrow().phase()).isEqualTo(Phase.ACTIVE);
    assertThat(status().failed()).isZero();
    assertThat(host.refreshes()).hasSize(1);
  }

  @Test
  void aStagedExtensionIsReadyAndLinkedNowhere() throws Exception {
    want(activated(1, Activation.STAGE));
    start();

    awaitPhase(Phase.STAGED, 1);

    await()
        .untilAsserted(
            () -> assertThat(entry().orElseThrow().reason()).isEqualTo(Reasons.STAGED_ONLY));
    assertThat(Conditions.find(status().conditions(), Conditions.READY).orElseThrow().getStatus())
        .isEqualTo(Conditions.TRUE);
    assertThat(entry().orElseThrow().profiles()).isEmpty();
    assertThat(host.refreshes()).isEmpty();
  }

  @Test
  void theHostRebootsOnceWhenTheOperatorAllowsIt() throws Exception {
    Assignment reboot = activated(1, Activation.REBOOT);
    want(reboot);
    start();
    awaitPhase(Phase.PENDING_REBOOT, 1);
    assertThat(host.reboots()).isZero();

    grant(Maintenance.Stage.DRAIN, reboot);
    grant(Maintenance.Stage.REBOOT, reboot);

    await().untilAsserted(() -> assertThat(host.reboots()).isEqualTo(1));
    await()
        .untilAsserted(() -> assertThat(rebootRequired().getReason()).isEqualTo(Reasons.REBOOTING));
    agent.close();
    var unused = folder.file("/proc/sys/kernel/random/boot_id", "boot-2\n");
    host.boot();
    start();
    awaitPhase(Phase.ACTIVE, 1);
    assertThat(rebootRequired().getStatus()).isEqualTo(Conditions.FALSE);
    assertThat(host.reboots()).isEqualTo(1);
  }

  @Test
  void aHostThatRefusesToRebootIsAskedAgainAndSaysWhoBlocksIt() throws Exception {
    host.refusesReboots("a backup holds a lock");
    Assignment reboot = activated(1, Activation.REBOOT);
    want(reboot);
    start();
    awaitPhase(Phase.PENDING_REBOOT, 1);

    grant(Maintenance.Stage.REBOOT, reboot);

    await()
        .untilAsserted(
            () -> {
              assertThat(rebootRequired().getReason()).isEqualTo(Reasons.REBOOT_REFUSED);
              assertThat(rebootRequired().getMessage()).contains("a backup holds a lock");
            });
    host.refusesReboots("");
    await().untilAsserted(() -> assertThat(host.reboots()).isEqualTo(1));
  }

  @Test
  void anotherAttemptTriesAgainWhatWasRolledBackByAnAgentBefore() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    host.units().programs(command -> new Units.Ran.Exited(1, "no such file"));
    want(checked(2, ""));
    awaitPhase(Phase.ROLLED_BACK, 2);
    agent.close();
    host.units().programs(command -> new Units.Ran.Exited(0, ""));
    start();
    await()
        .during(Duration.ofSeconds(1))
        .until(() -> entry().orElseThrow().phase() == Phase.ROLLED_BACK);

    want(checked(2, "again"));

    awaitPhase(Phase.ACTIVE, 2);
    assertThat(entry().orElseThrow().lastFailure())
        .hasValueSatisfying(
            failure -> {
              assertThat(failure.attempt()).isEmpty();
              assertThat(failure.reason()).isEqualTo(Reasons.HEALTH_CHECK_FAILED);
            });
  }

  private Assignment checked(int version, String attempt) {
    Assignment live = tool.live(version);
    HealthCheck up =
        HealthCheck.builder().name("up").file("/usr/bin/tool").timeoutSeconds(1).build();
    return live.toBuilder()
        .target(live.target().toBuilder().healthChecks(List.of(up)).build())
        .attempt(attempt)
        .build();
  }
}
