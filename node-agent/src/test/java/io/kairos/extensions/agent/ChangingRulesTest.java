package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.fetch.Images;
import io.kairos.extensions.agent.fetch.MountedVolume;
import io.kairos.extensions.agent.image.ImagePolicy;
import io.kairos.extensions.agent.image.SignedImages;
import io.kairos.extensions.agent.image.Signer;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Signature;
import io.kairos.extensions.api.v1alpha1.SignaturePolicy;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What decides about images changes while the agent runs: it counts from the next look. */
class ChangingRulesTest extends AgentScenario {
  private static final ImagePolicy SIGNED =
      ImagePolicy.parse("root=signed+absent:usr=signed+absent");

  private void awaitPhase(Phase phase, String reason) {
    awaitPhase(phase, 1);
    assertThat(entry().orElseThrow().reason()).isEqualTo(reason);
  }

  @Test
  void aPolicyOfTheHostThatTakesMoreByNowLetsARefusedImageIn() throws Exception {
    host.policies(SIGNED);
    want(tool.live(1));
    start();
    awaitPhase(Phase.INCOMPATIBLE, Reasons.IMAGE_POLICY_REFUSED);

    host.policies();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
  }

  @Test
  void aPolicyOfTheHostThatTakesLessByNowIsToldOfWhatIsMergedWhichStays() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);

    host.policies(SIGNED);
    awaitPhase(Phase.INCOMPATIBLE, Reasons.IMAGE_POLICY_REFUSED);
    assertThat(status().host().imagePolicy()).isEqualTo(SIGNED.text());
    tool.assertInstalledThoughUnfit(1);
    assertThat(host.refreshes()).hasSize(1);

    host.policies();
    awaitPhase(Phase.ACTIVE, 1);
    assertThat(host.refreshes()).hasSize(1);
  }

  @Test
  void aPolicyThatChangedWhileNoAgentRanIsHeldAgainstWhatIsMergedWhichStays() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    agent.close();

    host.policies(SIGNED);
    start();
    awaitPhase(Phase.INCOMPATIBLE, Reasons.IMAGE_POLICY_REFUSED);
    assertThat(host.merged()).containsOnlyKeys("tool");
    assertThat(host.refreshes()).hasSize(1);

    agent.close();
    host.policies();
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    assertThat(host.refreshes()).hasSize(1);
  }

  @Test
  void aPolicyThatChangesAfterARestartIsHeldAgainstWhatAnEarlierAgentLookedInto() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    agent.close();
    start();
    int looks = host.looks();
    await().until(() -> host.looks() > looks + 2);

    host.policies(SIGNED);
    awaitPhase(Phase.INCOMPATIBLE, Reasons.IMAGE_POLICY_REFUSED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "{", "[]", "null", "{\"tool\": null}", "{\"\": {}}", "{\"a b\": \"c\"}"})
  void aNoteThatSaysNothingCostsAnotherLook(String torn) throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    tool.awaitInstalled(1);
    Path note = folder.at(ToolImages.FIT);
    String right = Files.readString(note);
    agent.close();
    Files.writeString(note, torn);
    start();
    await().untilAsserted(() -> assertThat(note).hasContent(right));
    tool.awaitInstalled(1);
    assertThat(host.refreshes()).hasSize(1);
  }

  private Assignment signed(Signer signer) throws IOException {
    byte[] image = SignedImages.of(Images.demo(), signer);
    Files.write(folder.at(ToolImages.FOLDER + "/signed.raw"), image);
    Target target =
        tool.live(1).target().toBuilder()
            .image(
                new Target.ResolvedImage(
                    "file://" + ToolImages.FOLDER + "/signed.raw", Images.sha256(image)))
            .signatureOrNull(new Signature(SignaturePolicy.REQUIRED, null))
            .build();
    return new Assignment(tool.live(1).type(), "tool", "tool", "policy", target, false);
  }

  private static Map<String, String> keys(Signer signer) {
    return Map.of("keys.pem", new String(signer.pem(), StandardCharsets.US_ASCII));
  }

  @Test
  void certificatesThatAreExchangedDecideAnew(@TempDir Path mount) throws Exception {
    MountedVolume certificates = new MountedVolume(mount);
    Signer owner = Signer.named("owner");
    certificates.set(keys(Signer.named("another")));
    want(signed(owner));
    start(Optional.of(certificates.at("keys.pem")));
    awaitPhase(Phase.INCOMPATIBLE, Reasons.SIGNATURE_UNTRUSTED);

    certificates.set(keys(owner));
    awaitPhase(Phase.ACTIVE, 1);
    assertThat(host.merged()).containsOnlyKeys("tool");

    certificates.set(keys(Signer.named("a third")));
    awaitPhase(Phase.INCOMPATIBLE, Reasons.SIGNATURE_UNTRUSTED);
    assertThat(host.merged()).as("what is merged stays").containsOnlyKeys("tool");
  }
}
