package io.kairos.extensions.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubeapitest.Utils;
import io.fabric8.kubeapitest.binary.OSInfo;
import io.kairos.extensions.e2e.chart.Chart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BinaryFinderTest {

  @TempDir Path home;

  @Test
  void withoutEffortNothingIsTriedAndNothingIsWritten() {
    Path missing = home.resolve("missing");
    assertThat(find(missing, Effort.CACHED_ONLY))
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
    assertThat(find(home, Effort.BUILD))
        .isEqualTo(new KubeApiBinaries.Available(newest, "1.36.10", KubeApiBinaries.Source.CACHED));
  }

  @Test
  void anIncompleteVersionIsPassedOver() throws IOException {
    Path complete = version("1.30.0", "etcd", "kube-apiserver", "kubectl");
    version("1.36.0", "etcd", "kube-apiserver");
    assertThat(find(home, Effort.CACHED_ONLY))
        .isEqualTo(
            new KubeApiBinaries.Available(complete, "1.30.0", KubeApiBinaries.Source.CACHED));
  }

  @Test
  void aVersionForAnotherMachineIsPassedOver() throws IOException {
    Files.move(
        version("1.36.0", "etcd", "kube-apiserver", "kubectl"), home.resolve("k8s/1.36.0-os-9000"));
    assertThat(find(home, Effort.CACHED_ONLY)).isInstanceOf(KubeApiBinaries.Unavailable.class);
  }

  @Test
  void aNewerMinorVersionIsTakenOnlyWhereTheUsualOneIsMissing() throws IOException {
    Path newer = version("1.99.0", "etcd", "kube-apiserver", "kubectl");
    assertThat(find(home, Effort.CACHED_ONLY)).isEqualTo(cached(newer, "1.99.0"));
    Path usual = version("1.36.1", "etcd", "kube-apiserver", "kubectl");
    assertThat(find(home, Effort.CACHED_ONLY)).isEqualTo(cached(usual, "1.36.1"));
  }

  @Test
  void theVersionThatIsAskedForIsTakenAndNoOther() throws IOException {
    Path release = version("1.30.9", "etcd", "kube-apiserver", "kubectl");
    Path newest = version("1.30.14", "etcd", "kube-apiserver", "kubectl");
    version("1.36.3", "etcd", "kube-apiserver", "kubectl");
    version("1.3.1", "etcd", "kube-apiserver", "kubectl");
    assertThat(asked("1.30")).isEqualTo(cached(newest, "1.30.14"));
    assertThat(asked("1.30.9")).isEqualTo(cached(release, "1.30.9"));
    assertThat(asked("1.31"))
        .isEqualTo(
            new KubeApiBinaries.Unavailable(
                List.of("no complete version 1.31 in " + home.resolve("k8s"))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "v1.30", "1.30.*", "newest", "1.30.1.2"})
  void whatIsNoVersionIsRefusedWithTheFormsThatThereAre(String text) {
    assertThatThrownBy(() -> new KubeVersion(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "-Dkube.version=%s: give a minor version, 1.30, or a release of it, 1.30.14", text);
  }

  @Test
  void theOldestVersionOfTheChartAndTheUsualOneCanBeBuilt() throws IOException {
    String chart = Files.readString(Chart.ofThisBuild().location().resolve("Chart.yaml"));
    assertThat(GoBuild.releases())
        .anyMatch(GoBuild.DEFAULT::includes)
        .anyMatch(
            release ->
                chart.contains(
                    "kubeVersion: \">=" + release.replaceAll("\\.\\d+$", "") + ".0-0\""));
  }

  private KubeApiBinaries asked(String version) {
    return new BinaryFinder(home, Optional.of(new KubeVersion(version)), progress -> {})
        .find(Effort.CACHED_ONLY);
  }

  private static KubeApiBinaries find(Path home, Effort effort) {
    return new BinaryFinder(home, Optional.empty(), progress -> {}).find(effort);
  }

  private static KubeApiBinaries cached(Path folder, String version) {
    return new KubeApiBinaries.Available(folder, version, KubeApiBinaries.Source.CACHED);
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
