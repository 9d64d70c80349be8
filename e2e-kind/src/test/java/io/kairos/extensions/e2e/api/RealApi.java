package io.kairos.extensions.e2e.api;

import static org.junit.jupiter.api.Assumptions.abort;

import io.kairos.extensions.e2e.cluster.Crds;
import io.kairos.extensions.e2e.cluster.Effort;
import io.kairos.extensions.e2e.cluster.Kubectl;
import io.kairos.extensions.e2e.cluster.RunReport;
import io.kairos.extensions.e2e.cluster.TestCluster;
import io.kairos.extensions.e2e.cluster.TestClusters;

/** A real API server, and its kubectl. */
public record RealApi(TestCluster cluster, Kubectl kubectl) implements AutoCloseable {

  /** Starts one; where there is none, the tests that ask for it are aborted, and say why. */
  static RealApi start(String what) {
    RealApi api = bare(what);
    api.cluster().applyCrds(Crds.all());
    return api;
  }

  /** The same without our CRDs. */
  public static RealApi bare(String what) {
    TestClusters.Chosen chosen = TestClusters.best(Effort.CACHED_ONLY);
    chosen.recordIn(RunReport.ofThisBuild());
    TestCluster cluster = chosen.cluster();
    if (!cluster.real()) {
      cluster.close();
      String reason = "no schema, no kubectl on a stand-in: " + String.join("; ", chosen.notes());
      RunReport.ofThisBuild().record("aborted", what + ": " + reason);
      return abort(reason);
    }
    return new RealApi(cluster, Kubectl.of(cluster).orElseThrow());
  }

  @Override
  public void close() {
    cluster.close();
  }
}
