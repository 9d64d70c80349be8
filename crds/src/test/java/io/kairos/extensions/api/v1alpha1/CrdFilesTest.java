package io.kairos.extensions.api.v1alpha1;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CrdFilesTest {
  private static final Path GENERATED = Path.of("target/generated-crds");
  private static final Path COMMITTED = Path.of("src/main/resources/crds");

  /** A chart can read no file outside of its folder. */
  private static final Path CHART = Path.of("../charts/sysext-operator/files/crds");

  /** All of them, for those who install without Helm. */
  private static final Path MANIFEST = Path.of("../manifests/crds.yaml");

  @Test
  void committedCrdsAreTheGeneratedOnes() throws IOException {
    Map<String, String> generated = read(GENERATED);
    String manifest = String.join("---\n", generated.values());
    if (Boolean.getBoolean("crds.update")) {
      for (Path folder : List.of(COMMITTED, CHART)) {
        Files.createDirectories(folder);
        for (var file : generated.entrySet()) {
          Files.writeString(folder.resolve(file.getKey()), file.getValue());
        }
      }
      Files.writeString(MANIFEST, manifest);
    }

    String hint =
        "the types have changed: run `mvn -pl crds test -Dcrds.update=true` and commit what it writes to "
            + List.of(COMMITTED, CHART, MANIFEST);
    assertThat(read(COMMITTED)).as(hint).isEqualTo(generated).hasSize(3);
    assertThat(read(CHART)).as(hint).isEqualTo(generated);
    assertThat(Files.readString(MANIFEST)).as(hint).isEqualTo(manifest);
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
