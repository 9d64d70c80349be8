package io.kairos.extensions.agent.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 digests, 64 lower-case hex digits. */
public final class Sha256 {
  private static final int BUFFER_BYTES = 256 * 1024;

  private Sha256() {}

  /** That of some bytes. */
  public static String of(byte[] bytes) {
    MessageDigest digest = begin();
    digest.update(bytes);
    return text(digest);
  }

  /**
   * That of a regular file. Reads it all: not for the agent's loop.
   *
   * @throws IOException when it cannot be read, or is a link
   * @throws InterruptedException when the thread is
   */
  public static String of(Path file) throws IOException, InterruptedException {
    return text(soFar(file));
  }

  /**
   * One that goes on after the bytes of a regular file.
   *
   * @throws IOException when it cannot be read, or is a link
   * @throws InterruptedException when the thread is
   */
  public static MessageDigest soFar(Path file) throws IOException, InterruptedException {
    MessageDigest digest = begin();
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
        if (Thread.interrupted()) {
          throw new InterruptedException("while reading " + file);
        }
      }
    }
    return digest;
  }

  /** One of nothing yet. */
  public static MessageDigest begin() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** What it says of what it was given; ends it. */
  public static String text(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }
}
