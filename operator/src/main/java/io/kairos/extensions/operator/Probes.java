package io.kairos.extensions.operator;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/** {@code /livez} and {@code /readyz}: 200, or 503 and why; {@code /metrics}. */
final class Probes implements AutoCloseable {
  private static final int THREADS = 8;

  private final HttpServer server;
  private final ExecutorService threads;

  private Probes(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /**
   * Has the JDK's server give up requests and answers that take longer than 10 s, unless the
   * process was told otherwise; to be called before the first server is made.
   */
  static void limitRequests() {
    for (String limit : List.of("maxReqTime", "maxRspTime")) {
      String property = "sun.net.httpserver." + limit;
      if (System.getProperty(property) == null) {
        System.setProperty(property, "10");
      }
    }
  }

  /**
   * Serves them.
   *
   * @param port 0 for any that is free
   * @param live what is wrong for good, if something is
   * @param ready what is not there yet, if something is not
   * @param metrics in Prometheus' text format
   * @throws UncheckedIOException if the port cannot be had
   */
  static Probes serve(
      int port,
      Supplier<Optional<String>> live,
      Supplier<Optional<String>> ready,
      Supplier<String> metrics) {
    try {
      HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
      server.createContext("/livez", exchange -> answer(exchange, live.get()));
      server.createContext("/readyz", exchange -> answer(exchange, ready.get()));
      server.createContext("/metrics", exchange -> tell(exchange, metrics.get()));
      ExecutorService threads = Executors.newFixedThreadPool(THREADS, Probes::thread);
      server.setExecutor(threads); // or whoever does not finish a request is waited for by all
      server.start();
      return new Probes(server, threads);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot serve probes on port " + port, e);
    }
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "probes");
    thread.setDaemon(true);
    return thread;
  }

  /** The port they are served on. */
  int port() {
    return server.getAddress().getPort();
  }

  private static void answer(HttpExchange exchange, Optional<String> trouble) throws IOException {
    byte[] body = (trouble.orElse("ok") + "\n").getBytes(StandardCharsets.UTF_8);
    try (exchange) {
      exchange.sendResponseHeaders(trouble.isEmpty() ? 200 : 503, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private static void tell(HttpExchange exchange, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    try (exchange) {
      exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
