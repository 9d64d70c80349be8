package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Condition;
import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.store.HostFolder;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Profile;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** From a spec to files and merges on a host that is none of Kairos. */
class AgentOnSystemdHostTest extends AgentScenario {
  private static final String STORE = "/var/lib/sysext-operator/extensions/";
  private static final String LINK = "/var/lib/extensions/tool.raw";
  private static final String NOTE = STORE + "verified.json";
  private static final String FIT = STORE + "fit.json";
  private static final String LEDGER = "/run/extensions/.sysext-operator.json";

  @Override
  HostFolder host(Path where) throws IOException {
    return HostFolder.systemd(where, ExtensionClass.SYSEXT);
  }

  private Map<String, String> installed(int version) {
    String image = STORE + "images/" + tool.sha256(version);
    return Map.of(
        LINK,
        image,
        STORE + "tool.raw",
        image,
        STORE + "good/tool",
        image,
        image,
        "",
        NOTE,
        "",
        FIT,
        "",
        LEDGER,
        "");
  }

  private void awaitInstalled(int version) {
    await().untilAsserted(() -> assertThat(folder.entries()).isEqualTo(installed(version)));
    assertThat(host.merged()).isEqualTo(Map.of("tool", tool.sha256(version)));
  }

  private static Assignment in(Assignment assignment, Profile... profiles) {
    return assignment.toBuilder()
        .target(assignment.target().toBuilder().profiles(List.of(profiles)).build())
        .build();
  }

  @Test
  void installsUpgradesAndRemovesWithNothingLeftBehind() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    awaitInstalled(1);
    assertThat(status().host().layout()).isEqualTo(HostStatus.SYSTEMD);
    assertThat(status().host().bootProfile()).isEqualTo("active");

    want(tool.live(2));
    awaitPhase(Phase.ACTIVE, 2);
    awaitInstalled(2);
    assertThat(host.refreshes()).hasSize(2);

    want(tool.live(2).tombstone());
    awaitPhase(Phase.REMOVED, 2);
    assertThat(host.merged()).isEmpty();
    await().untilAsserted(() -> assertThat(folder.entries()).isEmpty());
  }

  @Test
  void theNextBootMergesWhatIsHiddenUntilThen() throws Exception {
    want(tool.wanted(1, Activation.NEXT_BOOT));
    start();
    awaitPhase(Phase.PENDING_REBOOT, 1);
    assertThat(folder.at(LINK)).isSymbolicLink();
    Host.Refreshed unused = host.refresh(ExtensionClass.SYSEXT, Set.of(), Set.of(), false);
    assertThat(host.merged()).as("another's refresh").isEmpty();

    host.boot();
    folder.file("/proc/sys/kernel/random/boot_id", "boot-2\n");
    awaitPhase(Phase.ACTIVE, 1);
    awaitInstalled(1);
  }

  @Test
  void aVersionThatDoesNotMergeLeavesTheOldOne() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    host.bad(tool.sha256(2));
    want(tool.live(2));
    awaitPhase(Phase.FAILED, 2);
    assertThat(entry().orElseThrow().reason()).isEqualTo(Reasons.MERGE_FAILED);
    assertThat(host.merged()).isEqualTo(Map.of("tool", tool.sha256(1)));
    assertThat(folder.target(LINK)).endsWith(tool.sha256(1));
  }

  @Test
  void aLinkThatSomebodyDeletesComesBackAndIsToldOnce() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    awaitInstalled(1);
    Files.delete(folder.at(LINK));
    await().untilAsserted(() -> assertThat(status().drift().count()).isEqualTo(1));
    assertThat(status().drift().message())
        .isEqualTo("tool: its link in /var/lib/extensions/ was deleted or changed");
    awaitInstalled(1);
    assertThat(host.refreshes()).as("nothing was unmerged").hasSize(1);
  }

  @Test
  void aRemovalUnmergesWhatLostItsLinkWhileNoAgentLooked() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    awaitInstalled(1);
    agent.close();
    Files.delete(folder.at(LINK));
    Files.delete(folder.at(LEDGER)); // as a boot does, which merged it before the link went

    want(tool.live(1).tombstone());
    start();
    awaitPhase(Phase.REMOVED, 1);
    assertThat(host.merged()).isEmpty();
    await().untilAsserted(() -> assertThat(folder.entries()).isEmpty());
  }

  @Test
  void commonIsTheOneProfileToo() throws Exception {
    want(in(tool.live(1), Profile.COMMON));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    awaitInstalled(1);
  }

  @Test
  void theWayBackAloneIsRefusedAndNothingIsTouched() throws Exception {
    want(in(tool.live(1), Profile.PASSIVE));
    start();
    awaitPhase(Phase.INCOMPATIBLE, 1);
    assertThat(entry().orElseThrow().reason()).isEqualTo(Reasons.PROFILE_NOT_ON_HOST);
    assertThat(host.refreshes()).isEmpty();
    assertThat(folder.entries()).doesNotContainKey(LINK);
  }

  @Test
  void anotherFileUnderTheNameIsAConflictInWords() throws Exception {
    folder.file(LINK, "theirs");
    want(tool.live(1));
    start();
    awaitPhase(Phase.FAILED, 1);
    assertThat(entry().orElseThrow().reason()).isEqualTo(Reasons.FOREIGN_FILE);
    assertThat(entry().orElseThrow().message()).contains(LINK);
    assertThat(folder.at(LINK)).hasContent("theirs");
  }

  @Test
  void theSameFileUnderTheNameIsAdopted() throws Exception {
    Files.copy(folder.at(ToolImages.FOLDER + "/1.raw"), folder.at(LINK));
    host.boot();
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    awaitInstalled(1);
  }

  @Test
  void aClassThatTheHostCannotMergeGetsNoFileThoughItsFoldersAreThere() throws Exception {
    Path run = Files.createDirectories(folder.at("/run/confexts"));
    Path state = Files.createDirectories(folder.at("/var/lib/confexts"));
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    awaitInstalled(1);
    assertThat(run).isEmptyDirectory();
    assertThat(state).isEmptyDirectory();
    assertThat(folder.at("/var/lib/sysext-operator/confexts")).doesNotExist();
  }

  private Optional<Condition> unmergedAtBoot() {
    return Conditions.find(status().conditions(), Conditions.UNMERGED_AT_BOOT);
  }

  @Test
  void aUnitThatNoBootStartsIsTold() throws Exception {
    host.unmergedAtBoot(ExtensionClass.SYSEXT, "disabled");
    host.unmergedAtBoot(ExtensionClass.CONFEXT, "disabled");
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    assertThat(unmergedAtBoot())
        .hasValueSatisfying(
            told -> {
              assertThat(told.getReason()).isEqualTo(Reasons.UNIT_NOT_ENABLED);
              assertThat(told.getMessage())
                  .startsWith("systemd-sysext.service is disabled: after a boot");
            });

    host.unmergedAtBoot(ExtensionClass.SYSEXT, "masked");
    await()
        .untilAsserted(
            () ->
                assertThat(unmergedAtBoot())
                    .hasValueSatisfying(
                        told -> {
                          assertThat(told.getReason()).isEqualTo(Reasons.UNIT_MASKED);
                          assertThat(told.getMessage())
                              .startsWith("systemd-sysext.service is masked: neither a boot nor")
                              .contains("systemctl unmask");
                        }));

    want(tool.live(1).tombstone());
    awaitPhase(Phase.REMOVED, 1);
    assertThat(unmergedAtBoot()).as("nothing is assigned").isEmpty();
  }
}
