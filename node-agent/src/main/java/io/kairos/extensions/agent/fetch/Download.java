package io.kairos.extensions.agent.fetch;

import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Streams a source into a file, hashing on the way: the file is read only once, and memory stays
 * flat.
 */
final class Download {
  private static final int BUFFER = 256 * 1024;
  private static final long HEADROOM_BYTES = 1 << 20;
  private static final Duration STALL = Duration.ofSeconds(60);

  private Download() {}

  /**
   * Streams to the end.
   *
   * @param source an opened source
   * @param url for messages
   * @param part written anew
   * @return the digest of what came, 64 lower-case hex digits
   * @throws FetchException when the source breaks off or stalls, or the file system is full
   * @throws IOException when the file cannot be written for another reason
   */
  static String stream(Sources.Opened source, String url, Path part)
      throws FetchException, IOException {
    OptionalLong promised = source.length();
    // by statvfs: Files.getFileStore looks mounts up by path, and finds none below /proc/PID/root
    long free = part.getParent().toFile().getUsableSpace();
    if (promised.isPresent() && promised.getAsLong() + HEADROOM_BYTES > free) {
      throw new FetchException(
          Reasons.INSUFFICIENT_STORAGE,
          url
              + " has "
              + promised.getAsLong()
              + " bytes, the store has "
              + free
              + " left: make room, or the store larger");
    }
    MessageDigest digest = sha256();
    AtomicLong received = new AtomicLong();
    ScheduledExecutorService watch = watch(source.body(), received);
    try (OutputStream out = Files.newOutputStream(part)) {
      byte[] buffer = new byte[BUFFER];
      while (true) {
        int n = read(source.body(), buffer, url, received.get(), promised);
        if (n < 0) {
          break;
        }
        digest.update(buffer, 0, n);
        out.write(buffer, 0, n);
        received.addAndGet(n);
      }
    } catch (IOException e) {
      if (isFull(e)) {
        throw new FetchException(
            Reasons.INSUFFICIENT_STORAGE,
            "the store is full after "
                + received.get()
                + " bytes of "
                + url
                + ": make room, or the store larger");
      }
      throw e;
    } finally {
      watch.shutdownNow();
    }
    if (promised.isPresent() && promised.getAsLong() != received.get()) {
      throw interrupted(url, received.get(), promised, "the connection was closed early");
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * The digest of a file.
   *
   * @throws IOException when it cannot be read
   */
  static String digest(Path file) throws IOException {
    MessageDigest digest = sha256();
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[BUFFER];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static int read(
      InputStream in, byte[] buffer, String url, long received, OptionalLong promised)
      throws FetchException {
    try {
      return in.read(buffer);
    } catch (IOException broken) {
      throw interrupted(url, received, promised, String.valueOf(broken.getMessage()));
    }
  }

  private static FetchException interrupted(
      String url, long received, OptionalLong promised, String why) {
    String of = promised.isPresent() ? " of " + promised.getAsLong() : "";
    return new FetchException(
        Reasons.DOWNLOAD_INTERRUPTED, url + " broke off after " + received + of + " bytes: " + why);
  }

  /**
   * Closes a body that brings nothing for a minute: the client has no time limit of its own for
   * that.
   */
  private static ScheduledExecutorService watch(InputStream body, AtomicLong received) {
    ScheduledExecutorService watch =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "stall-watch");
              thread.setDaemon(true);
              return thread;
            });
    AtomicLong before = new AtomicLong(-1);
    Runnable check =
        () -> {
          if (before.getAndSet(received.get()) == received.get()) {
            try {
              body.close();
            } catch (IOException alreadyBroken) {
              // the reader learns of it by its own exception
            }
          }
        };
    var unused =
        watch.scheduleAtFixedRate(check, STALL.toMillis(), STALL.toMillis(), TimeUnit.MILLISECONDS);
    return watch;
  }

  /** The JDK has no type for ENOSPC and EDQUOT, only the system's words. */
  private static boolean isFull(IOException e) {
    String message = String.valueOf(e.getMessage());
    return message.contains("No space left on device") || message.contains("quota exceeded");
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
