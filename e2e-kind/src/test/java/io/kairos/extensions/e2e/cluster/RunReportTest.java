package io.kairos.extensions.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {

  @TempDir Path folder;

  @Test
  void whatTheScenariosRanOnIsCountedByKind() {
    RunReport report = RunReport.in(folder.resolve("target/report.txt"), "today");
    report.record("systemd", "257");
    report.record("systemd", "252");
    report.record("systemd", "257");
    report.record("cluster", "mock\nserver");
    assertThat(PrintRunReport.format(report))
        .containsExactly(
            "The scenarios of this build ran on:",
            "  cluster      mock server (1)",
            "  systemd      252 (1)",
            "  systemd      257 (2)");
  }

  @Test
  void anEarlierBuildIsNotMentioned() {
    Path file = folder.resolve("report.txt");
    RunReport.in(file, "yesterday").record("systemd", "252");
    assertThat(PrintRunReport.format(RunReport.in(file, "today")))
        .containsExactly("No scenario of this build recorded what it ran on.");
  }

  @Test
  void theChoiceOfAStandInIsRecordedWithItsReason() {
    RunReport report = RunReport.in(folder.resolve("report.txt"), "today");
    KubeApiBinaries.Unavailable none = new KubeApiBinaries.Unavailable(List.of("no Go"));
    TestClusters.Chosen chosen = TestClusters.choose(none, progress -> {}).recordIn(report);
    try (TestCluster cluster = chosen.cluster()) {
      assertThat(cluster.real()).isFalse();
    }
    assertThat(report.counts().get("cluster note")).containsKey("no real API server: no Go");
  }
}
