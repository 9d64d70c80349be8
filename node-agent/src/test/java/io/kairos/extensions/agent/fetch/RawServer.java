package io.kairos.extensions.agent.fetch;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Answers every request with the same bytes and hangs up: what no proper server would send. */
final class RawServer implements AutoCloseable {
  private final ServerSocket socket;
  private final byte[] answer;

  RawServer(String answer) throws IOException {
    this.answer = answer.getBytes(StandardCharsets.ISO_8859_1);
    this.socket = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(this::serve, "raw-server");
    thread.setDaemon(true);
    thread.start();
  }

  private void serve() {
    while (!socket.isClosed()) {
      try (Socket client = socket.accept()) {
        BufferedReader request =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1));
        String line = request.readLine();
        while (line != null && !line.isEmpty()) {
          line = request.readLine();
        }
        client.getOutputStream().write(answer);
        client.getOutputStream().flush();
      } catch (IOException hungUp) {
        // by the other side, or closed
      }
    }
  }

  String url() {
    return "http://localhost:" + socket.getLocalPort() + "/image";
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
