package io.kairos.extensions.agent.serve;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Supplier;

/** {@code /livez} and {@code /readyz}: 200, or 503 and why; {@code /metrics}. */
public final class Probes implements AutoCloseable {
  private final HttpServer server;

  private Probes(HttpServer server) {
    this.server = server;
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
      server.start();
      return new Probes(server);
    } catch (IOException e) {
      throw new IOException("cannot serve probes on " + address + ": " + e.getMessage(), e);
    }
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
  }
}
