package io.kairos.extensions.agent.store;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** What somebody may put where a file or folder of ours has to be. */
public enum Intruder {
  /** Whoever opens it waits for ever. */
  FIFO {
    @Override
    void make(Path place, Path elsewhere) throws IOException, InterruptedException {
      Fifos.make(place);
    }
  },
  /** Cannot be opened. */
  SOCKET {
    @Override
    void make(Path place, Path elsewhere) throws IOException {
      try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
        Path bound = Files.createTempDirectory("s").resolve("s"); // a socket's path has to be short
        socket.bind(UnixDomainSocketAddress.of(bound));
        Files.move(bound, place); // it stays when its server ends
        Files.delete(bound.getParent());
      }
    }
  },
  /** Leads out of the store. */
  LINK {
    @Override
    void make(Path place, Path elsewhere) throws IOException {
      Files.createSymbolicLink(place, elsewhere);
    }
  },
  /** Leads nowhere, so that whoever writes through it makes a file. */
  DANGLING_LINK {
    @Override
    void make(Path place, Path elsewhere) throws IOException {
      Files.createSymbolicLink(place, elsewhere.resolveSibling("new"));
    }
  },
  /** Takes everything and gives nothing. */
  DEVICE {
    @Override
    void make(Path place, Path elsewhere) throws IOException {
      Files.createSymbolicLink(place, Path.of("/dev/zero"));
    }
  },
  /** An empty one. */
  FOLDER {
    @Override
    void make(Path place, Path elsewhere) throws IOException {
      Files.createDirectory(place);
    }
  };

  /** Puts it there. */
  public void put(Path place, Path elsewhere) throws IOException, InterruptedException {
    Files.deleteIfExists(place);
    make(place, elsewhere);
  }

  abstract void make(Path place, Path elsewhere) throws IOException, InterruptedException;
}
