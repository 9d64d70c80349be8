package io.kairos.extensions.agent.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.store.HostFolder;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.IOException;
import java.net.URI;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Users, tokens and certificates from the mounted folder, towards servers that ask for them. */
class PullSecretTest {
  private static final byte[] IMAGE = Images.demo();
  private static final String SHA256 = Images.sha256(IMAGE);
  private static final String BASIC = "Basic dXNlcjpnZWhlaW0=";
  private static final String DOCKER =
      "{\"auths\":{\"%s\":{\"auth\":\"dXNlcjpnZWhlaW0=\"},\"other.example\":{\"username\":\"x\",\"password\":\"y\"}}}";

  @TempDir private static Path certificates;
  private static SiteCertificate certificate;

  @TempDir private Path root;
  @TempDir private Path folder;
  private HostFolder host;
  private ImageServer server;

  @BeforeAll
  static void certificate() throws Exception {
    certificate = SiteCertificate.in(certificates);
  }

  @BeforeEach
  void start() throws IOException {
    host = HostFolder.in(root);
    server = ImageServer.https(certificate);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private void mount(String key, String value) throws IOException {
    Files.writeString(folder.resolve(key), value);
  }

  /** Gives the image to whoever sends this. */
  private void guard(String authorization) {
    server.on(
        "/demo.raw",
        exchange -> {
          if (authorization.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            exchange.sendResponseHeaders(200, IMAGE.length);
            exchange.getResponseBody().write(IMAGE);
          } else {
            exchange.sendResponseHeaders(401, -1);
          }
        });
  }

  private Staged stage(String url, String pullSecret) throws Exception {
    return stage(url, pullSecret, "", Mirrors.NONE, Optional.of(certificate.pem()));
  }

  private Staged stage(
      String url, String pullSecret, String caBundle, Mirrors mirrors, Optional<Path> siteCa)
      throws Exception {
    FetchConfig config =
        new FetchConfig(Proxies.NONE, mirrors, Limits.MAX_IMAGE_BYTES, Optional.of(folder));
    Sources sources = new Sources(siteCa, host.layout().host(), List.of(), config);
    return new Stager(sources, host.layout(), host.store())
        .stage(
            new Target.ResolvedImage(url, SHA256, pullSecret, caBundle),
            "demo",
            Images.host(),
            Map.of());
  }

  private static void assertNotStaged(Staged outcome, String reason, String... words) {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Staged.NotStaged.class,
            not -> {
              assertThat(not.reason()).as(not.message()).isEqualTo(reason);
              assertThat(List.of(words)).allSatisfy(w -> assertThat(not.message()).contains(w));
              assertThat(not.message()).doesNotContain("geheim", "dXNlcj");
            });
  }

  @Test
  void basicAuthIsSent() throws Exception {
    guard(BASIC);
    mount("secret.my_registry.username", "user");
    mount("secret.my_registry.password", "geheim");
    assertThat(stage(server.url("/demo.raw"), "my.registry")).isInstanceOf(Staged.Ready.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"geheim", "geheim\n"})
  void aTokenIsSentAsBearer(String token) throws Exception {
    guard("Bearer geheim");
    mount("secret.registry.token", token);
    assertThat(stage(server.url("/demo.raw"), "registry")).isInstanceOf(Staged.Ready.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost:%d",
        "https://localhost:%d",
        "https://localhost:%d/v1/",
        "LOCALHOST:%d/demo.raw"
      })
  void theEntryOfTheHostIsTakenFromADockerConfig(String key) throws Exception {
    guard(BASIC);
    mount("secret.registry..dockerconfigjson", DOCKER.formatted(key.formatted(server.port())));
    assertThat(stage(server.url("/demo.raw"), "registry")).isInstanceOf(Staged.Ready.class);
  }

  /**
   * As the kubelet and container tools write them, for a registry and for one of its repositories.
   */
  @ParameterizedTest
  @CsvSource({
    "https://index.docker.io/v1/, oci://docker.io/acme/tool:1.2",
    "index.docker.io, oci://docker.io/acme/tool",
    "docker.io, oci://docker.io/acme/tool",
    "docker.io/acme, oci://docker.io/acme/tool:1.2",
    "ghcr.io, oci://ghcr.io/acme/tool:1.2",
    "ghcr.io/acme, oci://ghcr.io/acme/tool:1.2",
    "ghcr.io/acme/tool, oci://ghcr.io/acme/tool",
    "ghcr.io/acme/tool, oci://ghcr.io/acme/tool:1.2",
    "ghcr.io/acme/tool, oci://ghcr.io/acme/tool@sha256:aaaa",
    "registry.example:5000/acme/tool, oci://registry.example:5000/acme/tool:1.2"
  })
  void theEntryOfARepositoryIsTakenFromADockerConfig(String key, String url) throws Exception {
    assertThat(entry(key, url)).isPresent();
  }

  @ParameterizedTest
  @CsvSource({
    "ghcr.io/acme/tool, oci://ghcr.io/acme/tools:1.2",
    "ghcr.io/acme/tool:1.2, oci://ghcr.io/acme/tool",
    "ghcr.io/acme/tool, oci://ghcr.io/acme:1.2",
    "https://index.docker.io/v1/, oci://ghcr.io/acme/tool",
    "https://index.docker.io/v1/, https://docker.io/acme/tool.raw",
    "ghcr.io/acme/demo, https://ghcr.io/acme/demo:raw"
  })
  void theEntryOfAnotherRepositoryIsNot(String key, String url) throws Exception {
    assertThat(entry(key, url)).isEmpty();
  }

  private Optional<Credential> entry(String key, String url) throws Exception {
    mount("secret.registry..dockerconfigjson", DOCKER.formatted(key));
    return new SiteFolder(Optional.of(folder))
        .credential("registry", URI.create(url), URI.create(url));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"localhost", "localhost:1", "elsewhere:%d", "localhost:%d/team", "ocalhost:%d"})
  void theEntryOfAnotherHostIsNot(String key) throws Exception {
    guard(BASIC);
    mount("secret.registry..dockerconfigjson", DOCKER.formatted(key.formatted(server.port())));
    assertNotStaged(
        stage(server.url("/demo.raw"), "registry"),
        Reasons.DOWNLOAD_REFUSED,
        "HTTP 401",
        "pull secret");
    assertThat(server.headers()).doesNotContainKey("Authorization");
  }

  @Test
  void aSecretThatHasNotComeYetIsNamedAndTakenWhenItComes() throws Exception {
    guard("Bearer geheim");
    assertNotStaged(
        stage(server.url("/demo.raw"), "registry"),
        Reasons.CREDENTIALS_UNAVAILABLE,
        "pull secret registry has not reached this node",
        folder.toString());
    assertThat(server.requests()).isEmpty();
    mount("secret.registry.token", "geheim");
    assertThat(stage(server.url("/demo.raw"), "registry")).isInstanceOf(Staged.Ready.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        ".dockerconfigjson | geheim | no JSON",
        ".dockerconfigjson | {\"auths\":{\"localhost:%d\":{\"auth\":\"geheim\"}}} | none of auth",
        ".dockerconfigjson | {\"auths\":{\"localhost:%d\":{\"identitytoken\":\"geheim\"}}} | none of",
        "token | geheim geheim | no single word",
        "token | '' | empty"
      })
  void aSecretThatCannotBeUsedIsNamedWithoutWhatItHolds(String key, String value, String words)
      throws Exception {
    guard(BASIC);
    mount("secret.registry." + key, value.replace("%d", String.valueOf(server.port())));
    assertNotStaged(
        stage(server.url("/demo.raw"), "registry"), Reasons.CREDENTIALS_UNAVAILABLE, words);
  }

  @Test
  void nothingIsSentInClear() throws Exception {
    mount("secret.registry.token", "geheim");
    assertNotStaged(
        stage("http://images.example/demo.raw", "registry"),
        Reasons.SOURCE_NOT_ALLOWED,
        "in clear",
        "https");
  }

  @Test
  void aRedirectToAnotherServerCarriesNothing() throws Exception {
    mount("secret.registry.token", "geheim");
    try (ImageServer other = ImageServer.https(certificate)) {
      other.file("/blob", IMAGE);
      server.redirect("/demo.raw", other.url("/blob"));
      assertThat(stage(server.url("/demo.raw"), "registry")).isInstanceOf(Staged.Ready.class);
      assertThat(server.headers().get("Authorization")).containsExactly("Bearer geheim");
      assertThat(other.headers()).doesNotContainKey("Authorization");
    }
  }

  @Test
  void aMirrorGetsOnlyWhatIsMeantForItByName() throws Exception {
    try (ImageServer mirror = ImageServer.https(certificate)) {
      mirror.file("/demo.raw", IMAGE);
      Mirrors mirrors = Mirrors.parse(server.url("") + "=" + mirror.url(""));
      mount("secret.registry.token", "geheim");
      assertThat(
              stage(
                  server.url("/demo.raw"), "registry", "", mirrors, Optional.of(certificate.pem())))
          .isInstanceOf(Staged.Ready.class);
      assertThat(mirror.headers()).doesNotContainKey("Authorization");

      Files.delete(host.layout().images().resolve(SHA256));
      Files.delete(folder.resolve("secret.registry.token"));
      mount("secret.registry..dockerconfigjson", DOCKER.formatted("localhost:" + mirror.port()));
      assertThat(
              stage(
                  server.url("/demo.raw"), "registry", "", mirrors, Optional.of(certificate.pem())))
          .isInstanceOf(Staged.Ready.class);
      assertThat(mirror.headers().get("Authorization")).containsExactly(BASIC);
    }
  }

  @Test
  void theAuthoritiesOfASourceAreBelievedForItAlone() throws Exception {
    server.file("/demo.raw", IMAGE);
    mount("configmap.site_ca.ca.crt", Files.readString(certificate.pem()));
    assertThat(stage(server.url("/demo.raw"), "", "site.ca", Mirrors.NONE, Optional.empty()))
        .isInstanceOf(Staged.Ready.class);
    Files.delete(host.layout().images().resolve(SHA256));
    assertNotStaged(
        stage(server.url("/demo.raw"), "", "", Mirrors.NONE, Optional.empty()),
        Reasons.SOURCE_UNREACHABLE,
        "TLS",
        "caBundle");
  }

  @Test
  void aBundleThatIsNotThereOrHoldsNoCertificateIsNamed() throws Exception {
    server.file("/demo.raw", IMAGE);
    String url = server.url("/demo.raw");
    assertNotStaged(
        stage(url, "", "site", Mirrors.NONE, Optional.empty()),
        Reasons.CA_BUNDLE_UNAVAILABLE,
        "CA bundle site has not reached this node");
    for (Map.Entry<String, String> content :
        Map.of("none", "no certificate", "half", "-----BEGIN CERTIFICATE-----\nAAAA\n")
            .entrySet()) {
      mount("configmap.site." + content.getKey(), content.getValue());
      assertNotStaged(
          stage(url, "", "site", Mirrors.NONE, Optional.empty()),
          Reasons.CA_BUNDLE_UNAVAILABLE,
          "no PEM certificate in its key " + content.getKey());
      Files.delete(folder.resolve("configmap.site." + content.getKey()));
    }
  }

  @Test
  void credentialsAreNotShown() {
    String shown =
        Credential.basic("user", "geheim").toString() + Credential.bearer("geheim").toString();
    assertThat(shown)
        .doesNotContain(
            "geheim",
            Base64.getEncoder().encodeToString("user:geheim".getBytes(StandardCharsets.UTF_8)));
  }
}
