package io.kairos.extensions.agent.fetch;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A server that says byte for byte what a test wants it to: lies and half answers too. Each
 * connection is for one request.
 */
public final class ScriptedServer implements AutoCloseable {
  private final ServerSocket socket;
  private final Script script;
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final List<Socket> clients = new CopyOnWriteArrayList<>();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "scripted-server");
            thread.setDaemon(true);
            return thread;
          });

  /** Answers a request. */
  public interface Script {
    void answer(Request request, OutputStream out) throws Exception;
  }

  /**
   * A request's head.
   *
   * @param line its first line
   * @param headers by name in lower case
   * @param number which request it is, from 1
   */
  public record Request(String line, Map<String, String> headers, int number) {
    public String header(String name) {
      return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
    }

    public String path() {
      return line.split(" ", 3)[1];
    }
  }

  public ScriptedServer(Script script) throws IOException {
    this.script = script;
    this.socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    threads.execute(this::accept);
  }

  /** Thrown by a script: the connection is not closed in good order, but reset. */
  public static final class Reset extends IOException {
    private static final long serialVersionUID = 1L;
  }

  private static void reset(Socket client) {
    try {
      client.setSoLinger(true, 0);
      client.close();
    } catch (IOException hungUp) {
      // by the other side, as it may
    }
  }

  private void accept() {
    while (!socket.isClosed()) {
      try {
        Socket client = socket.accept();
        clients.add(client);
        threads.execute(() -> serve(client));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      Request request = read(client.getInputStream(), requests.size() + 1);
      requests.add(request);
      script.answer(request, client.getOutputStream());
      client.getOutputStream().flush();
    } catch (Reset reset) {
      reset(client);
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    } catch (Exception hungUp) {
      // by the other side, as it may
    }
  }

  /** Reads a head, and not a byte more. */
  static Request read(InputStream in, int number) throws IOException {
    String line = line(in);
    Map<String, String> headers = new LinkedHashMap<>();
    for (String header = line(in); !header.isEmpty(); header = line(in)) {
      int colon = header.indexOf(':');
      headers.put(
          header.substring(0, colon).toLowerCase(Locale.ROOT), header.substring(colon + 1).strip());
    }
    return new Request(line, headers, number);
  }

  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("the head ends early");
      }
      line.write(c);
    }
    return line.toString(StandardCharsets.ISO_8859_1).strip();
  }

  public static void head(OutputStream out, String... lines) throws IOException {
    out.write(
        ("HTTP/1.1 " + String.join("\r\n", lines) + "\r\nConnection: close\r\n\r\n")
            .getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  String url() {
    return url("/image.raw");
  }

  public String url(String path) {
    return "http://localhost:" + port() + path;
  }

  int port() {
    return socket.getLocalPort();
  }

  List<Request> requests() {
    return List.copyOf(requests);
  }

  @Override
  public void close() throws IOException {
    socket.close();
    for (Socket client : clients) {
      client.close();
    }
    threads.shutdownNow();
  }

  /** A proxy that makes tunnels and asks for a user. All of them lead to one place. */
  static final class Tunnel implements AutoCloseable {
    private final ServerSocket socket;
    private final int port;
    private final String authorization;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final List<Socket> ends = new CopyOnWriteArrayList<>();

    /**
     * A proxy.
     *
     * @param port where all tunnels lead, on the loopback interface
     * @param authorization what it asks for, empty for nothing
     */
    Tunnel(int port, String authorization) throws IOException {
      this.port = port;
      this.authorization = authorization;
      this.socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
      start(this::accept);
    }

    private static void start(Runnable task) {
      Thread thread = new Thread(task, "tunnel");
      thread.setDaemon(true);
      thread.start();
    }

    private void accept() {
      while (!socket.isClosed()) {
        try {
          Socket client = socket.accept();
          ends.add(client);
          start(() -> serve(client));
        } catch (IOException closed) {
          return;
        }
      }
    }

    private void serve(Socket client) {
      try {
        InputStream in = new BufferedInputStream(client.getInputStream());
        Request request = read(in, requests.size() + 1);
        requests.add(request);
        if (!authorization.isEmpty()
            && !request.header("Proxy-Authorization").equals(authorization)) {
          head(
              client.getOutputStream(),
              "407 Proxy Authentication Required",
              "Proxy-Authenticate: Basic realm=\"site\"",
              "Content-Length: 0");
          client.close();
          return;
        }
        Socket server = new Socket(InetAddress.getLoopbackAddress(), port);
        ends.add(server);
        client
            .getOutputStream()
            .write("HTTP/1.1 200 Established\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
        client.getOutputStream().flush();
        start(() -> copy(server, client));
        in.transferTo(server.getOutputStream());
      } catch (IOException hungUp) {
        // by either side
      }
    }

    private static void copy(Socket from, Socket to) {
      try (from;
          to) {
        from.getInputStream().transferTo(to.getOutputStream());
      } catch (IOException hungUp) {
        // by either side
      }
    }

    int port() {
      return socket.getLocalPort();
    }

    List<Request> requests() {
      return List.copyOf(requests);
    }

    @Override
    public void close() throws IOException {
      socket.close();
      for (Socket end : ends) {
        end.close();
      }
    }
  }
}
