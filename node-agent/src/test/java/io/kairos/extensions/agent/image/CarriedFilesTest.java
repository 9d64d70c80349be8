package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CarriedFilesTest {
  private static final List<String> USR = List.of("/usr", "/opt");

  private static CarriedFiles files(MemoryFileSystem image) throws Exception {
    return CarriedFiles.of(image.tree(), USR);
  }

  @Test
  void filesAndLinksCountAndFoldersDoNot() throws Exception {
    MemoryFileSystem one =
        new MemoryFileSystem()
            .file("usr/bin/a", "1")
            .file("usr/bin/own", "1")
            .link("usr/lib/l", "x")
            .file("opt/o", "")
            .folder("usr/share/f");
    MemoryFileSystem other =
        new MemoryFileSystem()
            .file("usr/bin/a", "2")
            .file("usr/lib/l", "2")
            .file("opt/o", "")
            .file("usr/bin/other", "")
            .folder("usr/share/f");
    assertThat(files(one).shared(files(other))).isEqualTo(3);
    assertThat(files(other).shared(files(one))).isEqualTo(3);
    assertThat(files(other).named(one.tree(), USR, 9))
        .containsExactlyInAnyOrder("/usr/bin/a", "/usr/lib/l", "/opt/o");
    assertThat(files(other).named(one.tree(), USR, 2)).hasSize(2);
  }

  @Test
  void whatIsMergedNowhereIsNotCompared() throws Exception {
    MemoryFileSystem one = new MemoryFileSystem().file("etc/x", "").file("usr/a", "");
    MemoryFileSystem other = new MemoryFileSystem().file("etc/x", "").file("usr/b", "");
    assertThat(files(one).shared(files(other))).isZero();
  }

  @Test
  void imagesOfTheToolsAreListed() throws Exception {
    CarriedFiles demo =
        CarriedFiles.of(
            OpenedImage.open(
                    ImageBytes.of(Fixtures.bytes("erofs-plain")), MachineArchitecture.X86_64)
                .tree(),
            USR);
    assertThat(demo.shared(demo)).isPositive();
  }

  @Test
  void manyFilesAreComparedAll() throws Exception {
    MemoryFileSystem one = new MemoryFileSystem();
    MemoryFileSystem other = new MemoryFileSystem();
    Random random = new Random(1);
    int shared = 0;
    for (int i = 0; i < 1500; i++) {
      boolean both = random.nextBoolean();
      one.file("usr/d" + i % 7 + "/f" + i, "");
      other.file("usr/d" + i % 7 + (both ? "/f" : "/g") + i, "");
      shared += both ? 1 : 0;
    }
    assertThat(files(one).shared(files(other))).isEqualTo(shared);
  }

  @Test
  void aDamagedImageIsNamedAsSuch() {
    MemoryFileSystem loop = new MemoryFileSystem().folder("usr/a").alias("usr/a/b", "usr/a");
    assertThatThrownBy(() -> files(loop)).isInstanceOf(ImageException.class);
  }
}
