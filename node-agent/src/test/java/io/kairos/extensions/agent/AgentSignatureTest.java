package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.image.Signer;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Signature;
import io.kairos.extensions.api.v1alpha1.SignaturePolicy;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose signature an image needs, from a spec to files and reports. */
class AgentSignatureTest extends AgentScenario {
  private static Assignment signed(Assignment assignment) {
    Target target =
        assignment.target().toBuilder()
            .signatureOrNull(new Signature(SignaturePolicy.REQUIRED, null))
            .build();
    return new Assignment(assignment.type(), "tool", "tool", "policy", target, false);
  }

  private Optional<Path> certificates(Path folder) throws IOException {
    return Optional.of(Files.write(folder.resolve("trusted.pem"), Signer.named("owner").pem()));
  }

  @Test
  void anImageWithoutTheSignatureThatIsRequiredNeverGetsIntoTheStore(@TempDir Path keys)
      throws Exception {
    want(signed(tool.live(1)));
    start(certificates(keys));
    awaitPhase(Phase.INCOMPATIBLE, 1);
    assertThat(entry().orElseThrow().reason()).isEqualTo(Reasons.SIGNATURE_REQUIRED);
    assertThat(folder.entries()).isEmpty();
    assertThat(host.refreshes()).isEmpty();
  }

  @Test
  void withoutACertificateNothingThatHasToBeSignedIsFetchedAndTheRemedyIsNamed() throws Exception {
    want(signed(tool.live(1)));
    start();
    awaitPhase(Phase.FAILED, 1);
    assertThat(entry().orElseThrow().reason()).isEqualTo(Reasons.TRUSTED_CERTIFICATES_MISSING);
    assertThat(entry().orElseThrow().message()).contains("SYSEXT_TRUSTED_CERTIFICATES");
    assertThat(folder.entries()).isEmpty();
  }

  @Test
  void aSignatureThatIsRequiredLaterIsMissedButWhatIsMergedStays(@TempDir Path keys)
      throws Exception {
    want(tool.live(1));
    start(certificates(keys));
    awaitPhase(Phase.ACTIVE, 1);
    want(signed(tool.live(1)));
    awaitPhase(Phase.INCOMPATIBLE, 1);
    assertThat(entry().orElseThrow().reason()).isEqualTo(Reasons.SIGNATURE_REQUIRED);
    assertThat(host.merged()).isEqualTo(Map.of("tool", tool.sha256(1)));
    assertThat(host.refreshes()).hasSize(1);
  }

  @Test
  void aTrustedBootHostDemandsASignatureWhateverTheExtensionSays(@TempDir Path keys)
      throws Exception {
    host.trustedBoot(true);
    want(tool.live(1));
    start();
    awaitPhase(Phase.FAILED, 1);
    assertThat(entry().orElseThrow().reason()).isEqualTo(Reasons.TRUSTED_CERTIFICATES_MISSING);
    assertThat(entry().orElseThrow().message()).contains("/etc/verity.d");
    assertThat(status().host().trustedBoot()).isTrue();
    assertThat(status().conditions())
        .anySatisfy(
            condition -> {
              assertThat(condition.getType()).isEqualTo("WeakImagePolicy");
              assertThat(condition.getStatus()).isEqualTo("True");
            });
    agent.close();

    start(certificates(keys));
    awaitPhase(Phase.INCOMPATIBLE, 1);
    assertThat(entry().orElseThrow().reason()).isEqualTo(Reasons.SIGNATURE_REQUIRED);
    assertThat(folder.entries()).isEmpty();
  }
}
