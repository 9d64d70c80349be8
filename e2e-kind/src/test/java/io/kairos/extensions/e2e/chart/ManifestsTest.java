package io.kairos.extensions.e2e.chart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The install for those who have no Helm: what the chart renders, less what only Helm has a use
 * for. The CRDs lie apart, in a file that their own test keeps, so that whoever deletes the install
 * deletes no policy.
 */
class ManifestsTest {
  private static final Path FOLDER = Chart.repository().resolve("manifests");

  private static final String WITHOUT_HELM = "{namespace: {create: true}, crds: {install: false}}";

  @Test
  void theManifestsAreWhatTheChartRenders() throws IOException {
    String install = file(documents(WITHOUT_HELM));
    if (Boolean.getBoolean("manifests.update")) {
      Files.writeString(FOLDER.resolve("install.yaml"), install);
    }

    String hint =
        "the chart has changed: run `mvn -pl e2e-kind -am test -Dmanifests.update=true"
            + " -Dtest=ManifestsTest -Dsurefire.failIfNoSpecifiedTests=false`";
    assertThat(Files.readString(FOLDER.resolve("install.yaml"))).as(hint).isEqualTo(install);
    assertThat(install).contains("kind: DaemonSet", "kind: Namespace").doesNotContain("helm.sh");
  }

  private static List<String> documents(String values) {
    return Arrays.stream(Chart.ofThisBuild().template(values).split("(?m)^---$", -1))
        .map(ManifestsTest::plain)
        .filter(document -> !document.isBlank())
        .toList();
  }

  private static String plain(String document) {
    return document
        .replaceAll("(?m)^# Source: .*\n", "")
        .replaceAll("(?m)^ +helm\\.sh/chart: .*\n", "")
        .replaceAll("(?m)^ +app\\.kubernetes\\.io/managed-by: Helm\n", "")
        .replaceAll("(?m)[ \t]+$", "")
        .strip();
  }

  private static String file(List<String> documents) {
    return documents.stream()
        .collect(
            Collectors.joining(
                "\n---\n", "# Rendered from charts/sysext-operator; a test keeps it so.\n", "\n"));
  }
}
