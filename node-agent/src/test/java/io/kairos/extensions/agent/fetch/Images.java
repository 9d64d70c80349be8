package io.kairos.extensions.agent.fetch;

import io.kairos.extensions.agent.image.HostFacts;
import io.kairos.extensions.agent.image.ImageInspector;
import io.kairos.extensions.agent.image.MachineArchitecture;
import io.kairos.extensions.agent.image.OsRelease;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Images for tests of staging. */
public final class Images {
  private Images() {}

  /** A small erofs image that fits {@link #host()} under the name {@code demo}. */
  public static byte[] demo() {
    try (InputStream in = ImageInspector.class.getResourceAsStream("erofs-plain.raw")) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Another one: the same file system in a longer file. */
  public static byte[] demo(int version) {
    byte[] image = demo();
    byte[] longer = java.util.Arrays.copyOf(image, image.length + 4096 * version);
    return longer;
  }

  /** A host that they fit. */
  public static HostFacts host() {
    OsRelease.Parsed release =
        OsRelease.parse("ID=kairos\nVERSION_ID=3.5\n".getBytes(StandardCharsets.UTF_8));
    return HostFacts.of(MachineArchitecture.X86_64, ((OsRelease.Valid) release).release());
  }

  /** The digest of some bytes. */
  public static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
