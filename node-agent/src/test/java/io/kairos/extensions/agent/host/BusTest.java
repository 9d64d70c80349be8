package io.kairos.extensions.agent.host;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BusTest {
  @TempDir private Path folder;

  @Test
  void aHostWithoutABusIsToldHowToGetOne() {
    Path socket = folder.resolve("system_bus_socket");

    try (Bus bus = new Bus(socket)) {
      assertThatThrownBy(() -> bus.unit("systemd-sysext.service"))
          .isInstanceOf(HostException.class)
          .hasMessageContaining("no system bus at " + socket)
          .hasMessageContaining("install a D-Bus daemon")
          .hasMessageContaining("start its dbus.socket");
    }
  }

  @Test
  void aBusThatDoesNotAnswerIsNoMissingOne() throws Exception {
    Path socket = Files.createFile(folder.resolve("system_bus_socket"));

    try (Bus bus = new Bus(socket)) {
      assertThatThrownBy(() -> bus.unit("systemd-sysext.service"))
          .isInstanceOf(HostException.class)
          .hasMessageContaining("did not answer LoadUnit systemd-sysext.service");
    }
  }

  /** Often enough to meet the moment at which the connection is not yet taken for closed. */
  @RepeatedTest(20)
  void aBusThatHangsUpDuringACallHasRefusedNothing() throws Exception {
    Path socket = folder.resolve("system_bus_socket");

    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        Bus bus = new Bus(socket)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      Thread peer = new Thread(() -> hangsUp(server));
      peer.start();

      assertThatThrownBy(() -> bus.unit("systemd-sysext.service"))
          .isInstanceOf(HostException.class)
          .isNotInstanceOf(RefusedException.class);
      assertThat(bus.isConnected()).isFalse();
      peer.join();
    }
  }

  /** Speaks D-Bus up to the first call, and is gone then. */
  private static void hangsUp(ServerSocketChannel server) {
    try (SocketChannel peer = server.accept()) {
      InputStream in = Channels.newInputStream(peer);
      for (String line = line(in); !line.equals("BEGIN"); line = line(in)) {
        String answer = line.contains("AUTH") ? "OK 0123456789abcdef0123456789abcdef" : "ERROR";
        peer.write(ByteBuffer.wrap((answer + "\r\n").getBytes(US_ASCII)));
      }
      peer.write(welcome(serial(in)));
      serial(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      line.append((char) next);
    }
    return line.toString().strip();
  }

  /** Reads a message; its number is what a reply names. */
  private static int serial(InputStream in) throws IOException {
    byte[] head = in.readNBytes(16);
    ByteBuffer fixed =
        ByteBuffer.wrap(head)
            .order(head[0] == 'l' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int fields = fixed.getInt(12);
    in.readNBytes((fields + 7) / 8 * 8 + fixed.getInt(4));
    return fixed.getInt(8);
  }

  /** The bus's answer to {@code Hello}: the name that the caller has from now on. */
  private static ByteBuffer welcome(int hello) {
    ByteBuffer message = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN);
    message.put((byte) 'l').put((byte) 2).put((byte) 1).put((byte) 1);
    message.putInt(9).putInt(1).putInt(15);
    message.put(new byte[] {5, 1, 'u', 0}).putInt(hello);
    message.put(new byte[] {8, 1, 'g', 0, 1, 's', 0, 0});
    message.putInt(4).put(":1.1".getBytes(US_ASCII)).put((byte) 0);
    return message.flip();
  }
}
