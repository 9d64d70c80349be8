package io.kairos.extensions.agent.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.store.HostFolder;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is mounted into the agent's pod changes while it runs: the next download goes by it. */
class ChangingMountsTest {
  private static final byte[] IMAGE = Images.demo();
  private static final String SHA256 = Images.sha256(IMAGE);

  @TempDir private static Path certificates;
  @TempDir private static Path otherCertificates;
  private static SiteCertificate certificate;
  private static String wrongPem;

  @TempDir private Path root;
  @TempDir private Path siteFolder;
  @TempDir private Path sourcesFolder;
  private HostFolder host;
  private ImageServer server;
  private MountedVolume site;
  private MountedVolume sources;

  @BeforeAll
  static void certificate() throws Exception {
    certificate = SiteCertificate.in(certificates);
    wrongPem = Files.readString(SiteCertificate.in(otherCertificates).pem());
  }

  @BeforeEach
  void start() throws IOException {
    host = HostFolder.in(root);
    server = ImageServer.https(certificate);
    server.file("/demo.raw", IMAGE);
    site = new MountedVolume(siteFolder);
    sources = new MountedVolume(sourcesFolder);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Stager stager(Optional<Path> siteCa) throws IOException {
    FetchConfig config =
        new FetchConfig(
            Proxies.NONE, Mirrors.NONE, Limits.MAX_IMAGE_BYTES, Optional.of(sourcesFolder));
    return new Stager(
        new Sources(siteCa, host.layout().host(), List.of(), config), host.layout(), host.store());
  }

  private Staged stage(Stager stager, String pullSecret, String caBundle)
      throws InterruptedException {
    return stage(stager, "/demo.raw", pullSecret, caBundle);
  }

  private Staged stage(Stager stager, String path, String pullSecret, String caBundle)
      throws InterruptedException {
    Target.ResolvedImage image =
        new Target.ResolvedImage(server.url(path), SHA256, pullSecret, caBundle);
    return stager.stage(image, "demo", Images.host(), Map.of());
  }

  private static String reason(Staged outcome) {
    return outcome instanceof Staged.NotStaged not ? not.reason() : outcome.toString();
  }

  @Test
  void anAuthorityOfTheSiteThatIsExchangedIsBelievedAndTheOneBeforeNoMore() throws Exception {
    String right = Files.readString(certificate.pem());
    site.set(Map.of("ca.crt", wrongPem));
    Stager stager = stager(Optional.of(site.at("ca.crt")));
    assertThat(reason(stage(stager, "", ""))).isEqualTo(Reasons.SOURCE_UNREACHABLE);

    site.set(Map.of("ca.crt", right));
    assertThat(stage(stager, "", "")).isInstanceOf(Staged.Ready.class);

    Files.delete(host.layout().images().resolve(SHA256));
    site.set(Map.of("ca.crt", wrongPem));
    assertThat(reason(stage(stager, "", ""))).isEqualTo(Reasons.SOURCE_UNREACHABLE);
  }

  @Test
  void anAuthorityOfTheSiteThatBecomesUnreadableIsNamedUntilItIsMended() throws Exception {
    String right = Files.readString(certificate.pem());
    site.set(Map.of("ca.crt", right));
    Stager stager = stager(Optional.of(site.at("ca.crt")));
    site.set(Map.of("ca.crt", "no certificate"));
    assertThat(stage(stager, "", ""))
        .isInstanceOfSatisfying(
            Staged.NotStaged.class,
            not -> {
              assertThat(not.reason()).isEqualTo(Reasons.CA_BUNDLE_UNAVAILABLE);
              assertThat(not.message()).contains("SYSEXT_CA_FILE");
            });
    site.set(Map.of("other", "x"));
    assertThat(reason(stage(stager, "", ""))).isEqualTo(Reasons.CA_BUNDLE_UNAVAILABLE);
    site.set(Map.of("ca.crt", right));
    assertThat(stage(stager, "", "")).isInstanceOf(Staged.Ready.class);
  }

  @Test
  void aBundleThatComesLaterIsUsed() throws Exception {
    sources.set(Map.of());
    Stager stager = stager(Optional.empty());
    assertThat(reason(stage(stager, "", "site"))).isEqualTo(Reasons.CA_BUNDLE_UNAVAILABLE);
    sources.set(Map.of("configmap.site.ca.crt", wrongPem));
    assertThat(reason(stage(stager, "", "site"))).isEqualTo(Reasons.SOURCE_UNREACHABLE);
    sources.set(Map.of("configmap.site.ca.crt", Files.readString(certificate.pem())));
    assertThat(stage(stager, "", "site")).isInstanceOf(Staged.Ready.class);
  }

  @Test
  void aPullSecretThatIsExchangedIsUsed() throws Exception {
    String wanted =
        "Basic " + Base64.getEncoder().encodeToString("user:new".getBytes(StandardCharsets.UTF_8));
    server.on(
        "/guarded.raw",
        exchange -> {
          if (wanted.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            exchange.sendResponseHeaders(200, IMAGE.length);
            exchange.getResponseBody().write(IMAGE);
          } else {
            exchange.sendResponseHeaders(401, -1);
          }
        });
    Map<String, String> before =
        Map.of("secret.registry.username", "user", "secret.registry.password", "old");
    sources.set(before);
    Stager stager = stager(Optional.of(certificate.pem()));
    assertThat(reason(stage(stager, "/guarded.raw", "registry", "")))
        .isEqualTo(Reasons.DOWNLOAD_REFUSED);
    sources.set(Map.of("secret.registry.username", "user", "secret.registry.password", "new"));
    assertThat(stage(stager, "/guarded.raw", "registry", "")).isInstanceOf(Staged.Ready.class);
  }
}
