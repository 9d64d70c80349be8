package io.kairos.extensions.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of a build that left less than an image needs. */
class ImageFoldersTest {

  @TempDir Path repository;
  private Path target;

  @BeforeEach
  void emptyBuild() throws IOException {
    target = Files.createDirectories(Program.AGENT.target(repository).resolve("lib")).getParent();
  }

  @Test
  void aBuildWithoutABillOfMaterialsIsToldHowOneIsMade() throws IOException {
    Files.createFile(target.resolve("node-agent.jar"));
    Files.createFile(target.resolve("lib/crds.jar"));

    assertThatThrownBy(this::assemble)
        .isExactlyInstanceOf(IOException.class)
        .hasMessageContainingAll(
            target.resolve("bom.json").toString(), "mvn -DskipTests install", "-o");
    assertThat(repository.resolve("image")).doesNotExist();
  }

  @Test
  void aModuleThatWasNotBuiltIsNamed() {
    assertThatThrownBy(this::assemble)
        .isExactlyInstanceOf(IOException.class)
        .hasMessageContainingAll(target.toString(), "mvn -DskipTests install");
    assertThat(repository.resolve("image")).doesNotExist();
  }

  private void assemble() throws IOException, InterruptedException {
    ImageFolders.assemble(
        Program.AGENT, repository, repository.resolve("java"), repository.resolve("image"));
  }
}
