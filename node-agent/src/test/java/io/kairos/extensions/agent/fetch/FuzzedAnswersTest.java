package io.kairos.extensions.agent.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.agent.store.HostFolder;
import io.kairos.extensions.api.v1alpha1.Target;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

/**
 * Heads, manifests, indexes and layers that a fuzzer made up: each ends in an outcome, soon; only
 * the right bytes get into the store, and nothing is written outside of it.
 */
class FuzzedAnswersTest {
  private static final ObjectMapper JSON = JsonMapper.builder().build();
  private static final byte[] IMAGE = Images.demo();
  private static final String SHA256 = Images.sha256(IMAGE);
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Limits IMPATIENT = Limits.DEFAULT.withPatience(Duration.ofMillis(300));

  private interface Url {
    String of(ScriptedServer server);
  }

  /** Stages from a server, and looks at what became of the host's files. */
  private static void check(ScriptedServer.Script script, Url url) throws Exception {
    Path root = Files.createTempDirectory("fuzz");
    try (ScriptedServer server = new ScriptedServer(script)) {
      HostFolder host = HostFolder.in(root);
      Set<String> before = files(root);
      Sources sources =
          new Sources(
              Optional.empty(), host.layout().host(), List.of(), FetchConfig.DEFAULT, IMPATIENT);
      Staged outcome =
          assertTimeoutPreemptively(
              LIMIT,
              () ->
                  new Stager(sources, host.layout(), host.store())
                      .stage(
                          new Target.ResolvedImage(url.of(server), SHA256),
                          "demo",
                          Images.host(),
                          Map.of()));
      Path kept = host.layout().images().resolve(SHA256);
      if (outcome instanceof Staged.Ready) {
        assertThat(kept).hasBinaryContent(IMAGE);
      } else {
        assertThat(outcome).isInstanceOf(Staged.NotStaged.class);
        assertThat(kept).doesNotExist();
      }
      Set<String> now = files(root);
      now.removeIf(file -> file.startsWith(root.relativize(host.layout().staging()) + "/"));
      now.remove(root.relativize(kept).toString());
      assertThat(now).isEqualTo(before);
    } finally {
      try (Stream<Path> all = Files.walk(root)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  private static Set<String> files(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      Set<String> files = new TreeSet<>();
      all.forEach(path -> files.add(root.relativize(path).toString()));
      return files;
    }
  }

  @Provide
  Arbitrary<List<String>> heads() {
    Arbitrary<String> names =
        Arbitraries.of(
            "Content-Length",
            "Content-Range",
            "Content-Encoding",
            "Content-Type",
            "ETag",
            "Last-Modified",
            "Location",
            "Retry-After",
            "Transfer-Encoding",
            "Accept-Ranges",
            "Docker-Content-Digest",
            "WWW-Authenticate",
            "Connection");
    Arbitrary<String> values =
        Arbitraries.oneOf(
            Arbitraries.of(
                "",
                "0",
                "-1",
                "1",
                "4096",
                "99999999999999999999",
                "bytes 0-1/2",
                "bytes */*",
                "bytes 5-4/-1",
                "gzip",
                "chunked",
                "identity",
                "\"x\"",
                "W/\"x\"",
                "../../x",
                "file:///etc/passwd",
                "http://127.0.0.1:1/",
                "//",
                "http://[",
                "oci://x/y",
                "Bearer realm=\"http://127.0.0.1:1/\"",
                "Basic",
                "close",
                "Thu, 01 Jan 1970 00:00:00 GMT",
                String.valueOf(IMAGE.length)),
            Arbitraries.strings().withCharRange(' ', '~').ofMaxLength(60),
            Arbitraries.strings().withCharRange('\u0080', '\u00ff').ofMaxLength(10));
    return Combinators.combine(names, values)
        .as((name, value) -> name + ": " + value)
        .list()
        .ofMaxSize(5);
  }

  @Provide
  Arbitrary<String> statuses() {
    return Arbitraries.of(
        "200 OK",
        "200",
        "206 Partial Content",
        "204 No Content",
        "301 Moved",
        "302 Found",
        "304 Not Modified",
        "401 Unauthorized",
        "404 Not Found",
        "416 Range Not Satisfiable",
        "429 Too Many Requests",
        "500 Oops",
        "503 Busy",
        "999 x");
  }

  @Property(tries = 250, shrinking = ShrinkingMode.OFF)
  void anyHeadEndsInAnOutcome(
      @ForAll("statuses") String status,
      @ForAll("heads") List<String> head,
      @ForAll boolean right,
      @ForAll boolean oci)
      throws Exception {
    List<String> lines = new ArrayList<>(List.of(status));
    lines.addAll(head);
    byte[] body = right ? IMAGE : "<html>".repeat(100).getBytes(StandardCharsets.UTF_8);
    check(
        (request, out) -> {
          out.write(
              ("HTTP/1.1 " + String.join("\r\n", lines) + "\r\n\r\n")
                  .getBytes(StandardCharsets.ISO_8859_1));
          out.write(body);
        },
        server ->
            oci ? "oci://localhost:" + server.port() + "/team/demo:v1" : server.url("/demo.raw"));
  }

  private static String sound(boolean layered, Map<String, byte[]> blobs) throws IOException {
    byte[] blob = layered ? new Layers().file("demo.raw", IMAGE).gzip() : IMAGE;
    blobs.put(Images.sha256(blob), blob);
    return Layers.manifest(
        "",
        layered ? Layers.OCI_CONFIG : Layers.EMPTY_CONFIG,
        Layers.descriptor(
            layered ? "application/vnd.oci.image.layer.v1.tar+gzip" : Layers.TAR,
            blob,
            layered ? "" : Layers.title("demo.raw")));
  }

  /** Puts something else in some places. */
  private static JsonNode mutate(JsonNode tree, Random random) {
    List<Runnable> places = new ArrayList<>();
    collect(tree, random, places);
    for (int i = 0, n = 1 + random.nextInt(3); i < n && !places.isEmpty(); i++) {
      places.remove(random.nextInt(places.size())).run();
    }
    return tree;
  }

  private static void collect(JsonNode node, Random random, List<Runnable> places) {
    if (node instanceof ObjectNode object) {
      object
          .properties()
          .forEach(
              entry -> {
                places.add(() -> object.set(entry.getKey(), junk(entry.getValue(), random)));
                places.add(() -> object.remove(entry.getKey()));
                collect(entry.getValue(), random, places);
              });
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        int at = i;
        places.add(() -> array.add(array.get(at % Math.max(1, array.size()))));
        places.add(() -> array.set(at, junk(array.get(at), random)));
        collect(array.get(i), random, places);
      }
    }
  }

  private static JsonNode junk(JsonNode before, Random random) {
    var make = JSON.getNodeFactory();
    return switch (random.nextInt(12)) {
      case 0 -> make.nullNode();
      case 1 -> make.numberNode(-1);
      case 2 -> make.numberNode(Long.MAX_VALUE);
      case 3 -> make.numberNode(1e99);
      case 4 -> make.textNode("");
      case 5 -> make.textNode("../../../etc/passwd");
      case 6 -> make.textNode("sha256:" + "0".repeat(64));
      case 7 -> make.textNode("x".repeat(100_000));
      case 8 -> make.arrayNode().add(before.deepCopy());
      case 9 -> make.objectNode();
      case 10 -> make.booleanNode(true);
      default -> make.textNode("\u0000\ud800\n" + before.asText());
    };
  }

  @Property(tries = 250, shrinking = ShrinkingMode.OFF)
  void anyManifestOrIndexEndsInAnOutcome(
      @ForAll long seed, @ForAll boolean layered, @ForAll boolean indexed) throws Exception {
    Random random = new Random(seed);
    Map<String, byte[]> blobs = new java.util.concurrent.ConcurrentHashMap<>();
    String text = sound(layered, blobs);
    if (indexed) {
      byte[] inner =
          random.nextBoolean()
              ? text.getBytes(StandardCharsets.UTF_8)
              : JSON.writeValueAsBytes(mutate(JSON.readTree(text), random));
      blobs.put(Images.sha256(inner), inner);
      text = Layers.index(Layers.descriptor(OciRegistry.MANIFEST, inner, Layers.platform("amd64")));
    }
    byte[] top = JSON.writeValueAsBytes(mutate(JSON.readTree(text), random));
    check(
        (request, out) -> {
          String path = request.path();
          String digest = path.substring(path.lastIndexOf(':') + 1);
          byte[] body = path.endsWith("/v1") ? top : blobs.get(digest);
          if (body == null) {
            ScriptedServer.head(out, "404 Not Found", "Content-Length: 0");
          } else {
            String type =
                path.endsWith("/v1") && indexed ? OciRegistry.INDEX : OciRegistry.MANIFEST;
            ScriptedServer.head(
                out, "200 OK", "Content-Type: " + type, "Content-Length: " + body.length);
            out.write(body);
          }
        },
        server -> "oci://localhost:" + server.port() + "/team/demo:v1");
  }

  @Property(tries = 250, shrinking = ShrinkingMode.OFF)
  void anyBytesOfALayerEndInAnOutcome(@ForAll long seed) throws Exception {
    Random random = new Random(seed);
    Layers files = new Layers();
    String[] names = {"demo.raw", "../demo.raw", "/etc/demo.raw", "a/../../demo.raw", ".", ""};
    for (int i = 0, n = 1 + random.nextInt(3); i < n; i++) {
      String name = names[random.nextInt(names.length)];
      if (random.nextInt(3) == 0) {
        files.symlink(name.isEmpty() ? "x" : name, "/etc/passwd");
      } else {
        files.file(name.isEmpty() ? "x" : name, random.nextBoolean() ? IMAGE : new byte[700]);
      }
    }
    boolean packed = random.nextBoolean();
    byte[] layer = packed ? files.gzip() : files.tar();
    for (int i = random.nextInt(4); i > 0; i--) {
      layer[random.nextInt(Math.min(layer.length, 2048))] = (byte) random.nextInt();
    }
    byte[] bytes = layer;
    String manifest =
        Layers.manifest(
            "",
            Layers.OCI_CONFIG,
            Layers.descriptor(
                "application/vnd.oci.image.layer.v1.tar" + (packed ? "+gzip" : ""), bytes, ""));
    check(
        (request, out) -> {
          boolean top = request.path().contains("/manifests/");
          byte[] body = top ? manifest.getBytes(StandardCharsets.UTF_8) : bytes;
          ScriptedServer.head(
              out,
              "200 OK",
              "Content-Type: " + OciRegistry.MANIFEST,
              "Content-Length: " + body.length);
          out.write(body);
        },
        server -> "oci://localhost:" + server.port() + "/team/demo:v1");
  }
}
