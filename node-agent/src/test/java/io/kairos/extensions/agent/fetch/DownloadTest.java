package io.kairos.extensions.agent.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalLong;
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

  private static Sources.Opened zeros(long length) {
    return new Sources.Opened(new Zeros(length), OptionalLong.of(length));
  }

  @Test
  void memoryStaysFlatHoweverLargeTheBody() throws Exception {
    Path sink = Path.of("/dev/null");
    assumeTrue(Files.exists(sink), "this system has no /dev/null to write to");
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Path part = Files.createSymbolicLink(folder.resolve("large.part"), sink);
    long before = threads.getCurrentThreadAllocatedBytes();
    String digest = Download.stream(zeros(LARGE), "https://images.example/large", part);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(LARGE / 16);
    assertThat(digest)
        .isEqualTo("254bcc3fc4f27172636df4bf32de9f107f620d559b20d760197e452b97453917");
  }

  @Test
  void theDigestOnTheWayIsTheDigestOfTheFile() throws Exception {
    Path part = folder.resolve("part");
    String digest = Download.stream(zeros(1_000_003), "https://images.example/x", part);
    assertThat(Files.size(part)).isEqualTo(1_000_003);
    assertThat(Download.digest(part)).isEqualTo(digest);
  }

  @Test
  void moreBytesThanPromisedAreNamedToo() {
    byte[] body = new byte[10];
    assertThatThrownBy(
            () ->
                Download.stream(
                    new Sources.Opened(new ByteArrayInputStream(body), OptionalLong.of(9)),
                    "https://images.example/x",
                    folder.resolve("part")))
        .isInstanceOfSatisfying(
            FetchException.class,
            e -> assertThat(e.reason()).isEqualTo(Reasons.DOWNLOAD_INTERRUPTED));
  }
}
