package io.kairos.extensions.agent.fetch;

import io.kairos.extensions.agent.store.Sha256;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * Streams a source into a file, hashing on the way: the file is read only once, and memory stays
 * flat.
 */
final class Download {
  private static final int BUFFER = 256 * 1024;

  /** How many bytes go by between two looks at the disk. */
  private static final long LOOK_BYTES = 16L << 20;

  private final Limits limits;
  private final ToLongFunction<Path> freeBytes;

  Download(Limits limits) {
    // by statvfs: Files.getFileStore looks mounts up by path, and finds none below /proc/PID/root
    this(limits, folder -> folder.toFile().getUsableSpace());
  }

  /**
   * With another way to look at the disk.
   *
   * @param freeBytes bytes left on a folder's file system
   */
  Download(Limits limits, ToLongFunction<Path> freeBytes) {
    this.limits = limits;
    this.freeBytes = freeBytes;
  }

  /**
   * Streams to the end, behind what is there.
   *
   * @param source an opened source
   * @param url for messages
   * @param part appended to
   * @param digest of what is there
   * @return the digest of the whole, 64 lower-case hex digits
   * @throws FetchException when the source breaks off, stalls or is too large, or the file system
   *     gets full
   * @throws IOException when the file cannot be written for another reason
   * @throws InterruptedException when the thread is; what came until then stays in the file
   */
  String stream(Opened source, String url, Path part, MessageDigest digest)
      throws FetchException, IOException, InterruptedException {
    OptionalLong promised = source.length();
    if (promised.isPresent()) {
      requireSize(url, source.offset() + promised.getAsLong());
    }
    requireSpace(url, part, promised.orElse(0), "");
    AtomicLong received = new AtomicLong();
    try (Patience patience = patience(source.body(), received);
        OutputStream out =
            Files.newOutputStream(
                part,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND,
                LinkOption.NOFOLLOW_LINKS)) {
      byte[] buffer = new byte[BUFFER];
      long looked = 0;
      while (true) {
        int n = read(source, buffer, url, received.get(), patience);
        if (n < 0) {
          break;
        }
        requireSize(url, source.offset() + received.get() + n);
        digest.update(buffer, 0, n);
        out.write(buffer, 0, n);
        if (received.addAndGet(n) - looked >= LOOK_BYTES) {
          looked = received.get();
          requireSpace(url, part, 0, " after " + looked + " bytes");
        }
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
    }
    long end = source.offset() + received.get();
    if ((promised.isPresent() && promised.getAsLong() != received.get())
        || (source.total().isPresent() && source.total().getAsLong() != end)) {
      throw interrupted(url, source, received.get(), "the connection was closed early");
    }
    return Sha256.text(digest);
  }

  private void requireSize(String url, long bytes) throws FetchException {
    if (bytes > limits.maxImageBytes()) {
      throw new FetchException(
          Reasons.IMAGE_TOO_LARGE,
          url
              + " has "
              + bytes
              + " bytes or more, this agent takes images of up to "
              + limits.maxImageBytes()
              + " (SYSEXT_MAX_IMAGE_BYTES)");
    }
  }

  private void requireSpace(String url, Path part, long wanted, String when) throws FetchException {
    long free = freeBytes.applyAsLong(part.getParent());
    long reserve = limits.reserveOf(part.getParent().toFile().getTotalSpace());
    if (wanted > free - reserve) {
      throw new FetchException(
          Reasons.INSUFFICIENT_STORAGE,
          url
              + (wanted > 0 ? " needs " + wanted + " bytes" : " needs room")
              + ", the store has "
              + free
              + " left"
              + when
              + " and keeps "
              + reserve
              + " of them free: make room, or the store larger");
    }
  }

  private int read(Opened source, byte[] buffer, String url, long received, Patience patience)
      throws FetchException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    try {
      return source.body().read(buffer);
    } catch (BadBodyException bad) {
      throw new FetchException(bad.reason(), url + ": " + bad.getMessage(), bad.pause());
    } catch (IOException broken) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      String why =
          patience.isLost()
              ? "less than "
                  + limits.slowestBytesPerSecond()
                  + " bytes/s came for "
                  + limits.stall().toMillis() / 1000.0
                  + " s"
              : String.valueOf(broken.getMessage());
      throw interrupted(url, source, received, why);
    }
  }

  private static FetchException interrupted(String url, Opened source, long received, String why) {
    OptionalLong total =
        source.length().isPresent()
            ? OptionalLong.of(source.offset() + source.length().getAsLong())
            : source.total();
    String of = total.isPresent() ? " of " + total.getAsLong() : "";
    return new FetchException(
        Reasons.DOWNLOAD_INTERRUPTED,
        url + " broke off after " + (source.offset() + received) + of + " bytes: " + why);
  }

  private Patience patience(InputStream body, AtomicLong received) {
    LongSupplier progress = body instanceof Progress inside ? inside::bytes : received::get;
    long millis = limits.stall().toMillis();
    return Patience.with(
        body,
        progress,
        limits.stall(),
        Math.max(1, limits.slowestBytesPerSecond() * millis / 1000));
  }

  /** The JDK has no type for ENOSPC and EDQUOT, only the system's words. */
  private static boolean isFull(IOException e) {
    String message = String.valueOf(e.getMessage());
    return message.contains("No space left on device") || message.contains("quota exceeded");
  }
}
