package io.kairos.extensions.agent.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifiedImagesTest {
  private static final String IMAGE = "a".repeat(64);

  @TempDir private Path root;

  private Path file;
  private VerifiedImages images;

  @BeforeEach
  void verify() throws IOException {
    StoreLayout layout = new StoreLayout(root);
    new Store(layout).prepare();
    file = Files.writeString(layout.images().resolve(IMAGE), "an image");
    images = new VerifiedImages(layout);
    assertThat(images.verified(IMAGE)).isFalse();
  }

  @Test
  void aFileThatNobodyTouchedStaysVerified() throws IOException {
    assertThat(images.touched()).isEmpty();
    assertThat(images.touched()).isEmpty();
  }

  @Test
  void aRewrittenFileIsNamedOnceEvenWithItsOldTime() throws IOException {
    FileTime before = Files.getLastModifiedTime(file);
    Files.writeString(file, "an imagE");
    Files.setLastModifiedTime(file, before);

    assertThat(images.touched()).containsExactly(IMAGE);
    assertThat(images.touched()).isEmpty();
  }

  @Test
  void aFileReplacedByAnotherOneIsNamed() throws IOException {
    Path other = Files.writeString(root.resolve("other"), "an image");
    Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);

    assertThat(images.touched()).containsExactly(IMAGE);
  }

  @Test
  void whatWasTouchedIsUntrustedUntilItIsVerifiedAnew() throws IOException {
    Files.writeString(file, "an imagE");
    assertThat(images.untrusted()).isEmpty();
    assertThat(images.touched()).containsExactly(IMAGE);
    assertThat(images.untrusted()).containsExactly(IMAGE);
    assertThat(images.verified(IMAGE)).as("the same file was right after all").isFalse();
    assertThat(images.untrusted()).isEmpty();
  }

  @Test
  void onlyWhatWasOverwrittenInPlaceAndThenReplacedIsReadWrongByWhoHasItOpen() throws IOException {
    Files.writeString(file, "overwritten");
    assertThat(images.touched()).hasSize(1);
    replace();
    assertThat(images.verified(IMAGE)).isTrue();

    replace();
    assertThat(images.touched()).hasSize(1);
    replace();
    assertThat(images.verified(IMAGE)).isFalse();
  }

  @Test
  void aDeletedImageIsForgotten() throws IOException {
    Files.delete(file);
    assertThat(images.touched()).hasSize(1);
    images.deleted(IMAGE);
    assertThat(images.untrusted()).isEmpty();
    assertThat(images.touched()).isEmpty();
  }

  private void replace() throws IOException {
    Path other = Files.writeString(root.resolve("other"), "an image");
    Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  void aFileThatIsGoneIsNamed() throws IOException {
    Files.delete(file);

    assertThat(images.touched()).containsExactly(IMAGE);
  }
}
