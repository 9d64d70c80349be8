package io.kairos.extensions.agent.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.fetch.Images;
import io.kairos.extensions.agent.store.VerifiedImages.Verdict;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VerifiedImagesTest {
  private static final String IMAGE = Images.sha256("an image".getBytes(StandardCharsets.UTF_8));

  @TempDir private Path root;

  private StoreLayout layout;
  private Path file;
  private VerifiedImages images;

  @BeforeEach
  void verify() throws IOException {
    layout = HostFolder.layout(root);
    new Store(layout).prepare();
    file = Files.writeString(layout.images().resolve(IMAGE), "an image");
    images = new VerifiedImages(layout, new Store(layout));
    assertThat(images.touched()).isEmpty();
    assertThat(images.verified(IMAGE)).isFalse();
    awaitTick();
  }

  /** Kernels before 6.13 stamp files some milliseconds apart with the same time. */
  private void awaitTick() {
    Path other = root.resolve("other");
    await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .until(
            () ->
                !Files.getAttribute(Files.writeString(other, ""), "unix:ctime")
                    .equals(Files.getAttribute(file, "unix:ctime")));
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
    assertThat(images.trusted(Set.of(IMAGE))).containsExactly(IMAGE);
    assertThat(images.touched()).containsExactly(IMAGE);
    assertThat(images.trusted(Set.of(IMAGE))).isEmpty();
    assertThat(images.verified(IMAGE)).as("the same file was right after all").isFalse();
    assertThat(images.trusted(Set.of(IMAGE))).containsExactly(IMAGE);
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
    assertThat(images.touched()).isEmpty();
    assertThat(layout.verified()).as("and so is the note of it").doesNotExist();
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

  private VerifiedImages nextLife() throws IOException {
    VerifiedImages next = new VerifiedImages(layout, new Store(layout));
    assertThat(next.touched()).isEmpty();
    return next;
  }

  @Test
  void whatWasVerifiedIsTrustedInTheNextLifeWithoutBeingHashed() throws IOException {
    assertThat(images.touched()).isEmpty();
    VerifiedImages next = nextLife();

    assertThat(next.trusted(Set.of(IMAGE))).containsExactly(IMAGE);
    assertThat(next.doubtful()).isEmpty();
  }

  @Test
  void whatWasOverwrittenBetweenTwoLivesIsDoubtedEvenWithItsOldTime() throws Exception {
    assertThat(images.touched()).isEmpty();
    FileTime before = Files.getLastModifiedTime(file);
    Files.writeString(file, "an imagE");
    Files.setLastModifiedTime(file, before);
    VerifiedImages next = nextLife();

    assertThat(next.doubtful()).containsExactly(IMAGE);
    assertThat(next.trusted(Set.of(IMAGE))).isEmpty();
    assertThat(next.checked(next.check(IMAGE))).isEqualTo(Verdict.WRONG);
    assertThat(next.trusted(Set.of(IMAGE))).isEmpty();
    replace();
    assertThat(next.verified(IMAGE)).as("a boot may have merged the wrong one").isTrue();
    assertThat(next.trusted(Set.of(IMAGE))).containsExactly(IMAGE);
  }

  @Test
  void aDoubtAboutARightImageEndsWithItsDigest() throws Exception {
    assertThat(images.touched()).isEmpty();
    Files.createLink(root.resolve("another name"), file);
    VerifiedImages next = nextLife();
    assertThat(next.doubtful()).containsExactly(IMAGE);

    assertThat(next.checked(next.check(IMAGE))).isEqualTo(Verdict.RIGHT);
    assertThat(next.doubtful()).isEmpty();
    assertThat(next.trusted(Set.of(IMAGE))).containsExactly(IMAGE);
    assertThat(next.touched()).isEmpty();
    images = next;
    assertThat(nextLife().doubtful()).as("and is noted").isEmpty();
  }

  @Test
  void whatIsTouchedInThisLifeIsNoNewsWhenItsDigestIsWrong() throws Exception {
    Files.writeString(file, "overwritten");
    assertThat(images.touched()).containsExactly(IMAGE);
    assertThat(images.checked(images.check(IMAGE))).isEqualTo(Verdict.WRONG_AS_TOLD);
    replace();
    assertThat(images.verified(IMAGE)).isTrue();
  }

  @Test
  void aFileThatChangesWhileItIsHashedIsHashedOnceMore() throws Exception {
    Files.writeString(file, "overwritten");
    assertThat(images.touched()).containsExactly(IMAGE);
    VerifiedImages.Checked early = images.check(IMAGE);
    replace();
    assertThat(images.checked(early)).isEqualTo(Verdict.OPEN);
    assertThat(images.checked(images.check(IMAGE))).isEqualTo(Verdict.RIGHT);
    Files.delete(file);
    assertThat(images.checked(early)).isEqualTo(Verdict.OPEN);
  }

  @Test
  void aNoteThatIsGoneOrTornOnlyCastsDoubt() throws IOException {
    assertThat(images.touched()).isEmpty();
    for (String torn : List.of("", "{", "[]", "null", "{\"x\": 1}", "{\"x\": null}", "\u0000")) {
      Files.writeString(layout.verified(), torn);
      assertThat(nextLife().doubtful()).as(torn).containsExactly(IMAGE);
    }
    Files.deleteIfExists(layout.verified());
    assertThat(nextLife().doubtful()).containsExactly(IMAGE);
  }

  @ParameterizedTest
  @EnumSource(Intruder.class)
  @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void whatLiesInThePlaceOfTheNoteIsNeverOpenedAndIsReplaced(Intruder intruder) throws Exception {
    Path outside = Files.writeString(root.resolve("outside"), "not ours");
    for (Path place : List.of(layout.verified(), layout.links().resolve("verified.json"))) {
      intruder.put(place, outside);
      images = new VerifiedImages(layout, new Store(layout));
      assertThat(images.touched()).isEmpty();
      assertThat(images.verified(IMAGE)).isFalse();
      assertThat(images.touched()).isEmpty();
      assertThat(layout.verified()).as("%s", place).isRegularFile();
      assertThat(nextLife().doubtful()).isEmpty();
      assertThat(outside).hasContent("not ours");
      assertThat(outside.resolveSibling("new")).doesNotExist();
      images.deleted(IMAGE);
    }
  }

  @Test
  void aFolderFullOfFilesInThePlaceOfTheNoteIsLeftAloneAndCostsAReadingOnly() throws Exception {
    Path theirs = layout.verified().resolve("theirs");
    Files.createDirectory(layout.verified());
    Files.writeString(theirs, "not ours");
    images = new VerifiedImages(layout, new Store(layout));
    assertThat(images.touched()).isEmpty();
    assertThat(images.verified(IMAGE)).isFalse();
    assertThat(images.touched()).isEmpty();
    assertThat(theirs).hasContent("not ours");
    assertThat(nextLife().doubtful()).containsExactly(IMAGE);
  }
}
