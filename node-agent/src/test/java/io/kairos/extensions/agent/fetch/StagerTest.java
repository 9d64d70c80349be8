package io.kairos.extensions.agent.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kairos.extensions.agent.crash.FileHook;
import io.kairos.extensions.agent.crash.FileStep;
import io.kairos.extensions.agent.crash.HookedFileSystem;
import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.ImageInspector;
import io.kairos.extensions.agent.image.MachineArchitecture;
import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.store.HostFolder;
import io.kairos.extensions.agent.store.Store;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sources, downloads and staging against servers that really answer. */
class StagerTest {
  private static final byte[] IMAGE = Images.demo();
  private static final String SHA256 = Images.sha256(IMAGE);
  private static final String IMAGES = "/var/lib/kairos/extensions/.sysext-operator/images/";

  @TempDir private static Path certificates;
  private static SiteCertificate certificate;

  @TempDir private Path root;
  private HostFolder host;
  private ImageServer server;

  @BeforeAll
  static void certificate() throws Exception {
    certificate = SiteCertificate.in(certificates);
  }

  @BeforeEach
  void start() throws IOException {
    host = HostFolder.in(root);
    server = ImageServer.http();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Stager stager(Optional<Path> siteCa, String... fileFolders) throws IOException {
    List<Path> folders = Arrays.stream(fileFolders).map(Path::of).toList();
    return new Stager(
        new Sources(siteCa, host.layout().host(), folders, FetchConfig.DEFAULT),
        host.layout(),
        new Store(host.layout()));
  }

  private Staged stage(String url, String sha256) throws Exception {
    return stage(stager(Optional.empty()), url, sha256);
  }

  private static Staged stage(Stager stager, String url, String sha256) throws Exception {
    return stager.stage(new Target.ResolvedImage(url, sha256), "demo", Images.host(), Map.of());
  }

  private void assertKept() throws IOException {
    assertThat(host.entries()).containsOnlyKeys(IMAGES + SHA256);
    assertThat(host.at(IMAGES + SHA256)).hasBinaryContent(IMAGE);
  }

  private void assertNotStaged(Staged outcome, String reason, String... words) throws IOException {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Staged.NotStaged.class,
            not -> {
              assertThat(not.reason()).as(not.message()).isEqualTo(reason);
              assertThat(List.of(words)).allSatisfy(w -> assertThat(not.message()).contains(w));
            });
    assertThat(host.entries()).as("nothing is left behind").isEmpty();
  }

  // Over HTTP.

  @Test
  void aWholeImageIsKeptUnderItsDigest() throws Exception {
    server.file("/demo.raw", IMAGE);
    assertThat(stage(server.url("/demo.raw"), SHA256))
        .isEqualTo(
            new Staged.Ready(
                false,
                Optional.empty(),
                Set.of("/usr"),
                Map.of(),
                Map.of("ID", "_any", "ARCHITECTURE", "x86-64")));
    assertKept();
  }

  @Test
  void aBodyWithoutALengthIsReadToItsEnd() throws Exception {
    server.on(
        "/demo.raw",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(IMAGE);
        });
    assertThat(stage(server.url("/demo.raw"), SHA256)).isInstanceOf(Staged.Ready.class);
    assertKept();
  }

  @ParameterizedTest
  @ValueSource(ints = {204, 206, 304, 401, 403, 404, 410, 500, 503})
  void anAnswerOtherThanOkIsNamed(int status) throws Exception {
    server.status("/demo.raw", status);
    assertNotStaged(
        stage(server.url("/demo.raw"), SHA256),
        Reasons.DOWNLOAD_REFUSED,
        server.url("/demo.raw"),
        "HTTP " + status);
  }

  @Test
  void fewerBytesThanPromisedAreNamed() throws Exception {
    try (RawServer raw =
        new RawServer("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + "x".repeat(100))) {
      assertNotStaged(
          stage(raw.url(), SHA256), Reasons.DOWNLOAD_INTERRUPTED, raw.url(), "broke off", "1000");
    }
  }

  @Test
  void aChunkedBodyThatBreaksOffIsNamed() throws Exception {
    try (RawServer raw =
        new RawServer(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n" + "x".repeat(100))) {
      assertNotStaged(
          stage(raw.url(), SHA256), Reasons.DOWNLOAD_INTERRUPTED, raw.url(), "broke off");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "SSH-2.0-OpenSSH\r\n", "HTTP/1.1 twohundred OK\r\n\r\n"})
  void aServerThatSpeaksNoHttpIsUnreachable(String answer) throws Exception {
    try (RawServer raw = new RawServer(answer)) {
      assertNotStaged(stage(raw.url(), SHA256), Reasons.SOURCE_UNREACHABLE, raw.url());
    }
  }

  @Test
  void otherBytesThanPromisedAreNamedWithBothDigests() throws Exception {
    byte[] other = "somebody else's".getBytes(StandardCharsets.UTF_8);
    server.file("/demo.raw", other);
    assertNotStaged(
        stage(server.url("/demo.raw"), SHA256),
        Reasons.DIGEST_MISMATCH,
        SHA256,
        Images.sha256(other),
        "15 bytes");
  }

  @Test
  void aServerThatIsNotThereIsNamed() throws Exception {
    String url = "http://localhost:" + ImageServer.closedPort() + "/demo.raw";
    assertNotStaged(stage(url, SHA256), Reasons.SOURCE_UNREACHABLE, url, "refused");
  }

  @Test
  void aNameThatDoesNotResolveIsNamed() throws Exception {
    assertNotStaged(
        stage("http://no-such-host.invalid/demo.raw", SHA256),
        Reasons.SOURCE_UNREACHABLE,
        "no-such-host.invalid does not resolve");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ftp://localhost/demo.raw",
        "/demo.raw",
        "demo.raw",
        "jar:file:/demo.jar!/x",
        "http:///demo.raw",
        "https:demo.raw",
        "http://local host/",
        "://"
      })
  void whatIsNoSourceIsNotAllowed(String url) throws Exception {
    assertNotStaged(stage(url, SHA256), Reasons.SOURCE_NOT_ALLOWED);
  }

  @Test
  void aSecondTryAfterAFailureStartsAnew() throws Exception {
    server.file("/demo.raw", IMAGE);
    host.file(
        "/var/lib/kairos/extensions/.sysext-operator/staging/" + SHA256 + ".part",
        "left by a process that was killed");
    assertThat(stage(server.url("/demo.raw"), SHA256)).isInstanceOf(Staged.Ready.class);
    assertKept();
  }

  // Redirects.

  @Test
  void aRedirectIsFollowed() throws Exception {
    server.file("/demo.raw", IMAGE).redirect("/latest", "/demo.raw");
    assertThat(stage(server.url("/latest"), SHA256)).isInstanceOf(Staged.Ready.class);
    assertKept();
  }

  @Test
  void aRedirectToAnotherSchemeIsRefusedEvenToASaferOne() throws Exception {
    try (ImageServer secure = ImageServer.https(certificate)) {
      secure.file("/demo.raw", IMAGE);
      server.redirect("/demo.raw", secure.url("/demo.raw"));
      assertNotStaged(
          stage(stager(Optional.of(certificate.pem())), server.url("/demo.raw"), SHA256),
          Reasons.DOWNLOAD_REFUSED,
          "another scheme",
          secure.url("/demo.raw"));
      assertThat(secure.requests()).isEmpty();
    }
  }

  @Test
  void aRedirectFromHttpsToHttpIsRefused() throws Exception {
    server.file("/demo.raw", IMAGE);
    try (ImageServer secure = ImageServer.https(certificate)) {
      secure.redirect("/demo.raw", server.url("/demo.raw"));
      assertNotStaged(
          stage(stager(Optional.of(certificate.pem())), secure.url("/demo.raw"), SHA256),
          Reasons.DOWNLOAD_REFUSED,
          "another scheme",
          server.url("/demo.raw"));
    }
    assertThat(server.requests()).isEmpty();
  }

  @Test
  void aRedirectToAFileIsRefused() throws Exception {
    host.file("/srv/images/demo.raw", "x");
    server.redirect("/demo.raw", "file:///srv/images/demo.raw");
    assertThat(stage(stager(Optional.empty(), "/srv/images"), server.url("/demo.raw"), SHA256))
        .isInstanceOf(Staged.NotStaged.class);
  }

  @Test
  void redirectsInACircleEnd() throws Exception {
    server.redirect("/a", "/b").redirect("/b", "/a");
    assertNotStaged(
        stage(server.url("/a"), SHA256),
        Reasons.DOWNLOAD_REFUSED,
        "circle: " + server.url("/a") + " → " + server.url("/b") + " → " + server.url("/a"));
    assertThat(server.requests()).containsExactly("GET /a", "GET /b");
  }

  // TLS.

  @Test
  void aCertificateOfAnUnknownAuthorityIsNamedWithTheWayOut() throws Exception {
    try (ImageServer secure = ImageServer.https(certificate)) {
      secure.file("/demo.raw", IMAGE);
      assertNotStaged(
          stage(secure.url("/demo.raw"), SHA256),
          Reasons.SOURCE_UNREACHABLE,
          "TLS",
          "SYSEXT_CA_FILE");
      assertThat(secure.requests()).isEmpty();
    }
  }

  @Test
  void theSitesOwnAuthorityIsBelievedWhenGiven() throws Exception {
    try (ImageServer secure = ImageServer.https(certificate)) {
      secure.file("/demo.raw", IMAGE);
      assertThat(stage(stager(Optional.of(certificate.pem())), secure.url("/demo.raw"), SHA256))
          .isInstanceOf(Staged.Ready.class);
    }
  }

  @Test
  void aCertificateForAnotherNameIsNotBelieved() throws Exception {
    try (ImageServer secure = ImageServer.https(certificate)) {
      secure.file("/demo.raw", IMAGE);
      assertNotStaged(
          stage(
              stager(Optional.of(certificate.pem())),
              "https://127.0.0.1:" + secure.port() + "/demo.raw",
              SHA256),
          Reasons.SOURCE_UNREACHABLE,
          "TLS");
    }
  }

  // Files of the host.

  private Staged stageFile(String url, String... folders) throws Exception {
    return stage(stager(Optional.empty(), folders), url, SHA256);
  }

  private void hostImage(String onHost) throws IOException {
    Files.createDirectories(host.at(onHost).getParent());
    Files.write(host.at(onHost), IMAGE);
  }

  @Test
  void aFileBelowAnAllowedFolderIsStaged() throws Exception {
    hostImage("/srv/images/sub/demo.raw");
    assertThat(stageFile("file:///srv/images/sub/demo.raw", "/opt", "/srv/images"))
        .isInstanceOf(Staged.Ready.class);
    assertKept();
    assertThat(host.at("/srv/images/sub/demo.raw")).exists();
  }

  @Test
  void noFolderIsAllowedUnlessTheAdministratorSaysSo() throws Exception {
    hostImage("/srv/images/demo.raw");
    assertNotStaged(
        stageFile("file:///srv/images/demo.raw"),
        Reasons.SOURCE_NOT_ALLOWED,
        "/srv/images/demo.raw",
        "SYSEXT_FILE_FOLDERS");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file:///etc/shadow",
        "file:///srv/images/../secret/demo.raw",
        "file:///srv/images/%2e%2e/secret/demo.raw",
        "file:///srv/images-of-others/demo.raw",
        "file:///srv/images/link.raw",
        "file:///srv/images/linked/demo.raw",
        "file:srv/images/demo.raw",
        "file:///srv/images/demo%00.raw"
      })
  void aFileOutsideOfItIsNot(String url) throws Exception {
    hostImage("/srv/secret/demo.raw");
    hostImage("/srv/images-of-others/demo.raw");
    host.file("/etc/shadow", "x")
        .link("/srv/images/link.raw", "../secret/demo.raw")
        .link("/srv/images/linked", "../secret");
    assertNotStaged(stageFile(url, "/srv/images"), Reasons.SOURCE_NOT_ALLOWED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:///srv/images/none.raw", "file:///srv/images/folder"})
  void whatIsNoFileIsUnreachable(String url) throws Exception {
    Files.createDirectories(host.at("/srv/images/folder"));
    assertNotStaged(stageFile(url, "/srv/images"), Reasons.SOURCE_UNREACHABLE, "/srv/images");
  }

  // Room.

  @Test
  void anImageLargerThanTheStoreIsNotEvenBegun() throws Exception {
    try (RawServer raw =
        new RawServer("HTTP/1.1 200 OK\r\nContent-Length: " + (1L << 55) + "\r\n\r\nx")) {
      FetchConfig boundless =
          new FetchConfig(Proxies.NONE, Mirrors.NONE, Long.MAX_VALUE, Optional.empty());
      Sources sources = new Sources(Optional.empty(), host.layout().host(), List.of(), boundless);
      assertNotStaged(
          stage(new Stager(sources, host.layout(), host.store()), raw.url(), SHA256),
          Reasons.INSUFFICIENT_STORAGE,
          String.valueOf(1L << 55),
          "make room");
    }
  }

  // What comes of the image itself.

  @ParameterizedTest
  @ValueSource(strings = {"<html>404</html>", ""})
  void whatIsNoImageIsRefusedAndLeavesNothing(String body) throws Exception {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    server.file("/demo.raw", bytes);
    assertThat(stage(server.url("/demo.raw"), Images.sha256(bytes)))
        .isInstanceOfSatisfying(
            Staged.Unfit.class, unfit -> assertThat(unfit.reason()).isEqualTo("NotAnImage"));
    assertThat(host.entries()).isEmpty();
  }

  @Test
  void anImageThatDoesNotFitTheHostIsRefusedAndLeavesNothing() throws Exception {
    server.file("/demo.raw", IMAGE);
    HostFacts other = HostFacts.of(MachineArchitecture.ARM64, Images.host().osRelease());
    Target.ResolvedImage image = new Target.ResolvedImage(server.url("/demo.raw"), SHA256);
    assertThat(stager(Optional.empty()).stage(image, "demo", other, Map.of()))
        .isInstanceOfSatisfying(
            Staged.Unfit.class,
            unfit -> assertThat(unfit.reason()).isEqualTo("ArchitectureMismatch"));
    assertThat(host.entries()).isEmpty();
  }

  /** As the agent's loop does when another image is wanted at once. */
  @ParameterizedTest
  @ValueSource(classes = {ImageInspector.class, Store.class})
  void whatIsGivenUpAfterItCameIsKeptForTheNextTime(Class<?> busy) throws Exception {
    server.on(
        "/demo.raw",
        exchange -> {
          exchange.getResponseHeaders().add("ETag", "\"v1\"");
          exchange.sendResponseHeaders(200, IMAGE.length);
          exchange.getResponseBody().write(IMAGE);
        });
    GivenUp givenUp = new GivenUp(busy, host.layout().staging().resolve(SHA256 + ".part"));
    StoreLayout watched = HostFolder.layout(new HookedFileSystem(givenUp).path(root));
    Stager stager =
        new Stager(
            new Sources(Optional.empty(), watched.host(), List.of(), FetchConfig.DEFAULT),
            watched,
            new Store(watched));
    assertThatThrownBy(() -> stage(stager, server.url("/demo.raw"), SHA256))
        .isInstanceOf(InterruptedException.class);
    assertThat(givenUp.isOver).isTrue();

    assertThat(stage(server.url("/demo.raw"), SHA256)).isInstanceOf(Staged.Ready.class);
    assertThat(server.requests()).containsExactly("GET /demo.raw");
    assertKept();
  }

  /** Interrupts a thread, once, where this class is at work on a part that is whole. */
  private static final class GivenUp implements FileHook {
    private final Class<?> busy;
    private final Path part;
    private boolean isOver;

    private GivenUp(Class<?> busy, Path part) {
      this.busy = busy;
      this.part = part;
    }

    @Override
    public <T> T change(FileStep step, Effect<T> effect) throws IOException {
      read();
      return effect.run();
    }

    @Override
    public boolean syncs() {
      return true;
    }

    @Override
    public void read() {
      boolean isAtWork =
          Arrays.stream(Thread.currentThread().getStackTrace())
              .anyMatch(frame -> frame.getClassName().equals(busy.getName()));
      if (!isOver && isAtWork && part.toFile().length() == IMAGE.length) {
        isOver = true;
        Thread.currentThread().interrupt();
      }
    }
  }

  @Test
  void anImageThatIsThereIsHashedAgainAndUsedWithoutARequest() throws Exception {
    Files.write(host.at(IMAGES + SHA256), IMAGE);
    server.file("/demo.raw", IMAGE);
    assertThat(stage(server.url("/demo.raw"), SHA256)).isInstanceOf(Staged.Ready.class);
    assertThat(server.requests()).isEmpty();
    assertKept();
  }

  @Test
  void aDamagedImageThatIsThereIsReplaced() throws Exception {
    byte[] damaged = IMAGE.clone();
    damaged[damaged.length - 1] ^= 1;
    Files.write(host.at(IMAGES + SHA256), damaged);
    Path open = host.at("/whoever has it open");
    Files.createLink(open, host.at(IMAGES + SHA256));
    server.file("/demo.raw", IMAGE);
    assertThat(stage(server.url("/demo.raw"), SHA256)).isInstanceOf(Staged.Ready.class);
    assertThat(server.requests()).containsExactly("GET /demo.raw");
    assertKept();
    assertThat(open)
        .as("another file took its place, none was written into")
        .hasBinaryContent(damaged);
  }

  @Test
  void aDamagedImageIsNoMoreMergedOrBootedThoughTheWholeOneCannotBeFetched() throws Exception {
    host.file(IMAGES + SHA256, "damaged");
    server.status("/demo.raw", 500);
    assertThat(stage(server.url("/demo.raw"), SHA256)).isInstanceOf(Staged.NotStaged.class);
    assertThat(host.entries()).isEmpty();
  }

  @Test
  void aLinkInPlaceOfAnImageIsReplacedByTheImage() throws Exception {
    host.link(IMAGES + SHA256, "/etc/passwd");
    server.file("/demo.raw", IMAGE);
    assertThat(stage(server.url("/demo.raw"), SHA256)).isInstanceOf(Staged.Ready.class);
    assertThat(host.at(IMAGES + SHA256)).isRegularFile().hasBinaryContent(IMAGE);
    assertThat(Files.isSymbolicLink(host.at(IMAGES + SHA256))).isFalse();
  }
}
