package io.kairos.extensions.agent.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.store.HostFolder;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Downloads from servers that break off, stall, lie and change their mind. */
class HostileServerTest {
  private static final byte[] IMAGE = Images.demo(9);
  private static final String SHA256 = Images.sha256(IMAGE);
  private static final int HALF = IMAGE.length / 2;

  /** With bodies alone: on a slow machine the head of an answer may take its time. */
  private static final Limits IMPATIENT_WITH_BODIES =
      Limits.DEFAULT.withStall(Duration.ofSeconds(1));

  private static final String TAG = "\"v1\"";
  private static final String OURS = "/var/lib/kairos/extensions/.sysext-operator/";
  private static final String PART = OURS + "staging/" + SHA256 + ".part";
  private static final String KEPT = OURS + "images/" + SHA256;

  @TempDir private Path root;
  private HostFolder host;
  private ScriptedServer server;

  @BeforeEach
  void prepare() throws IOException {
    host = HostFolder.in(root);
  }

  @AfterEach
  void close() throws IOException {
    if (server != null) {
      server.close();
    }
  }

  private void serve(ScriptedServer.Script script) throws IOException {
    server = new ScriptedServer(script);
  }

  private Stager stager(FetchConfig config, Limits limits, Optional<Path> siteCa)
      throws IOException {
    Sources sources = new Sources(siteCa, host.layout().host(), List.of(), config, limits);
    return new Stager(sources, host.layout(), host.store());
  }

  private Staged stage(String url, FetchConfig config, Limits limits) throws Exception {
    return stager(config, limits, Optional.empty())
        .stage(new Target.ResolvedImage(url, SHA256), "demo", Images.host(), Map.of());
  }

  private Staged stage() throws Exception {
    return stage(server.url(), FetchConfig.DEFAULT, Limits.DEFAULT);
  }

  private static void assertNotStaged(Staged outcome, String reason, String... words) {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Staged.NotStaged.class,
            not -> {
              assertThat(not.reason()).as(not.message()).isEqualTo(reason);
              assertThat(List.of(words)).allSatisfy(w -> assertThat(not.message()).contains(w));
            });
  }

  private void assertKeptAlone() throws IOException {
    assertThat(host.entries()).containsOnlyKeys(KEPT);
    assertThat(host.at(KEPT)).hasBinaryContent(IMAGE);
  }

  private void assertNothingLeft() throws IOException {
    assertThat(host.entries()).isEmpty();
  }

  private static byte[] first(int bytes) {
    return Arrays.copyOf(IMAGE, bytes);
  }

  private static byte[] from(int offset) {
    return Arrays.copyOfRange(IMAGE, offset, IMAGE.length);
  }

  /** Promises the whole, gives the half, and hangs up. */
  private static void half(OutputStream out, String... headers) throws IOException {
    String[] lines = Arrays.copyOf(headers, headers.length + 1);
    lines[headers.length] = "Content-Length: " + IMAGE.length;
    ScriptedServer.head(out, ("200 OK\r\n" + String.join("\r\n", lines)).split("\r\n"));
    out.write(first(HALF));
  }

  private static void rest(OutputStream out, String... headers) throws IOException {
    ScriptedServer.head(
        out,
        ("206 Partial Content\r\nContent-Range: bytes "
                + HALF
                + "-"
                + (IMAGE.length - 1)
                + "/"
                + IMAGE.length
                + "\r\n"
                + String.join("\r\n", headers))
            .strip()
            .split("\r\n"));
    out.write(from(HALF));
  }

  private static void whole(OutputStream out) throws IOException {
    ScriptedServer.head(out, "200 OK", "ETag: " + TAG, "Content-Length: " + IMAGE.length);
    out.write(IMAGE);
  }

  // Carrying on.

  @ParameterizedTest
  @ValueSource(strings = {"ETag: \"v1\"", "Last-Modified: Tue, 03 Nov 2026 10:00:00 GMT"})
  void aDownloadThatBrokeOffIsCarriedOn(String validator) throws Exception {
    serve(
        (request, out) -> {
          if (request.number() == 1) {
            half(out, validator);
          } else {
            rest(out, validator);
          }
        });
    assertNotStaged(stage(), Reasons.DOWNLOAD_INTERRUPTED, HALF + " of " + IMAGE.length);
    assertThat(host.at(PART)).hasBinaryContent(first(HALF));

    assertThat(stage()).isInstanceOf(Staged.Ready.class);
    assertKeptAlone();
    ScriptedServer.Request second = server.requests().get(1);
    assertThat(second.header("Range")).isEqualTo("bytes=" + HALF + "-");
    assertThat(second.header("If-Range")).isEqualTo(validator.split(": ", 2)[1]);
  }

  @Test
  void aDownloadIsCarriedOnAsOftenAsItBreaksOff() throws Exception {
    int piece = IMAGE.length / 5 + 1;
    serve(
        (request, out) -> {
          String range = request.header("Range");
          int start = range.isEmpty() ? 0 : Integer.parseInt(range.replaceAll("[^0-9]", ""));
          if (start == 0) {
            ScriptedServer.head(out, "200 OK", "ETag: " + TAG, "Content-Length: " + IMAGE.length);
          } else {
            ScriptedServer.head(
                out,
                "206 Partial Content",
                "ETag: " + TAG,
                "Content-Range: bytes " + start + "-" + (IMAGE.length - 1) + "/" + IMAGE.length);
          }
          out.write(IMAGE, start, Math.min(piece, IMAGE.length - start));
        });
    for (int i = 0; i < 4; i++) {
      assertNotStaged(stage(), Reasons.DOWNLOAD_INTERRUPTED);
    }
    assertThat(stage()).isInstanceOf(Staged.Ready.class);
    assertKeptAlone();
    assertThat(server.requests()).hasSize(5);
  }

  @ParameterizedTest
  @ValueSource(strings = {"X-Nothing: at all", "ETag: W/\"weak\""})
  void withoutAStrongValidatorItStartsAnew(String header) throws Exception {
    serve(
        (request, out) -> {
          if (request.number() == 1) {
            half(out, header);
          } else {
            whole(out);
          }
        });
    assertNotStaged(stage(), Reasons.DOWNLOAD_INTERRUPTED);
    assertNothingLeft();
    assertThat(stage()).isInstanceOf(Staged.Ready.class);
    assertThat(server.requests().get(1).header("Range")).isEmpty();
  }

  @Test
  void aServerWithANewFileGivesAllOfIt() throws Exception {
    serve(
        (request, out) -> {
          if (request.number() == 1) {
            ScriptedServer.head(out, "200 OK", "ETag: \"old\"", "Content-Length: 5000");
            out.write(new byte[1000]);
          } else {
            whole(out);
          }
        });
    assertNotStaged(stage(), Reasons.DOWNLOAD_INTERRUPTED);
    assertThat(stage()).isInstanceOf(Staged.Ready.class);
    assertKeptAlone();
  }

  @Test
  void aServerThatKnowsNoSuchRangeIsAskedForTheWholeAtOnce() throws Exception {
    serve(
        (request, out) -> {
          switch (request.number()) {
            case 1 -> half(out, "ETag: " + TAG);
            case 2 ->
                ScriptedServer.head(out, "416 Range Not Satisfiable", "Content-Range: bytes */10");
            default -> whole(out);
          }
        });
    assertNotStaged(stage(), Reasons.DOWNLOAD_INTERRUPTED);
    assertThat(stage()).isInstanceOf(Staged.Ready.class);
    assertKeptAlone();
    assertThat(server.requests()).hasSize(3);
  }

  /** Each is an answer to "from the middle on"; none is one that can be appended. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Range: bytes 0-%2$d/%3$d",
        "Content-Range: bytes %1$d-%2$d/99",
        "Content-Range: bytes %1$d-%2$d/9999999",
        "Content-Range: bytes %1$d-3/%3$d",
        "Content-Range: bytes x-y/z",
        "Content-Range: bytes %1$d-99999999999999999999/%3$d",
        "Content-Type: multipart/byteranges; boundary=x",
        "Content-Range: bytes %1$d-%2$d/%3$d|ETag: \"another\"",
        "Content-Range: bytes %1$d-%2$d/%3$d|Content-Length: 7"
      })
  void aRangeThatIsNotTheOneAskedForIsNotAppended(String headers) throws Exception {
    serve(
        (request, out) -> {
          if (request.number() == 1) {
            half(out, "ETag: " + TAG);
          } else if (request.number() == 2) {
            String text = headers.formatted(HALF, IMAGE.length - 1, IMAGE.length);
            ScriptedServer.head(out, ("206 Partial Content|" + text).split("\\|"));
            out.write(from(HALF));
          } else {
            whole(out);
          }
        });
    assertNotStaged(stage(), Reasons.DOWNLOAD_INTERRUPTED);
    assertNotStaged(stage(), Reasons.SOURCE_CHANGED, server.url(), "from the beginning");
    assertNothingLeft();
    assertThat(stage()).isInstanceOf(Staged.Ready.class);
    assertKeptAlone();
    assertThat(server.requests().get(2).header("Range")).isEmpty();
  }

  @Test
  void contentThatChangesBetweenRangesBehindTheSameTagIsFoundByTheDigest() throws Exception {
    serve(
        (request, out) -> {
          switch (request.number()) {
            case 1 -> half(out, "ETag: " + TAG);
            case 2 -> {
              ScriptedServer.head(
                  out,
                  "206 Partial Content",
                  "ETag: " + TAG,
                  "Content-Range: bytes " + HALF + "-" + (IMAGE.length - 1) + "/" + IMAGE.length);
              byte[] other = from(HALF);
              other[other.length - 1] ^= 1;
              out.write(other);
            }
            default -> whole(out);
          }
        });
    assertNotStaged(stage(), Reasons.DOWNLOAD_INTERRUPTED);
    assertNotStaged(stage(), Reasons.DIGEST_MISMATCH, SHA256, "several pieces");
    assertNothingLeft();
    assertThat(stage()).isInstanceOf(Staged.Ready.class);
    assertKeptAlone();
  }

  @Test
  void aWholeDownloadWhoseProcessWasKilledNeedsNoRequest() throws Exception {
    serve((request, out) -> half(out, "ETag: " + TAG));
    assertNotStaged(stage(), Reasons.DOWNLOAD_INTERRUPTED);
    Files.write(host.at(PART), IMAGE);
    assertThat(stage()).isInstanceOf(Staged.Ready.class);
    assertKeptAlone();
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void whatIsThereStaysWhileTheServerIsOut() throws Exception {
    serve(
        (request, out) -> {
          switch (request.number()) {
            case 1 -> half(out, "ETag: " + TAG);
            case 2 -> ScriptedServer.head(out, "503 Service Unavailable", "Content-Length: 0");
            default -> rest(out, "ETag: " + TAG);
          }
        });
    assertNotStaged(stage(), Reasons.DOWNLOAD_INTERRUPTED);
    assertNotStaged(stage(), Reasons.DOWNLOAD_REFUSED, "HTTP 503");
    assertThat(host.at(PART)).hasBinaryContent(first(HALF));
    assertThat(stage()).isInstanceOf(Staged.Ready.class);
    assertKeptAlone();
  }

  // Impatience.

  /** But for connecting: on a slow machine a first connection may take its time. */
  private static Limits impatient() {
    Limits patient = Limits.DEFAULT;
    Limits limits = patient.withPatience(Duration.ofMillis(400));
    return new Limits(
        patient.connect(),
        limits.headers(),
        limits.stall(),
        limits.slowestBytesPerSecond(),
        limits.maxImageBytes(),
        limits.reserveBytes());
  }

  @Test
  void aServerThatAcceptsAndSaysNothingIsGivenUp() throws Exception {
    serve((request, out) -> new CompletableFuture<>().get());
    assertNotStaged(
        stage(server.url(), FetchConfig.DEFAULT, impatient()),
        Reasons.SOURCE_UNREACHABLE,
        "no answer within 0.4 s");
  }

  @Test
  void aBodyThatStallsIsGivenUpAndCarriedOn() throws Exception {
    serve(
        (request, out) -> {
          if (request.number() == 1) {
            half(out, "ETag: " + TAG);
            out.flush();
            new CompletableFuture<>().get();
          } else {
            rest(out, "ETag: " + TAG);
          }
        });
    assertNotStaged(
        stage(server.url(), FetchConfig.DEFAULT, IMPATIENT_WITH_BODIES),
        Reasons.DOWNLOAD_INTERRUPTED,
        "less than 1024 bytes/s",
        String.valueOf(HALF));
    assertThat(stage()).isInstanceOf(Staged.Ready.class);
    assertKeptAlone();
  }

  @Test
  void aBodyThatDripsIsGivenUp() throws Exception {
    AtomicBoolean gone = new AtomicBoolean();
    serve(
        (request, out) -> {
          ScriptedServer.head(out, "200 OK", "Content-Length: 100000000");
          try {
            while (true) {
              out.write(1);
              out.flush();
              TimeUnit.MILLISECONDS.sleep(50);
            }
          } catch (IOException hungUp) {
            gone.set(true);
          }
        });
    assertNotStaged(
        stage(server.url(), FetchConfig.DEFAULT, IMPATIENT_WITH_BODIES),
        Reasons.DOWNLOAD_INTERRUPTED,
        "less than 1024 bytes/s");
    await().untilTrue(gone);
  }

  @Test
  void anObsoleteDownloadIsLeftWhenItsThreadIsInterrupted() throws Exception {
    serve(
        (request, out) -> {
          half(out, "ETag: " + TAG);
          out.flush();
          new CompletableFuture<>().get();
        });
    CompletableFuture<Staged> outcome = new CompletableFuture<>();
    Thread stager =
        new Thread(
            () -> {
              try {
                outcome.complete(stage());
              } catch (Exception e) {
                outcome.completeExceptionally(e);
              }
            });
    stager.start();
    await().until(() -> host.at(PART).toFile().length() == HALF);
    stager.interrupt();
    assertThat(outcome)
        .failsWithin(Duration.ofSeconds(30))
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(InterruptedException.class);
    assertThat(host.at(PART)).as("and can be carried on").hasBinaryContent(first(HALF));
  }

  // Sizes.

  @Test
  void tenGigabytesForASmallImageAreNotEvenBegun() throws Exception {
    serve(
        (request, out) -> {
          ScriptedServer.head(out, "200 OK", "ETag: " + TAG, "Content-Length: 10000000000");
          out.write(IMAGE);
        });
    assertNotStaged(stage(), Reasons.IMAGE_TOO_LARGE, "10000000000", "SYSEXT_MAX_IMAGE_BYTES");
    assertNothingLeft();
  }

  @Test
  void anEndlessBodyIsCutOff() throws Exception {
    AtomicBoolean gone = new AtomicBoolean();
    serve(
        (request, out) -> {
          ScriptedServer.head(out, "200 OK", "ETag: " + TAG);
          try {
            while (true) {
              out.write(new byte[65536]);
            }
          } catch (IOException hungUp) {
            gone.set(true);
          }
        });
    FetchConfig small = new FetchConfig(Proxies.NONE, Mirrors.NONE, 1 << 20, Optional.empty());
    assertNotStaged(stage(server.url(), small, Limits.DEFAULT), Reasons.IMAGE_TOO_LARGE);
    assertNothingLeft();
    await().untilTrue(gone);
  }

  @ParameterizedTest
  @ValueSource(strings = {"100", "1000000", "-5", "99999999999999999999", "many"})
  void aLyingContentLengthNeverEndsInAnImage(String length) throws Exception {
    serve(
        (request, out) -> {
          ScriptedServer.head(out, "200 OK", "Content-Length: " + length);
          out.write(IMAGE);
        });
    assertThat(stage())
        .isInstanceOfSatisfying(
            Staged.NotStaged.class, not -> assertThat(not.message()).contains(server.url()));
    assertNothingLeft();
  }

  @Test
  void anEncodedBodyIsRefused() throws Exception {
    serve(
        (request, out) -> {
          ScriptedServer.head(out, "200 OK", "Content-Encoding: gzip", "Content-Length: 3");
          out.write(new byte[3]);
        });
    assertNotStaged(stage(), Reasons.DOWNLOAD_REFUSED, "Content-Encoding");
    assertThat(server.requests().get(0).header("Accept-Encoding")).isEqualTo("identity");
  }

  // Refusals and redirects.

  @ParameterizedTest
  @CsvSource({"429, 120, in 120 s", "503, 'Wed, 25 Nov 2026 10:02:00 GMT', at Wed"})
  void whenToComeBackIsNamedAndKeptTo(int status, String when, String words) throws Exception {
    serve(
        (request, out) ->
            ScriptedServer.head(
                out,
                status + " No",
                "Date: Wed, 25 Nov 2026 10:00:00 GMT",
                "Retry-After: " + when,
                "Content-Length: 0"));
    Stager stager = stager(FetchConfig.DEFAULT, Limits.DEFAULT, Optional.empty());
    Target.ResolvedImage image = new Target.ResolvedImage(server.url(), SHA256);

    Staged first = stager.stage(image, "demo", Images.host(), Map.of());
    assertNotStaged(first, Reasons.DOWNLOAD_REFUSED, "HTTP " + status, "come back " + words);
    assertThat(((Staged.NotStaged) first).pauseMillis()).isEqualTo(120_000);

    Staged second = stager.stage(image, "demo", Images.host(), Map.of());
    assertNotStaged(second, Reasons.DOWNLOAD_REFUSED, server.url() + " asked to be left alone");
    assertThat(((Staged.NotStaged) second).pauseMillis()).isBetween(1_000L, 120_000L);
    assertThat(server.requests()).as("not asked again").hasSize(1);
  }

  @Test
  void aMirrorThatWantsToBeLeftAloneIsAndDoesNotHoldUpTheOrigin() throws Exception {
    serve(
        (request, out) -> {
          if (request.path().startsWith("/mirror/")) {
            ScriptedServer.head(out, "503 No", "Retry-After: 900", "Content-Length: 0");
          } else if (request.number() < 4) {
            ScriptedServer.head(out, "500 Oops", "Content-Length: 0");
          } else {
            whole(out);
          }
        });
    FetchConfig config = mirror(server.url("/origin"), server.url("/mirror"));
    Stager stager = stager(config, Limits.DEFAULT, Optional.empty());
    Target.ResolvedImage image = new Target.ResolvedImage(server.url("/origin/image.raw"), SHA256);
    for (int tries = 0; tries < 2; tries++) {
      Staged outcome = stager.stage(image, "demo", Images.host(), Map.of());
      assertNotStaged(outcome, Reasons.DOWNLOAD_REFUSED, "HTTP 500", "/mirror/image.raw");
      assertThat(((Staged.NotStaged) outcome).pauseMillis()).isZero();
    }
    assertThat(stager.stage(image, "demo", Images.host(), Map.of()))
        .isInstanceOf(Staged.Ready.class);
    assertThat(server.requests())
        .extracting(ScriptedServer.Request::path)
        .containsExactly(
            "/mirror/image.raw", "/origin/image.raw", "/origin/image.raw", "/origin/image.raw");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "https://localhost/x | another scheme",
        "ftp://localhost/x | another scheme",
        "file:///etc/passwd | another scheme",
        "javascript:x | another scheme",
        "http://user:geheim@localhost/x | with a user name",
        "http:///x | names no host",
        "'http://a b/' | no URL"
      })
  void aRedirectThatMakesNoSenseIsNotFollowed(String location, String words) throws Exception {
    serve((request, out) -> ScriptedServer.head(out, "302 Found", "Location: " + location));
    Staged outcome = stage();
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Staged.NotStaged.class,
            not -> assertThat(not.message()).contains(words).doesNotContain("geheim"));
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void aRedirectWithoutAPlaceIsNamed() throws Exception {
    serve((request, out) -> ScriptedServer.head(out, "302 Found"));
    assertNotStaged(stage(), Reasons.DOWNLOAD_REFUSED, "without saying where to");
  }

  @Test
  void moreThanFiveRedirectsAreNotFollowed() throws Exception {
    serve(
        (request, out) -> ScriptedServer.head(out, "307 Again", "Location: /" + request.number()));
    assertNotStaged(stage(), Reasons.DOWNLOAD_REFUSED, "more than 5 times", "/5", "/6");
    assertThat(server.requests()).hasSize(6);
  }

  @Test
  void theSignatureOfASignedLinkIsNotShown() throws Exception {
    serve(
        (request, out) -> {
          if (request.number() == 1) {
            ScriptedServer.head(out, "302 Found", "Location: /signed?signature=geheim");
          } else {
            ScriptedServer.head(out, "403 Forbidden", "Content-Length: 0");
          }
        });
    Staged.NotStaged outcome = (Staged.NotStaged) stage();
    assertThat(outcome.message()).contains("/signed?…", "HTTP 403").doesNotContain("geheim");
    assertThat(server.requests().get(1).path()).isEqualTo("/signed?signature=geheim");
  }

  // Mirrors.

  private FetchConfig mirror(String origin, String mirror) {
    return new FetchConfig(
        Proxies.NONE,
        Mirrors.parse(origin + "=" + mirror),
        Limits.MAX_IMAGE_BYTES,
        Optional.empty());
  }

  @Test
  void aMirrorIsAskedFirst() throws Exception {
    serve((request, out) -> whole(out));
    FetchConfig config = mirror("https://images.example", server.url("/mirror"));
    assertThat(stage("https://images.example/a/image.raw", config, Limits.DEFAULT))
        .isInstanceOf(Staged.Ready.class);
    assertThat(server.requests().get(0).path()).isEqualTo("/mirror/a/image.raw");
    assertKeptAlone();
  }

  @Test
  void theOriginStandsInForAMirrorThatHasSomethingElse() throws Exception {
    serve(
        (request, out) -> {
          if (request.path().startsWith("/mirror/")) {
            ScriptedServer.head(out, "200 OK", "ETag: " + TAG, "Content-Length: 1000");
            out.write(new byte[1000]);
          } else {
            whole(out);
          }
        });
    FetchConfig config = mirror(server.url("/origin"), server.url("/mirror"));
    assertThat(stage(server.url("/origin/image.raw"), config, Limits.DEFAULT))
        .isInstanceOf(Staged.Ready.class);
    assertKeptAlone();
  }

  @Test
  void whenAllFailAllAreNamed() throws Exception {
    serve((request, out) -> ScriptedServer.head(out, "404 Not Found", "Content-Length: 0"));
    FetchConfig config =
        mirror(server.url("/origin"), "http://localhost:" + ImageServer.closedPort());
    assertNotStaged(
        stage(server.url("/origin/image.raw"), config, Limits.DEFAULT),
        Reasons.DOWNLOAD_REFUSED,
        "GET " + server.url("/origin/image.raw") + " was answered with HTTP 404",
        "mirrors were tried: http://localhost:",
        "connection refused");
    assertNothingLeft();
  }

  // Proxies.

  private static FetchConfig through(String variable, String proxy) {
    return new FetchConfig(
        Proxies.from(Map.of(variable, proxy)),
        Mirrors.NONE,
        Limits.MAX_IMAGE_BYTES,
        Optional.empty());
  }

  @Test
  void tlsGoesThroughATunnelThatAsksForAUser(@TempDir Path folder) throws Exception {
    SiteCertificate certificate = SiteCertificate.in(folder);
    String basic = "Basic dXNlcjpnZWhlaW0=";
    try (ImageServer secure = ImageServer.https(certificate).file("/demo.raw", IMAGE);
        ScriptedServer.Tunnel tunnel = new ScriptedServer.Tunnel(secure.port(), basic)) {
      Target.ResolvedImage image =
          new Target.ResolvedImage("https://images.example/demo.raw", SHA256);
      FetchConfig config = through("HTTPS_PROXY", "http://user:geheim@localhost:" + tunnel.port());
      assertThat(
              stager(config, Limits.DEFAULT, Optional.of(certificate.pem()))
                  .stage(image, "demo", Images.host(), Map.of()))
          .isInstanceOf(Staged.Ready.class);
      assertThat(tunnel.requests().get(0).line()).startsWith("CONNECT images.example:443 ");
      assertThat(secure.requests()).containsExactly("GET /demo.raw");
      assertThat(secure.headers()).doesNotContainKey("Proxy-authorization");
    }
    assertKeptAlone();
  }

  @Test
  void aProxyThatRefusesTheUserIsNamedWithoutThePassword() throws Exception {
    try (ScriptedServer.Tunnel tunnel = new ScriptedServer.Tunnel(1, "Basic other")) {
      Staged.NotStaged outcome =
          (Staged.NotStaged)
              stage(
                  "https://images.example/demo.raw",
                  through("HTTPS_PROXY", "http://user:geheim@localhost:" + tunnel.port()),
                  Limits.DEFAULT);
      assertThat(outcome.message()).contains("407", "proxy").doesNotContain("geheim", "dXNlcj");
    }
  }

  @Test
  void plainHttpIsAskedOfItsProxy() throws Exception {
    serve((request, out) -> whole(out));
    assertThat(
            stage(
                "http://images.example/image.raw",
                through("http_proxy", "http://user:geheim@localhost:" + server.port()),
                Limits.DEFAULT))
        .isInstanceOf(Staged.Ready.class);
    ScriptedServer.Request request = server.requests().get(0);
    assertThat(request.line()).startsWith("GET http://images.example/image.raw ");
    assertThat(request.header("Proxy-Authorization")).isEqualTo("Basic dXNlcjpnZWhlaW0=");
  }

  @Test
  void aProxyThatIsNotThereIsNamed() throws Exception {
    int port = ImageServer.closedPort();
    assertNotStaged(
        stage(
            "https://images.example/image.raw",
            through("HTTPS_PROXY", "http://localhost:" + port),
            Limits.DEFAULT),
        Reasons.SOURCE_UNREACHABLE,
        "by the proxy localhost:" + port,
        "refused");
  }
}
