package io.kairos.extensions.agent.serve;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/** {@code /livez} and {@code /readyz}: 200, or 503 and why; {@code /metrics}. */
public final class Probes implements AutoCloseable {
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
  public static void limitRequests() {
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
   * @param address where; port 0 for any that is free
   * @param live what only a restart mends, if something is
   * @param ready what does not work, if something does not
   * @param metrics in Prometheus' text format
   * @throws IOException if the address cannot be had
   */
  public static Probes serve(
      InetSocketAddress address,
      Supplier<Optional<String>> live,
      Supplier<Optional<String>> ready,
      Supplier<String> metrics)
      throws IOException {
    try {
      HttpServer server = HttpServer.create(address, 0);
      server.createContext("/livez", exchange -> answer(exchange, live.get()));
      server.createContext("/readyz", exchange -> answer(exchange, ready.get()));
      server.createContext(
          "/metrics",
          exchange -> {
            exchange
                .getResponseHeaders()
                .set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
            send(exchange, 200, metrics.get());
          });
      ExecutorService threads = Executors.newFixedThreadPool(THREADS, Probes::thread);
      server.setExecutor(threads); // or whoever does not finish a request is waited for by all
      server.start();
      return new Probes(server, threads);
    } catch (IOException e) {
      throw new IOException("cannot serve probes on " + address + ": " + e.getMessage(), e);
    }
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "probes");
    thread.setDaemon(true);
    return thread;
  }

  /** The port they are served on. */
  public int port() {
    return server.getAddress().getPort();
  }

  private static void answer(HttpExchange exchange, Optional<String> trouble) throws IOException {
    send(exchange, trouble.isEmpty() ? 200 : 503, trouble.orElse("ok") + "\n");
  }

  private static void send(HttpExchange exchange, int code, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    try (exchange) {
      exchange.sendResponseHeaders(code, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
