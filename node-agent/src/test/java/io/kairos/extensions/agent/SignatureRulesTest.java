package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.fetch.FetchConfig;
import io.kairos.extensions.agent.fetch.Images;
import io.kairos.extensions.agent.fetch.Mirrors;
import io.kairos.extensions.agent.fetch.Proxies;
import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.Signer;
import io.kairos.extensions.agent.image.TrustedCertificates;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Signature;
import io.kairos.extensions.api.v1alpha1.SignaturePolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SignatureRulesTest {
  private static final Signer SITE = Signer.named("site");
  private static final Signer TEAM = Signer.named("team");
  private static final Signer OTHER = Signer.named("other");
  private static final Signature REQUIRED = new Signature(SignaturePolicy.REQUIRED, null);
  private static final Signature BY_TEAM = Signature.requiredBy("team");

  @TempDir private Path folder;

  private SignatureRules rules(boolean sources, boolean own) {
    return new SignatureRules(
        AgentConfig.of("n", folder).toBuilder()
            .fetch(
                new FetchConfig(
                    Proxies.NONE,
                    Mirrors.NONE,
                    FetchConfig.DEFAULT.maxImageBytes(),
                    sources ? Optional.of(folder) : Optional.empty()))
            .trustedCertificates(own ? Optional.of(folder.resolve("site.pem")) : Optional.empty())
            .build());
  }

  private void file(String name, byte[] content) throws IOException {
    Files.write(folder.resolve(name), content);
  }

  private static Host.Identity plain() {
    return identity(false, TrustedCertificates.NONE);
  }

  private static Host.Identity trustedBoot(Signer... keys) {
    List<X509Certificate> certificates =
        java.util.Arrays.stream(keys).map(Signer::certificate).toList();
    return identity(true, new TrustedCertificates("verity.d", certificates));
  }

  private static Host.Identity identity(boolean trustedBoot, TrustedCertificates verityKeys) {
    HostFacts facts = Images.host();
    return new Host.Identity(
        facts.architecture(),
        facts.osRelease(),
        Map.of(facts.extensionClass(), facts),
        "257",
        "6.1",
        trustedBoot,
        true,
        verityKeys);
  }

  private static List<List<X509Certificate>> signers(SignatureRules.Rule rule) {
    assertThat(rule).isInstanceOf(SignatureRules.Rule.Signers.class);
    return ((SignatureRules.Rule.Signers) rule)
        .signers().stream().map(TrustedCertificates::certificates).toList();
  }

  private static void unverifiable(SignatureRules.Rule rule, String reason, String... texts) {
    assertThat(rule)
        .isInstanceOfSatisfying(
            SignatureRules.Rule.Unverifiable.class,
            not -> {
              assertThat(not.reason()).isEqualTo(reason);
              assertThat(not.message()).contains(texts);
            });
  }

  @Test
  void whereTheHostDecidesNobodyHasToSign() {
    assertThat(signers(rules(false, false).of(Signature.HOST, plain()))).isEmpty();
  }

  @Test
  void aNamedConfigMapSaysWhoAndNoOtherDoes() throws Exception {
    file("site.pem", SITE.pem());
    file("configmap.team.a.crt", TEAM.pem());
    file("configmap.team.b.crt", OTHER.pem());
    file("configmap.team-2.c.crt", SITE.pem());
    assertThat(signers(rules(true, true).of(BY_TEAM, plain())))
        .containsExactly(List.of(TEAM.certificate(), OTHER.certificate()));
    assertThat(signers(rules(true, true).of(REQUIRED, plain())))
        .containsExactly(List.of(SITE.certificate()));
  }

  @Test
  void whatIsMissingIsNamed() throws Exception {
    unverifiable(
        rules(false, false).of(REQUIRED, plain()),
        Reasons.TRUSTED_CERTIFICATES_MISSING,
        "spec.signature.trustedCertificates",
        "SYSEXT_TRUSTED_CERTIFICATES");
    unverifiable(
        rules(false, true).of(BY_TEAM, plain()),
        Reasons.TRUSTED_CERTIFICATES_MISSING,
        "ConfigMap team",
        "SYSEXT_SOURCES_DIR");
    unverifiable(
        rules(true, true).of(BY_TEAM, plain()),
        Reasons.TRUSTED_CERTIFICATES_MISSING,
        "ConfigMap team",
        "create it");
    unverifiable(
        rules(true, true).of(REQUIRED, plain()), Reasons.TRUSTED_CERTIFICATES_INVALID, "site.pem");
    file("configmap.team.crt", "no certificate".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    unverifiable(
        rules(true, true).of(BY_TEAM, plain()),
        Reasons.TRUSTED_CERTIFICATES_INVALID,
        "ConfigMap team has to hold PEM");
  }

  @Test
  void aTrustedBootHostAddsItsOwnDemand() throws Exception {
    file("configmap.team.crt", TEAM.pem());
    assertThat(signers(rules(true, false).of(Signature.HOST, trustedBoot(OTHER))))
        .containsExactly(List.of(OTHER.certificate()));
    assertThat(signers(rules(true, false).of(BY_TEAM, trustedBoot(OTHER))))
        .containsExactly(List.of(TEAM.certificate()), List.of(OTHER.certificate()));
    file("site.pem", SITE.pem());
    assertThat(signers(rules(true, true).of(Signature.HOST, trustedBoot(OTHER))))
        .containsExactly(List.of(SITE.certificate()));
    assertThat(signers(rules(true, true).of(REQUIRED, trustedBoot(OTHER))))
        .containsExactly(List.of(SITE.certificate()));
    unverifiable(
        rules(true, false).of(Signature.HOST, trustedBoot()),
        Reasons.TRUSTED_CERTIFICATES_MISSING,
        "/etc/verity.d");
  }

  @Test
  void whatAHostCannotReadOfItsOwnCertificatesIsPassedOver() {
    String text =
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n# mine\n"
            + new String(SITE.pem(), java.nio.charset.StandardCharsets.US_ASCII)
            + "noise\n"
            + new String(TEAM.pem(), java.nio.charset.StandardCharsets.US_ASCII);
    assertThat(TrustedCertificates.readable("x", text).certificates())
        .containsExactly(SITE.certificate(), TEAM.certificate());
    assertThat(TrustedCertificates.readable("x", "").certificates()).isEmpty();
  }
}
