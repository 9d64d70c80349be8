package io.kairos.extensions.agent.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Sha256Test {
  /** That of {@code abc}, from FIPS 180-4's examples. */
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @TempDir private Path folder;

  private Path file(String content) throws Exception {
    return Files.writeString(folder.resolve("file"), content);
  }

  @Test
  void isWhatSha256sumPrints() throws Exception {
    assertThat(Sha256.of(file("abc"))).isEqualTo(ABC);
  }

  @Test
  void goesOnWhereAFileEnds() throws Exception {
    MessageDigest digest = Sha256.soFar(file("ab"));
    digest.update("c".getBytes(StandardCharsets.US_ASCII));

    assertThat(Sha256.text(digest)).isEqualTo(ABC);
  }

  @Test
  void isGivenUpWhenTheThreadIsInterrupted() throws Exception {
    Path file = file("abc");
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> Sha256.of(file)).isInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void followsNoLink() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("link"), file("abc"));

    assertThatThrownBy(() -> Sha256.of(link)).isInstanceOf(IOException.class);
  }
}
