package io.kairos.extensions.e2e.fleet;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.kairos.extensions.e2e.host.SampleImage;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves images on loopback by https and by http, well or badly. */
public final class ImageServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ImageServer.class);
  private static final int CHUNK = 64 * 1024;

  private final Certificates certificates;
  private final HttpsServer https;
  private final HttpServer http;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final Map<String, Queue<Answer>> next = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> requests = new ConcurrentHashMap<>();

  private ImageServer(Certificates certificates, HttpsServer https, HttpServer http) {
    this.certificates = certificates;
    this.https = https;
    this.http = http;
  }

  /** How a path is answered. */
  public sealed interface Answer {
    /**
     * The file.
     *
     * @param file what
     */
    record Whole(Path file) implements Answer {}

    /**
     * The file is promised, and its first bytes come.
     *
     * @param file what
     * @param bytes how many
     */
    record CutOff(Path file, long bytes) implements Answer {}

    /**
     * The file comes slowly.
     *
     * @param file what
     * @param bytesPerSecond how fast
     */
    record Slow(Path file, long bytesPerSecond) implements Answer {}

    /**
     * The file is promised, its first bytes come, and then nothing for a while.
     *
     * @param part what comes
     * @param pause how long the connection is held
     */
    record Stalled(CutOff part, Duration pause) implements Answer {}

    /** The connection is closed without a word. */
    record HangUp() implements Answer {}

    /**
     * An error.
     *
     * @param code the HTTP status
     */
    record Status(int code) implements Answer {}
  }

  /**
   * Starts a server.
   *
   * @param folder for its certificate
   * @throws IOException when it cannot listen
   */
  public static ImageServer start(Path folder) throws IOException, InterruptedException {
    Certificates certificates = Certificates.in(folder);
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    HttpsServer https = HttpsServer.create(anyPort, 0);
    https.setHttpsConfigurator(new HttpsConfigurator(certificates.context()));
    HttpServer http = HttpServer.create(anyPort, 0);
    ImageServer server = new ImageServer(certificates, https, http);
    HttpHandler handler = server::answer;
    for (HttpServer one : new HttpServer[] {https, http}) {
      one.createContext("/", handler);
      one.setExecutor(server.threads);
      one.start();
    }
    return server;
  }

  /** What clients have to believe, PEM. */
  public Path ca() {
    return certificates.pem();
  }

  /** Serves an image under its file name. */
  public ImageServer serve(SampleImage image) {
    return answer(image.path().getFileName().toString(), new Answer.Whole(image.path()));
  }

  /** Answers a path as told from now on. */
  public ImageServer answer(String path, Answer answer) {
    answers.put("/" + path, answer);
    return this;
  }

  /** Answers one more of the next requests for a path as told, ahead of {@link #answer}. */
  public void next(String path, Answer answer) {
    next.computeIfAbsent("/" + path, p -> new ConcurrentLinkedQueue<>()).add(answer);
  }

  /** Answers every path as {@link #answer} told. */
  public void forgetNext() {
    next.clear();
  }

  /** The https address of a path. */
  public String https(String path) {
    return "https://127.0.0.1:" + https.getAddress().getPort() + "/" + path;
  }

  /** The https address of an image. */
  public String https(SampleImage image) {
    return https(image.path().getFileName().toString());
  }

  /** The http address of a path. */
  public String http(String path) {
    return "http://127.0.0.1:" + http.getAddress().getPort() + "/" + path;
  }

  /** How often a path was asked for. */
  public int requests(String path) {
    return requests.getOrDefault("/" + path, new AtomicInteger()).get();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    requests.computeIfAbsent(path, p -> new AtomicInteger()).incrementAndGet();
    Answer answer =
        Optional.ofNullable(next.getOrDefault(path, new ConcurrentLinkedQueue<>()).poll())
            .orElse(answers.getOrDefault(path, new Answer.Status(404)));
    try (exchange) {
      if (answer instanceof Answer.Status status) {
        exchange.sendResponseHeaders(status.code(), -1);
      } else if (answer instanceof Answer.Whole whole) {
        exchange.sendResponseHeaders(200, Files.size(whole.file()));
        Files.copy(whole.file(), exchange.getResponseBody());
      } else if (answer instanceof Answer.CutOff cutOff) {
        begin(cutOff, exchange);
      } else if (answer instanceof Answer.Stalled stalled) {
        begin(stalled.part(), exchange);
        Thread.sleep(stalled.pause().toMillis());
      } else if (answer instanceof Answer.HangUp) {
        LOG.debug("no answer to {}", path); // closed without headers, the connection goes
      } else if (answer instanceof Answer.Slow slow) {
        exchange.sendResponseHeaders(200, Files.size(slow.file()));
        trickle(slow, exchange.getResponseBody());
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  private static void begin(Answer.CutOff cutOff, HttpExchange exchange) throws IOException {
    exchange.sendResponseHeaders(200, Files.size(cutOff.file()));
    byte[] bytes = Files.readAllBytes(cutOff.file());
    exchange.getResponseBody().write(bytes, 0, (int) cutOff.bytes());
    exchange.getResponseBody().flush();
  }

  private static void trickle(Answer.Slow slow, OutputStream out) throws IOException {
    byte[] bytes = Files.readAllBytes(slow.file());
    int chunk = (int) Math.max(1, Math.min(CHUNK, slow.bytesPerSecond() / 20));
    try {
      for (int at = 0; at < bytes.length; at += chunk) {
        int n = Math.min(chunk, bytes.length - at);
        out.write(bytes, at, n);
        out.flush();
        Thread.sleep(n * 1000L / slow.bytesPerSecond());
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    https.stop(0);
    http.stop(0);
    threads.shutdownNow();
  }
}
