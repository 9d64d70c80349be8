package io.kairos.extensions.e2e.cluster;

import java.util.List;
import java.util.function.Consumer;

/** Chooses a cluster. */
public final class TestClusters {

  private TestClusters() {}

  /**
   * A running cluster and how it came to be chosen.
   *
   * @param notes why there is nothing better; empty for a real API server
   */
  public record Chosen(TestCluster cluster, List<String> notes) {
    public Chosen {
      notes = List.copyOf(notes);
    }

    /** Notes in the report that a scenario ran on this cluster, and if it is a stand-in, why. */
    public Chosen recordIn(RunReport report) {
      report.record("cluster", cluster.describe());
      notes.forEach(note -> report.record("cluster note", note));
      return this;
    }
  }

  /** A real API server if one can be had with this effort and starts, else the mock server. */
  public static Chosen best(Effort effort) {
    return best(effort, progress -> {});
  }

  /** The same; tells {@code progress} of everything that takes a while. */
  public static Chosen best(Effort effort, Consumer<String> progress) {
    return choose(KubeApiBinaries.find(effort, progress), progress);
  }

  static Chosen choose(KubeApiBinaries found, Consumer<String> progress) {
    if (found instanceof KubeApiBinaries.Available available) {
      try {
        progress.accept("starting kube-apiserver " + available.version());
        return new Chosen(KubeApiTestCluster.start(available), List.of());
      } catch (IllegalStateException e) {
        return mock(List.of(e.getMessage()));
      }
    }
    return mock(((KubeApiBinaries.Unavailable) found).reasons());
  }

  private static Chosen mock(List<String> reasons) {
    return new Chosen(
        MockCluster.start(), reasons.stream().map(r -> "no real API server: " + r).toList());
  }
}
