package io.kairos.extensions.agent.fetch;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/** Debian's docker-registry, started on a free port of the loopback interface. */
final class RealRegistry implements AutoCloseable {
  private final Process process;
  private final int port;
  private final HttpClient http = HttpClient.newHttpClient();

  private RealRegistry(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts one, or skips the test and says why. */
  static RealRegistry in(Path folder) throws Exception {
    Optional<Path> program =
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":", -1))
            .filter(entry -> !entry.isEmpty())
            .map(entry -> Path.of(entry, "docker-registry"))
            .filter(Files::isExecutable)
            .findFirst();
    if (program.isEmpty()) {
      System.err.println("no real registry: `apt-get install docker-registry` gives one");
    }
    assumeTrue(
        program.isPresent(),
        "there is no docker-registry on the PATH: `apt-get install docker-registry` gives one");
    int tries = 0;
    while (true) {
      int port = ImageServer.closedPort(); // which somebody else may take before the registry does
      Path config = folder.resolve("config-" + port + ".yml");
      Files.writeString(
          config,
          """
          version: 0.1
          log: {level: warn}
          storage:
            filesystem: {rootdirectory: %s}
          http: {addr: "127.0.0.1:%d"}
          """
              .formatted(folder.resolve("blobs"), port));
      Path log = folder.resolve("registry-" + port + ".log");
      Process process =
          new ProcessBuilder(program.get().toString(), "serve", config.toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      RealRegistry registry = new RealRegistry(process, port);
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(50))
          .until(() -> !process.isAlive() || registry.answers());
      if (process.isAlive()) {
        return registry;
      }
      if (++tries == 3) {
        throw new IOException("the registry does not start: " + Files.readString(log));
      }
    }
  }

  private boolean answers() {
    try {
      return http.send(
                  HttpRequest.newBuilder(url("/v2/")).build(),
                  HttpResponse.BodyHandlers.discarding())
              .statusCode()
          == 200;
    } catch (IOException notYet) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private URI url(String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  /** Pushes a blob and returns its digest. */
  String push(String repository, byte[] blob) throws Exception {
    HttpResponse<Void> begun =
        http.send(
            HttpRequest.newBuilder(url("/v2/" + repository + "/blobs/uploads/"))
                .POST(HttpRequest.BodyPublishers.noBody())
                .build(),
            HttpResponse.BodyHandlers.discarding());
    String location = begun.headers().firstValue("Location").orElseThrow();
    String digest = "sha256:" + Images.sha256(blob);
    put(
        url("/").resolve(location + (location.contains("?") ? "&" : "?") + "digest=" + digest),
        "application/octet-stream",
        blob);
    return digest;
  }

  /** Pushes a manifest or index and returns its digest. */
  String push(String repository, String reference, String type, String manifest) throws Exception {
    byte[] bytes = manifest.getBytes(StandardCharsets.UTF_8);
    put(url("/v2/" + repository + "/manifests/" + reference), type, bytes);
    return "sha256:" + Images.sha256(bytes);
  }

  private void put(URI url, String type, byte[] body) throws Exception {
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(url)
                .header("Content-Type", type)
                .PUT(HttpRequest.BodyPublishers.ofByteArray(body))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 201) {
      throw new IOException(url + ": " + answer.statusCode() + " " + answer.body());
    }
  }

  String oci(String rest) {
    return "oci://127.0.0.1:" + port + "/" + rest;
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
