package io.kairos.extensions.agent.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.kairos.extensions.agent.store.Sha256;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DownloadTest {
  private static final long LARGE = 128L << 20;

  @TempDir private Path folder;

  /** So many zeros. */
  private static final class Zeros extends InputStream {
    private long left;

    Zeros(long length) {
      left = length;
    }

    @Override
    public int read() {
      return left-- > 0 ? 0 : -1;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) {
      if (left <= 0) {
        return -1;
      }
      int n = (int) Math.min(length, left);
      Arrays.fill(buffer, offset, offset + n, (byte) 0);
      left -= n;
      return n;
    }
  }

  private static Opened zeros(long length) {
    return Opened.whole(new Zeros(length), OptionalLong.of(length));
  }

  private static String stream(Opened source, Path part) throws Exception {
    return new Download(Limits.DEFAULT)
        .stream(source, "https://images.example/x", part, Sha256.begin());
  }

  private static void assertFails(
      ThrowableAssert.ThrowingCallable download, String reason, String... words) {
    assertThatThrownBy(download)
        .isInstanceOfSatisfying(
            FetchException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(reason);
              assertThat(List.of(words)).allSatisfy(w -> assertThat(e).hasMessageContaining(w));
            });
  }

  @Test
  void memoryStaysFlatHoweverLargeTheBody() throws Exception {
    Path sink = Path.of("/dev/null");
    assumeTrue(Files.exists(sink), "this system has no /dev/null to write to");
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    String digest = stream(zeros(LARGE), sink);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(LARGE / 16);
    assertThat(digest)
        .isEqualTo("254bcc3fc4f27172636df4bf32de9f107f620d559b20d760197e452b97453917");
  }

  @Test
  void theDigestOnTheWayIsTheDigestOfTheFile() throws Exception {
    Path part = folder.resolve("part");
    String digest = stream(zeros(1_000_003), part);
    assertThat(Files.size(part)).isEqualTo(1_000_003);
    assertThat(Sha256.of(part)).isEqualTo(digest);
  }

  @Test
  void moreBytesThanPromisedAreNamedToo() {
    byte[] body = new byte[10];
    assertFails(
        () ->
            stream(
                Opened.whole(new ByteArrayInputStream(body), OptionalLong.of(9)),
                folder.resolve("part")),
        Reasons.DOWNLOAD_INTERRUPTED);
  }

  @Test
  void whatIsThereIsCarriedOn() throws Exception {
    Path part = folder.resolve("part");
    Files.write(part, new byte[1000]);
    Opened rest =
        new Opened(
            new Zeros(500),
            OptionalLong.of(500),
            1000,
            OptionalLong.of(1500),
            java.util.Optional.empty());
    String digest =
        new Download(Limits.DEFAULT)
            .stream(rest, "https://images.example/x", part, Sha256.soFar(part));
    assertThat(part).hasBinaryContent(new byte[1500]);
    assertThat(Sha256.of(part)).isEqualTo(digest);
  }

  @Test
  void aDiskThatGetsFullIsNamed() throws Exception {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full), "this system has no /dev/full to play the full disk");
    assertFails(
        () -> stream(zeros(1000), full),
        Reasons.INSUFFICIENT_STORAGE,
        "the store is full",
        "make room");
  }

  @Test
  void whatWouldTouchTheReserveIsNotEvenBegun() {
    Path part = folder.resolve("part");
    Download nearlyFull = new Download(Limits.DEFAULT.withReserveBytes(1000), at -> 1999);
    assertFails(
        () -> nearlyFull.stream(zeros(1000), "https://images.example/x", part, Sha256.begin()),
        Reasons.INSUFFICIENT_STORAGE,
        "needs 1000 bytes",
        "has 1999 left",
        "keeps 1000 of them free",
        "make room");
    assertThat(part).doesNotExist();
  }

  @Test
  void aDownloadOfUnknownLengthEndsBeforeTheReserve() throws Exception {
    long reserve = 1L << 20;
    AtomicLong disk = new AtomicLong(40L << 20);
    Path part = folder.resolve("part");
    Download shrinking =
        new Download(
            Limits.DEFAULT.withReserveBytes(reserve),
            at -> disk.get() - (Files.exists(part) ? part.toFile().length() : 0));
    Opened endless = Opened.whole(new Zeros(Long.MAX_VALUE), OptionalLong.empty());
    assertFails(
        () -> shrinking.stream(endless, "https://images.example/x", part, Sha256.begin()),
        Reasons.INSUFFICIENT_STORAGE,
        "keeps 1048576 of them free");
    assertThat(Files.size(part)).isLessThan(disk.get() + (16L << 20));
  }

  @Test
  void anImageThatSaysItIsTooLargeIsNotEvenBegun() {
    Path part = folder.resolve("part");
    assertFails(
        () ->
            new Download(Limits.DEFAULT.withMaxImageBytes(999))
                .stream(zeros(1000), "https://images.example/x", part, Sha256.begin()),
        Reasons.IMAGE_TOO_LARGE,
        "1000",
        "SYSEXT_MAX_IMAGE_BYTES");
    assertThat(part).doesNotExist();
  }

  @Test
  void anEndlessBodyEndsAtTheLimit() throws Exception {
    Path part = folder.resolve("part");
    assertFails(
        () ->
            new Download(Limits.DEFAULT.withMaxImageBytes(1 << 20))
                .stream(
                    Opened.whole(new Zeros(Long.MAX_VALUE), OptionalLong.empty()),
                    "https://images.example/x",
                    part,
                    Sha256.begin()),
        Reasons.IMAGE_TOO_LARGE,
        "SYSEXT_MAX_IMAGE_BYTES");
    assertThat(Files.size(part)).isLessThanOrEqualTo(1 << 20);
  }

  @Test
  void anInterruptedThreadLeavesItAtOnce() {
    Path part = folder.resolve("part");
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> stream(zeros(1000), part)).isInstanceOf(InterruptedException.class);
    assertThat(part).isEmptyFile();
  }
}
