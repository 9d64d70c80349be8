package io.kairos.extensions.agent.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.store.HostFolder;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Registries that send bombs, lies and clients astray, and those that ask for a log-in. */
class HostileRegistryTest {
  private static final byte[] IMAGE = Images.demo(9);
  private static final String SHA256 = Images.sha256(IMAGE);
  private static final String GZIP = Layers.TAR + "+gzip";
  private static final long MOST = 1 << 20;

  @TempDir private Path root;
  @TempDir private Path secrets;
  private HostFolder host;
  private ScriptedServer server;
  private final Map<String, byte[]> blobs = new ConcurrentHashMap<>();
  private String manifest = "";

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
    close();
    server = new ScriptedServer(script);
  }

  /** As a registry does. */
  private void answer(ScriptedServer.Request request, OutputStream out) throws IOException {
    byte[] body =
        request.path().contains("/manifests/")
            ? manifest.getBytes(StandardCharsets.UTF_8)
            : blobs.get(request.path().substring(request.path().lastIndexOf('/') + 1));
    if (body == null) {
      ScriptedServer.head(out, "404 Not Found", "Content-Length: 0");
    } else {
      ScriptedServer.head(
          out, "200 OK", "Content-Type: " + OciRegistry.MANIFEST, "Content-Length: " + body.length);
      out.write(body);
    }
  }

  private void container(String type, byte[]... layers) throws IOException {
    String[] descriptors = new String[layers.length];
    for (int i = 0; i < layers.length; i++) {
      blobs.put("sha256:" + Images.sha256(layers[i]), layers[i]);
      descriptors[i] = Layers.descriptor(type, layers[i], "");
    }
    manifest = Layers.manifest("", Layers.OCI_CONFIG, descriptors);
    serve(this::answer);
  }

  private void raw(byte[] file) {
    blobs.put("sha256:" + Images.sha256(file), file);
    manifest =
        Layers.manifest(
            "", Layers.EMPTY_CONFIG, Layers.descriptor(Layers.TAR, file, Layers.title("x.raw")));
  }

  private Staged stage(String pullSecret, Limits limits) throws Exception {
    FetchConfig config = new FetchConfig(Proxies.NONE, Mirrors.NONE, MOST, Optional.of(secrets));
    Sources sources =
        new Sources(Optional.empty(), host.layout().host(), List.of(), config, limits);
    return new Stager(sources, host.layout(), host.store())
        .stage(
            new Target.ResolvedImage(
                "oci://localhost:" + server.port() + "/team/demo:v1", SHA256, pullSecret, ""),
            "demo",
            Images.host(),
            Map.of());
  }

  private Staged stage() throws Exception {
    return stage("", Limits.DEFAULT);
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

  private void assertNothingLeft() throws IOException {
    assertThat(host.entries()).isEmpty();
  }

  /** At the manifest, at the file's blob, and at a layer that is read while the file comes. */
  @ParameterizedTest
  @ValueSource(strings = {"/manifests/", "/blobs/", "layer"})
  void aRegistryThatAsksForAPauseGetsIt(String where) throws Exception {
    if (where.equals("layer")) {
      container(GZIP, new Layers().file("demo.raw", IMAGE).gzip());
    } else {
      raw(IMAGE);
    }
    String refused = where.equals("layer") ? "/blobs/" : where;
    ScriptedServer.Script script = this::answer;
    serve(
        (request, out) -> {
          if (request.path().contains(refused)) {
            ScriptedServer.head(
                out, "429 Too Many Requests", "Retry-After: 77", "Content-Length: 0");
          } else {
            script.answer(request, out);
          }
        });
    Staged outcome = stage();
    assertNotStaged(outcome, Reasons.DOWNLOAD_REFUSED, "HTTP 429", "in 77 s");
    assertThat(((Staged.NotStaged) outcome).pauseMillis()).isEqualTo(77_000);
  }

  /** The bytes of the first layer come, though none of the file is among them. */
  @Test
  void aSlowLayerBeforeTheFilesIsNoStall() throws Exception {
    byte[] other = new byte[60_000];
    new java.util.Random(1).nextBytes(other);
    byte[] first = new Layers().file("etc/other", other).gzip();
    container(GZIP, first, new Layers().file("demo.raw", IMAGE).gzip());
    serve(
        (request, out) -> {
          if (!request.path().endsWith(Images.sha256(first))) {
            answer(request, out);
            return;
          }
          ScriptedServer.head(out, "200 OK", "Content-Length: " + first.length);
          for (int at = 0; at < first.length; at += 2000) {
            out.write(first, at, Math.min(2000, first.length - at));
            out.flush();
            TimeUnit.MILLISECONDS.sleep(100);
          }
        });
    assertThat(stage("", Limits.DEFAULT.withStall(Duration.ofSeconds(1))))
        .isInstanceOf(Staged.Ready.class);
  }

  // Bombs and lies.

  @Test
  void aBombInTheImageFileIsCutOff() throws Exception {
    byte[] bomb = new Layers().file("demo.raw", new byte[64 << 20]).gzip();
    assertThat(bomb.length).isLessThan(200_000);
    container(GZIP, bomb);
    assertNotStaged(stage(), Reasons.IMAGE_TOO_LARGE, "SYSEXT_MAX_IMAGE_BYTES");
    assertNothingLeft();
  }

  @Test
  void aBombBesideTheImageFileIsCutOff() throws Exception {
    byte[] before = new Layers().file("etc/zeros", new byte[64 << 20]).gzip();
    container(GZIP, before, new Layers().file("demo.raw", IMAGE).gzip());
    assertNotStaged(stage(), Reasons.IMAGE_TOO_LARGE, "decompress to more than " + MOST);
    assertNothingLeft();
  }

  @Test
  void aBombBehindTheImageFileIsCutOff() throws Exception {
    byte[] after = new Layers().file("etc/zeros", new byte[64 << 20]).zstd();
    container(Layers.TAR + "+zstd", new Layers().file("demo.raw", IMAGE).zstd(), after);
    assertNotStaged(stage(), Reasons.IMAGE_TOO_LARGE, "decompress to more than " + MOST);
    assertNothingLeft();
  }

  @Test
  void anEntryWithAnEnormousNameCostsNoMemory() throws Exception {
    byte[] name = new byte[2 << 20];
    Arrays.fill(name, (byte) 'x');
    byte[] header = new Layers().link("././@LongLink", TarConstants.LF_GNUTYPE_LONGNAME, "").tar();
    byte[] layer = new byte[512 + name.length];
    System.arraycopy(header, 0, layer, 0, 512);
    System.arraycopy(name, 0, layer, 512, name.length);
    writeSize(layer, name.length);
    container(Layers.TAR, layer);
    FetchConfig roomy = new FetchConfig(Proxies.NONE, Mirrors.NONE, 1L << 30, Optional.empty());
    Sources sources = new Sources(Optional.empty(), host.layout().host(), List.of(), roomy);
    assertNotStaged(
        new Stager(sources, host.layout(), host.store())
            .stage(
                new Target.ResolvedImage("oci://localhost:" + server.port() + "/x", SHA256),
                "demo",
                Images.host(),
                Map.of()),
        Reasons.INVALID_OCI_CONTENT,
        "head is larger than");
    assertNothingLeft();
  }

  /** They hold for all entries behind them, so that a reader has to keep what they say. */
  @Test
  void attributesForAllEntriesAreRefused() throws Exception {
    byte[] global = attributes("pax_global_header", 'g', "comment=kept");
    container(Layers.TAR, joined(global, new Layers().file("demo.raw", IMAGE).tar()));
    assertNotStaged(stage(), Reasons.UNSUPPORTED_OCI_CONTENT, "attributes for all");
    assertNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(chars = {'x', 'L', 'K'})
  void anEntryWithHeadsWithoutEndIsRefused(char type) throws Exception {
    byte[] one = head("././@more", type, 0);
    byte[] layer = new byte[1900 * one.length];
    for (int at = 0; at < layer.length; at += one.length) {
      System.arraycopy(one, 0, layer, at, one.length);
    }
    container(Layers.TAR, layer, new Layers().file("demo.raw", IMAGE).tar());
    assertNotStaged(stage(), Reasons.INVALID_OCI_CONTENT, "heads");
    assertNothingLeft();
  }

  /** Such files have more zeros than anybody reads, out of no bytes at all. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SCHILY.filetype=sparse SCHILY.realsize=9000000000000000000"
            + " GNU.sparse.offset=9000000000000000000 GNU.sparse.numbytes=0",
        "GNU.sparse.size=2000000000 GNU.sparse.offset=2000000000 GNU.sparse.numbytes=0",
        "GNU.sparse.major=1 GNU.sparse.minor=0 GNU.sparse.realsize=2000000000"
      })
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aFileWithHolesIsRefused(String records) throws Exception {
    byte[] attributes = attributes("PaxHeaders/other", 'x', records.split(" "));
    byte[] map = Arrays.copyOf("0\n".getBytes(StandardCharsets.US_ASCII), 512);
    container(
        Layers.TAR,
        joined(
            attributes,
            new Layers().file("etc/other", map).tar(),
            new Layers().file("demo.raw", IMAGE).tar()));
    assertNotStaged(stage(), Reasons.UNSUPPORTED_OCI_CONTENT, "holes");
    assertNothingLeft();
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aFileWithHolesOfTheOldKindIsRefused() throws Exception {
    container(
        Layers.TAR, joined(head("etc/other", 'S', 0), new Layers().file("demo.raw", IMAGE).tar()));
    assertNotStaged(stage(), Reasons.UNSUPPORTED_OCI_CONTENT, "holes");
    assertNothingLeft();
  }

  private static byte[] head(String name, char type, int size) throws IOException {
    byte[] head = Arrays.copyOf(new Layers().link(name, TarConstants.LF_SYMLINK, "").tar(), 512);
    head[156] = (byte) type;
    writeSize(head, size);
    return head;
  }

  /** An entry of attributes, each {@code key=value}. */
  private static byte[] attributes(String name, char type, String... records) throws IOException {
    StringBuilder all = new StringBuilder();
    for (String record : records) {
      int length = record.length() + 4; // two digits, a space and a line's end
      all.append(length).append(' ').append(record).append('\n');
    }
    byte[] text = all.toString().getBytes(StandardCharsets.US_ASCII);
    return joined(
        head(name, type, text.length), Arrays.copyOf(text, (text.length + 511) / 512 * 512));
  }

  private static byte[] joined(byte[]... parts) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < parts.length; i++) {
      // An archive ends with zeros, behind which nothing is read.
      boolean last = i == parts.length - 1;
      all.write(parts[i], 0, last ? parts[i].length : withoutEnd(parts[i]));
    }
    return all.toByteArray();
  }

  /** The length of its entries, which have no records of zeros here. */
  private static int withoutEnd(byte[] tar) {
    int end = tar.length;
    while (end > 0 && tar[end - 1] == 0) {
      end--;
    }
    return (end + 511) / 512 * 512;
  }

  /** A tar header's size, and its checksum. */
  private static void writeSize(byte[] header, long size) {
    byte[] octal = "%011o".formatted(size).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(octal, 0, header, 124, octal.length);
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += header[i] & 0xff;
    }
    byte[] check = "%06o\0 ".formatted(sum).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(check, 0, header, 148, check.length);
  }

  @ParameterizedTest
  @ValueSource(strings = {"+gzip", "+zstd", ""})
  void noiseInPlaceOfALayerIsNamed(String packed) throws Exception {
    byte[] noise = new byte[5000];
    new java.util.Random(1).nextBytes(noise);
    container(Layers.TAR + packed, noise);
    assertThat(stage()).isInstanceOf(Staged.NotStaged.class);
    assertNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no JSON",
        "[]",
        "{}",
        "{\"layers\":[{}]}",
        "{\"layers\":[{\"digest\":\"sha256:../../etc/passwd\",\"size\":1}]}",
        "{\"layers\":[{\"digest\":\"md5:abc\",\"size\":1}]}",
        "{\"layers\":[{\"digest\":\"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"size\":-1}]}",
        "{\"layers\":[{\"digest\":\"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"size\":1e99}]}",
        "{\"manifests\":[]}",
        "{\"manifests\":[{\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}}]}"
      })
  void aManifestThatMakesNoSenseIsNamed(String text) throws Exception {
    manifest = text;
    serve(this::answer);
    Staged outcome = stage();
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Staged.NotStaged.class,
            not ->
                assertThat(not.reason())
                    .isIn(
                        Reasons.INVALID_OCI_CONTENT,
                        Reasons.UNSUPPORTED_OCI_CONTENT,
                        Reasons.ARCHITECTURE_MISMATCH));
    assertThat(server.requests()).hasSize(1);
    assertNothingLeft();
  }

  @Test
  void aManifestNestedWithoutEndIsNamed() throws Exception {
    manifest = "[".repeat(100_000);
    serve(this::answer);
    assertNotStaged(stage(), Reasons.INVALID_OCI_CONTENT);
  }

  @Test
  void anEndlessManifestIsCutOff() throws Exception {
    serve(
        (request, out) -> {
          ScriptedServer.head(out, "200 OK");
          while (true) {
            out.write(new byte[65536]);
          }
        });
    assertNotStaged(stage(), Reasons.INVALID_OCI_CONTENT, "gives more than 4194304 bytes");
  }

  @Test
  void aManifestThatStallsIsGivenUp() throws Exception {
    serve(
        (request, out) -> {
          ScriptedServer.head(out, "200 OK", "Content-Length: 100");
          out.write('{');
          out.flush();
          new CompletableFuture<>().get();
        });
    assertNotStaged(
        stage("", Limits.DEFAULT.withStall(Duration.ofMillis(400))),
        Reasons.DOWNLOAD_INTERRUPTED,
        "not over within 0.4 s");
  }

  @Test
  void anIndexWhoseManifestHasAnotherDigestIsNamed() throws Exception {
    raw(IMAGE);
    String honest = manifest;
    serve(
        (request, out) -> {
          manifest =
              request.path().endsWith("/v1")
                  ? Layers.index(
                      Layers.descriptor(
                          OciRegistry.MANIFEST,
                          (honest + " ").getBytes(StandardCharsets.UTF_8),
                          Layers.platform("amd64")))
                  : honest;
          answer(request, out);
        });
    assertNotStaged(stage(), Reasons.DIGEST_MISMATCH, "manifest of another digest");
    assertNothingLeft();
  }

  @Test
  void aLayerOfAnotherLengthThanSaidIsNamed() throws Exception {
    raw(IMAGE);
    blobs.replaceAll((digest, blob) -> Arrays.copyOf(blob, blob.length + 1));
    serve(this::answer);
    assertNotStaged(stage(), Reasons.INVALID_OCI_CONTENT, String.valueOf(IMAGE.length));
    assertNothingLeft();
  }

  @Test
  void aLayerOfOtherBytesThanSaidIsNamed() throws Exception {
    raw(IMAGE);
    blobs.replaceAll((digest, blob) -> new byte[blob.length]);
    serve(this::answer);
    assertNotStaged(stage(), Reasons.DIGEST_MISMATCH, SHA256);
    assertNothingLeft();
  }

  @Test
  void aLayerThatBreaksOffIsCarriedOn() throws Exception {
    raw(IMAGE);
    int half = IMAGE.length / 2;
    serve(
        (request, out) -> {
          if (!request.path().contains("/blobs/")) {
            answer(request, out);
          } else if (request.header("Range").isEmpty()) {
            ScriptedServer.head(out, "200 OK", "Content-Length: " + IMAGE.length);
            out.write(IMAGE, 0, half);
          } else {
            ScriptedServer.head(
                out,
                "206 Partial Content",
                "Content-Range: bytes " + half + "-" + (IMAGE.length - 1) + "/" + IMAGE.length);
            out.write(IMAGE, half, IMAGE.length - half);
          }
        });
    assertNotStaged(stage(), Reasons.DOWNLOAD_INTERRUPTED, half + " of " + IMAGE.length);
    assertThat(stage()).isInstanceOf(Staged.Ready.class);
    assertThat(server.requests().get(3).header("Range")).isEqualTo("bytes=" + half + "-");
  }

  // Log-ins.

  private void mountUser() throws IOException {
    Files.writeString(
        secrets.resolve("secret.registry..dockerconfigjson"),
        "{\"auths\":{\"localhost:%d\":{\"auth\":\"dXNlcjpnZWhlaW0=\"}}}".formatted(server.port()));
  }

  private void challenge(String challenge) throws IOException {
    raw(IMAGE);
    serve(
        (request, out) -> {
          if (request.path().startsWith("/token")) {
            assertThat(request.header("Authorization")).isEqualTo("Basic dXNlcjpnZWhlaW0=");
            byte[] token = "{\"token\":\"t0ken\"}".getBytes(StandardCharsets.UTF_8);
            ScriptedServer.head(out, "200 OK", "Content-Length: " + token.length);
            out.write(token);
          } else if (request.header("Authorization").equals("Bearer t0ken")
              || (challenge.startsWith("Basic")
                  && request.header("Authorization").equals("Basic dXNlcjpnZWhlaW0="))) {
            answer(request, out);
          } else {
            ScriptedServer.head(
                out,
                "401 Unauthorized",
                "WWW-Authenticate: " + challenge.replace("PORT", String.valueOf(server.port())),
                "Content-Length: 0");
          }
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Basic realm=\"x\"",
        "Bearer realm=\"http://localhost:PORT/token\",service=\"r\",scope=\"repository:team/demo:pull\"",
        "Bearer scope=\"repository:team/demo:pull\", realm=\"http://localhost:PORT/token?a=b\""
      })
  void aRegistryThatAsksForALogInGetsOne(String challenge) throws Exception {
    challenge(challenge);
    mountUser();
    assertThat(stage("registry", Limits.DEFAULT)).isInstanceOf(Staged.Ready.class);
    if (challenge.startsWith("Bearer")) {
      assertThat(server.requests().get(1).path()).contains("scope=repository%3Ateam%2Fdemo%3Apull");
      assertThat(server.requests().get(0).header("Authorization")).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer realm=\"http://tokens.example/token\"",
        "Bearer realm=\"file:///etc/passwd\"",
        "Bearer realm=\"https://user:x@tokens.example/token\"",
        "Bearer realm=\"\"",
        "Bearer"
      })
  void aLogInSomewhereUnsafeIsRefused(String challenge) throws Exception {
    challenge(challenge);
    mountUser();
    assertThat(stage("registry", Limits.DEFAULT))
        .isInstanceOfSatisfying(
            Staged.NotStaged.class,
            not -> {
              assertThat(not.reason()).isEqualTo(Reasons.DOWNLOAD_REFUSED);
              assertThat(not.message()).doesNotContain("geheim", "dXNlcj");
            });
    assertThat(server.requests())
        .allSatisfy(
            request -> assertThat(request.header("Authorization")).doesNotStartWith("Bearer"));
  }

  /** To look for parameters in it takes time by the square of its length. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aRequestForALogInThatIsTooLongIsRefused() throws Exception {
    challenge("Bearer " + "a".repeat(380_000));
    mountUser();
    assertNotStaged(
        stage("registry", Limits.DEFAULT), Reasons.DOWNLOAD_REFUSED, "more than 4096 characters");
  }

  @Test
  void withoutAUserTheRefusalIsNamed() throws Exception {
    challenge("Basic realm=\"x\"");
    assertNotStaged(stage(), Reasons.DOWNLOAD_REFUSED, "HTTP 401", "pull secret");
  }
}
