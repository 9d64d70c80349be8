package io.kairos.extensions.images;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JavaRuntimeTest {

  @TempDir Path folder;

  @Test
  void aJdkForAnotherArchitectureIsRefusedWithBothNames() throws IOException {
    Path jdk = Files.createDirectory(folder.resolve("jdk"));
    String other = ImageFile.architecture().equals("arm64") ? "x86_64" : "aarch64";
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25\"\nOS_ARCH=\"" + other + "\"\n");

    assertThatThrownBy(() -> JavaRuntime.link(jdk, folder.resolve("runtime")))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll(
            "is for " + ImageFile.architecture(other),
            "this machine is " + ImageFile.architecture(),
            "qemu-user");
  }

  @Test
  void aFolderWithoutAJdkIsNamed() {
    Path nothing = folder.resolve("nothing");

    assertThatThrownBy(() -> JavaRuntime.link(nothing, folder.resolve("runtime")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no JDK at " + nothing);
  }
}
