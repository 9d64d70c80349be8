package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.store.MapNote;
import io.kairos.extensions.agent.store.NotedSoak;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A soak that goes on though the agent is replaced. */
class SoakAcrossAgentsTest extends AgentScenario {
  private static final int SOAK_SECONDS = 3600;

  private Assignment soaking(int version) {
    Assignment live = tool.live(version);
    return live.toBuilder()
        .target(live.target().toBuilder().soakSeconds(SOAK_SECONDS).build())
        .build();
  }

  private Map<String, NotedSoak> noted() throws IOException {
    return MapNote.soaks(folder.layout()).read();
  }

  /** As if it had begun so much earlier. */
  private void turnBack(Duration by) throws IOException {
    NotedSoak soak = noted().get("tool");
    MapNote.soaks(folder.layout())
        .write(
            Map.of(
                "tool",
                new NotedSoak(soak.sha256(), soak.sinceMillis() - by.toMillis(), soak.merge())));
  }

  /** What the one before reported is still there: the new one has to have looked. */
  private void startAnother() throws IOException {
    int looks = host.looks();
    start();
    await().until(() -> host.looks() > looks + 2);
  }

  private void awaitSoaking(int version) throws IOException {
    awaitPhase(Phase.VERIFYING, version);
    await().until(() -> noted().containsKey("tool"));
    assertThat(noted().get("tool").sha256()).isEqualTo(tool.sha256(version));
  }

  private void assertStillSoaks(int version) {
    awaitPhase(Phase.VERIFYING, version);
    await()
        .during(Duration.ofSeconds(1))
        .until(() -> entry().orElseThrow().phase() == Phase.VERIFYING);
    assertThat(folder.layout().good()).isEmptyDirectory();
  }

  @Test
  void theNextAgentEndsTheSoakWhenTheOneBeforeWouldHave() throws Exception {
    want(soaking(1));
    start();
    awaitSoaking(1);
    NotedSoak begun = noted().get("tool");

    agent.close();
    startAnother();
    assertStillSoaks(1);
    assertThat(noted().get("tool")).isEqualTo(begun);

    agent.close();
    turnBack(Duration.ofSeconds(SOAK_SECONDS));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    await().untilAsserted(() -> assertThat(folder.layout().soaks()).doesNotExist());
    assertThat(host.refreshes()).hasSize(1);
  }

  @Test
  void whatWasUnmergedMeanwhileSoaksAnew() throws Exception {
    want(soaking(1));
    start();
    awaitSoaking(1);
    agent.close();
    turnBack(Duration.ofSeconds(SOAK_SECONDS));
    host.unmerge();

    startAnother();

    await().until(() -> host.refreshes().size() > 1);
    assertStillSoaks(1);
  }

  @Test
  void whatWasUnmergedMeanwhileAndMergedAgainSoaksAnew() throws Exception {
    want(soaking(1));
    start();
    awaitSoaking(1);
    agent.close();
    turnBack(Duration.ofSeconds(SOAK_SECONDS));
    String before = noted().get("tool").merge();
    host.unmerge();
    var unused = host.refresh(ExtensionClass.SYSEXT, Set.of("tool"), Set.of(), false);
    assertThat(host.merged()).containsEntry("tool", tool.sha256(1));

    startAnother();

    await().until(() -> !noted().get("tool").merge().equals(before));
    assertStillSoaks(1);
  }

  @Test
  void anotherVersionThanTheOneThatSoakedSoaksAnew() throws Exception {
    want(soaking(1));
    start();
    awaitSoaking(1);
    agent.close();
    turnBack(Duration.ofSeconds(SOAK_SECONDS));
    want(soaking(2));

    startAnother();

    awaitSoaking(2);
    assertStillSoaks(2);
  }

  @Test
  void aSoakThatBeginsInTheFutureIsOfAnotherClockAndBeginsAnew() throws Exception {
    want(soaking(1));
    start();
    awaitSoaking(1);
    agent.close();
    turnBack(Duration.ofDays(-1));
    long wrong = noted().get("tool").sinceMillis();

    startAnother();

    await().until(() -> noted().get("tool").sinceMillis() < wrong);
    assertStillSoaks(1);
  }
}
