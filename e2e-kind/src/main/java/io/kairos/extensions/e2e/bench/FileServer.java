package io.kairos.extensions.e2e.bench;

import io.kairos.extensions.e2e.fleet.Certificates;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import javax.net.ssl.SSLContext;

/**
 * A web server that is no bottleneck, in a process of its own: one thread a connection, one answer
 * a connection, and the kernel copies what needs no encryption.
 */
public final class FileServer {
  private static final int CHUNK = 256 * 1024;

  private final Path folder;

  private FileServer(Path folder) {
    this.folder = folder;
  }

  /**
   * Serves on loopback until its input ends; prints the ports of http and https.
   *
   * @param args the folder, in which the certificate {@code ca.pem} is made
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path folder = Path.of(args[0]);
    SSLContext tls = Certificates.in(folder).context();
    FileServer server = new FileServer(folder);
    InetAddress loopback = InetAddress.getLoopbackAddress();
    ServerSocketChannel http = ServerSocketChannel.open().bind(new InetSocketAddress(loopback, 0));
    ServerSocket https = tls.getServerSocketFactory().createServerSocket(0, 50, loopback);
    start(() -> server.serve(http.socket()));
    start(() -> server.serve(https));
    System.out.println(http.socket().getLocalPort() + " " + https.getLocalPort());
    while (System.in.read() >= 0) {
      // until whoever started it closes its end, or ends itself
    }
    System.exit(0);
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "server");
    thread.setDaemon(true);
    thread.start();
  }

  private void serve(ServerSocket listening) {
    while (true) {
      try {
        Socket socket = listening.accept();
        start(() -> answer(socket));
      } catch (IOException broken) {
        throw new IllegalStateException("the server cannot listen any more", broken);
      }
    }
  }

  private void answer(Socket socket) {
    try (socket;
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
      String path = in.readLine().split(" ", -1)[1];
      for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
        // nothing else of the request matters
      }
      send(folder.resolve(path.substring(1)), socket);
    } catch (IOException clientWent) {
      System.err.println("an answer broke off: " + clientWent);
    }
  }

  private static void send(Path file, Socket socket) throws IOException {
    try (FileChannel content = FileChannel.open(file, StandardOpenOption.READ)) {
      String head =
          "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + content.size() + "\r\n\r\n";
      OutputStream out = socket.getOutputStream();
      out.write(head.getBytes(StandardCharsets.US_ASCII));
      if (socket.getChannel() != null) {
        for (long at = 0; at < content.size(); ) {
          at += content.transferTo(at, content.size() - at, socket.getChannel());
        }
      } else {
        byte[] buffer = new byte[CHUNK];
        var in = Channels.newInputStream(content);
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          out.write(buffer, 0, n);
        }
      }
    }
  }
}
