package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageTreeTest {
  private final MemoryFileSystem files =
      new MemoryFileSystem()
          .file("usr/lib/a", "a")
          .link("abs", "/usr/lib/a")
          .link("usr/lib/rel", "../lib/./a")
          .link("usr/out", "../../../../usr/lib/a")
          .link("lib", "usr/lib")
          .link("dangling", "/none")
          .link("loop", "loop")
          .link("usr/self", ".");

  @ParameterizedTest
  @CsvSource({
    "usr/lib/a",
    "/usr//lib/./a",
    "abs",
    "usr/lib/rel",
    "usr/out",
    "lib/a",
    "usr/self/lib/a",
    "../usr/lib/a",
    "usr/lib/../lib/a"
  })
  void linksAreFollowedWithinTheImage(String path) throws Exception {
    Entry entry = files.tree().resolve(path).orElseThrow();
    assertThat(files.tree().read(entry, 9)).hasValue(new byte[] {'a'});
  }

  @ParameterizedTest
  @CsvSource({"none", "dangling", "usr/lib/a/b", "usr/none/../lib/a"})
  void whatIsNotThereIsEmpty(String path) throws Exception {
    assertThat(files.tree().resolve(path)).isEmpty();
  }

  @Test
  void findStopsAtALastLink() throws Exception {
    assertThat(files.tree().find("dangling")).map(Entry::type).hasValue(FileType.SYMLINK);
    assertThat(files.tree().find("lib/rel")).map(Entry::type).hasValue(FileType.SYMLINK);
  }

  @Test
  void aLoopOfLinksIsAFaultOfTheImage() {
    assertThatThrownBy(() -> files.tree().resolve("loop/x"))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.reason()).isEqualTo(UnfitReason.CORRUPT_IMAGE));
  }

  @Test
  void aWalkShowsEverythingOnceAndFollowsNoLink() throws Exception {
    List<String> seen = new ArrayList<>();
    assertThat(files.tree().walk("", 100, (path, type) -> seen.add(path)))
        .isEqualTo(ImageTree.WalkEnd.COMPLETE);
    assertThat(seen)
        .containsExactlyInAnyOrder(
            "abs",
            "dangling",
            "lib",
            "loop",
            "usr",
            "usr/lib",
            "usr/lib/a",
            "usr/lib/rel",
            "usr/out",
            "usr/self");
  }

  @Test
  void aWalkEndsAtItsBoundOrWhenTheVisitorHasEnough() throws Exception {
    assertThat(files.tree().walk("usr", 2, (path, type) -> true))
        .isEqualTo(ImageTree.WalkEnd.BOUND_REACHED);
    assertThat(files.tree().walk("usr", 2, (path, type) -> false))
        .isEqualTo(ImageTree.WalkEnd.STOPPED);
    assertThat(files.tree().walk("none", 2, (path, type) -> true))
        .isEqualTo(ImageTree.WalkEnd.COMPLETE);
  }

  /** A walk keeps the paths of the directories to come. */
  @Test
  void aWalkEndsWhereItWouldHaveToKeepTooManyLongPaths() {
    String deep = "usr" + ("/" + "x".repeat(250)).repeat(15);
    for (int i = 0; i < 5_000; i++) {
      files.folder(deep + "/" + i);
    }
    assertThatThrownBy(() -> files.tree().walk("", 100_000, (path, type) -> true))
        .isInstanceOfSatisfying(
            ImageException.class,
            e -> assertThat(e.reason()).isEqualTo(UnfitReason.UNSUPPORTED_FORMAT))
        .hasMessageContaining("directories");
  }

  @Test
  void aDirectoryWithinItselfIsAFaultOfTheImage() {
    files.alias("usr/lib/again", "usr");
    assertThatThrownBy(() -> files.tree().walk("", 1000, (path, type) -> true))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("two places");
  }
}
