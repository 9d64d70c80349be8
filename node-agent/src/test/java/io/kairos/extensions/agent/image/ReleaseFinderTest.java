package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReleaseFinderTest {
  private static final String FOLDER = "usr/lib/extension-release.d/";
  private static final String A = FOLDER + "extension-release.a";
  private static final String B = FOLDER + "extension-release.b";

  private final MemoryFileSystem files = new MemoryFileSystem();

  private ExtensionRelease find(String name) throws Exception {
    return new ReleaseFinder(files.tree(), name, ExtensionClass.SYSEXT).find();
  }

  private void refuses(String name, UnfitReason reason, String... texts) {
    assertThatThrownBy(() -> find(name))
        .isInstanceOfSatisfying(
            ImageException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(reason);
              assertThat(e.getMessage()).contains(texts);
            });
  }

  private MemoryFileSystem waive(String path, String value) {
    return files.file(path, "ID=x").attribute(path, "extension-release.strict", value);
  }

  @Test
  void theFileOfTheNameIsFoundAlsoThroughALink() throws Exception {
    files.file(A, "ID=x").link(B, "extension-release.a");
    assertThat(find("a").path()).isEqualTo(A);
    assertThat(find("b").fields().id()).isEqualTo("x");
  }

  @Test
  void noneAtAllIsMissing() {
    refuses("a", UnfitReason.EXTENSION_RELEASE_MISSING, A);
    files.folder(FOLDER + "extension-release.b").file(FOLDER + "other", "").link(A, "nowhere");
    refuses("a", UnfitReason.EXTENSION_RELEASE_MISSING, A);
  }

  @Test
  void anotherNameIsMisnamedAndBothAreShown() {
    files.file(B, "ID=x");
    refuses("a", UnfitReason.EXTENSION_RELEASE_MISNAMED, A, B, "imageName");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "no", "False", "off", "f", "N", "false\0"})
  void anotherNameWillDoWhenTheFileWaivesStrictness(String value) throws Exception {
    waive(B, value);
    files.file(FOLDER + "extension-release.c", "ID=c");
    assertThat(find("a")).isEqualTo(new ExtensionRelease(B, false, Fixtures.os("ID=x")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "yes", "true", "", "false\n", "nope"})
  void otherValuesWaiveNothing(String value) {
    waive(B, value);
    refuses("a", UnfitReason.EXTENSION_RELEASE_MISNAMED, B);
  }

  @Test
  void twoThatWaiveAreAmbiguousButTheNamedOneWins() throws Exception {
    waive(B, "0");
    waive(FOLDER + "extension-release.c", "0");
    refuses("a", UnfitReason.EXTENSION_RELEASE_MISNAMED, "ambiguous");
    files.file(A, "ID=y");
    assertThat(find("a").fields().id()).isEqualTo("y");
  }

  @Test
  void aNameWithoutItsVersionCountsOnlyAgainstAnother() {
    files.file(A, "ID=x");
    refuses("a_1.2", UnfitReason.EXTENSION_RELEASE_MISNAMED, A);
    waive(B, "0");
    refuses("a_1.2", UnfitReason.EXTENSION_RELEASE_MISNAMED, "ambiguous");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "a/b", ".#a", "a\nb"})
  void namesThatSystemdRefusesAreRefused(String name) {
    refuses(name, UnfitReason.EXTENSION_RELEASE_MISNAMED, "not a name");
  }

  @Test
  void whatIsNoReadableFileIsInvalid() {
    files.folder(A).file(B, "ID=x\nA=\0").file(FOLDER + "extension-release.c", "# nothing\n");
    files.file(FOLDER + "extension-release.d", "#".repeat(70_000));
    refuses("a", UnfitReason.EXTENSION_RELEASE_INVALID, "not a regular file");
    refuses("b", UnfitReason.EXTENSION_RELEASE_INVALID, "line 2");
    refuses("c", UnfitReason.EXTENSION_RELEASE_INVALID, "empty");
    refuses("d", UnfitReason.EXTENSION_RELEASE_INVALID, "70000 bytes");
  }
}
