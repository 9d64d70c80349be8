package io.kairos.extensions.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubeapitest.Utils;
import io.fabric8.kubeapitest.binary.OSInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BinaryFinderTest {

  @TempDir Path home;

  @Test
  void withoutEffortNothingIsTriedAndNothingIsWritten() {
    Path missing = home.resolve("missing");
    assertThat(KubeApiBinaries.find(missing, Effort.CACHED_ONLY, progress -> {}))
        .isEqualTo(
            new KubeApiBinaries.Unavailable(
                List.of("no complete version in " + missing.resolve("k8s"))));
    assertThat(missing).doesNotExist();
  }

  @Test
  void theNewestVersionIsTakenByNumberNotByLetter() throws IOException {
    version("1.36.9", "etcd", "kube-apiserver", "kubectl");
    Path newest = version("1.36.10", "etcd", "kube-apiserver", "kubectl");
    version("1.4.99", "etcd", "kube-apiserver", "kubectl");
    assertThat(KubeApiBinaries.find(home, Effort.BUILD, progress -> {}))
        .isEqualTo(new KubeApiBinaries.Available(newest, "1.36.10", KubeApiBinaries.Source.CACHED));
  }

  @Test
  void anIncompleteVersionIsPassedOver() throws IOException {
    Path complete = version("1.30.0", "etcd", "kube-apiserver", "kubectl");
    version("1.36.0", "etcd", "kube-apiserver");
    assertThat(KubeApiBinaries.find(home, Effort.CACHED_ONLY, progress -> {}))
        .isEqualTo(
            new KubeApiBinaries.Available(complete, "1.30.0", KubeApiBinaries.Source.CACHED));
  }

  @Test
  void aVersionForAnotherMachineIsPassedOver() throws IOException {
    Files.move(
        version("1.36.0", "etcd", "kube-apiserver", "kubectl"), home.resolve("k8s/1.36.0-os-9000"));
    assertThat(KubeApiBinaries.find(home, Effort.CACHED_ONLY, progress -> {}))
        .isInstanceOf(KubeApiBinaries.Unavailable.class);
  }

  @Test
  void theVersionThatIsBuiltIsTheOneThatIsPinned() {
    assertThat(GoBuild.kubernetesVersion()).matches("1\\.[0-9]+\\.[0-9]+");
  }

  private Path version(String version, String... programs) throws IOException {
    Path folder =
        Files.createDirectories(
            home.resolve("k8s").resolve(version + Utils.platformSuffix(new OSInfo())));
    for (String program : programs) {
      Files.createFile(folder.resolve(program));
      assertThat(folder.resolve(program).toFile().setExecutable(true)).isTrue();
    }
    return folder;
  }
}
