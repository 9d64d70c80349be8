package io.kairos.extensions.api.v1alpha1;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CrdFilesTest {
  private static final Path GENERATED = Path.of("target/generated-crds");
  private static final Path COMMITTED = Path.of("src/main/resources/crds");

  @Test
  void committedCrdsAreTheGeneratedOnes() throws IOException {
    if (Boolean.getBoolean("crds.update")) {
      for (var file : read(GENERATED).entrySet()) {
        Files.createDirectories(COMMITTED);
        Files.writeString(COMMITTED.resolve(file.getKey()), file.getValue());
      }
    }

    assertThat(read(COMMITTED))
        .as(
            "the types have changed: run `mvn -pl crds test -Dcrds.update=true` and commit %s",
            COMMITTED)
        .isEqualTo(read(GENERATED))
        .hasSize(3);
  }

  private static Map<String, String> read(Path folder) throws IOException {
    Map<String, String> files = new TreeMap<>();
    if (Files.isDirectory(folder)) {
      try (Stream<Path> list = Files.list(folder)) {
        for (Path file : list.toList()) {
          files.put(file.getFileName().toString(), Files.readString(file));
        }
      }
    }
    return files;
  }
}
