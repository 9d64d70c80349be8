package io.kairos.extensions.e2e.chart;

import static org.junit.jupiter.api.Assumptions.abort;

import io.kairos.extensions.e2e.cluster.Effort;
import io.kairos.extensions.e2e.cluster.KubeApiBinaries;
import io.kairos.extensions.e2e.cluster.KubeApiTestCluster;
import io.kairos.extensions.e2e.cluster.RunReport;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A cluster that notes what the accounts of the chart do: what the chart allows, set against what
 * the API server has seen. Rows of its tables are verb, resource, where, whether RBAC allows it,
 * and what was observed.
 */
public final class RightsInUse {
  /** The user agent of a program whose requests say nothing about what an account needs. */
  public static final String THIEF = "thief";

  private static final String ROW = "%-16s %-62s %-22s %-8s %s";

  private final AuditLog log;
  private final KubeApiTestCluster cluster;

  private RightsInUse(AuditLog log, KubeApiTestCluster cluster) {
    this.log = log;
    this.cluster = cluster;
  }

  /**
   * Starts the cluster; where there is no real API server, the tests that ask for it are aborted,
   * and say why.
   *
   * @param what is to be shown
   * @param folder for the log
   */
  public static RightsInUse start(String what, Path folder)
      throws IOException, InterruptedException {
    if (!(KubeApiBinaries.find(Effort.CACHED_ONLY, progress -> {})
        instanceof KubeApiBinaries.Available binaries)) {
      String reason = "there are no rights on a stand-in for the API server";
      RunReport.ofThisBuild().record("aborted", what + ": " + reason);
      return abort(reason);
    }
    AuditLog log = AuditLog.in(folder);
    KubeApiTestCluster cluster = KubeApiTestCluster.start(binaries, log.flags());
    RunReport.ofThisBuild().record("cluster", cluster.describe());
    return new RightsInUse(log, cluster);
  }

  /** The cluster. */
  public KubeApiTestCluster cluster() {
    return cluster;
  }

  /**
   * How often each right of an account was used, in a table.
   *
   * @param rights one a line, with how often
   * @param unused those that nobody needed
   * @param missing requests that RBAC refused
   */
  public record Account(List<String> rights, List<String> unused, List<String> missing) {}

  /** What a ServiceAccount may do, and has done until now. */
  public Account of(String account) throws IOException {
    List<AuditLog.Request> requests = requests(user(account), false);
    List<String> table = new ArrayList<>();
    List<String> unused = new ArrayList<>();
    for (Right right : Right.of(Chart.ofThisBuild().objects(""), account)) {
      long count = requests.stream().filter(r -> r.allowed() && right.allows(r)).count();
      table.add(row(right, true, count + (count == 1 ? " request" : " requests")));
      if (count == 0) {
        unused.add(right.what());
      }
    }
    return new Account(
        table,
        unused,
        requests.stream()
            .filter(request -> !request.allowed())
            .map(RightsInUse::tried)
            .map(right -> right.what() + " " + right.where())
            .distinct()
            .toList());
  }

  /** What somebody with a stolen token of an account has tried, and what came of it: a table. */
  public List<String> triedByThieves(String account) throws IOException {
    return requests(user(account), true).stream()
        .map(request -> row(tried(request), request.allowed(), answer(request)))
        .distinct()
        .sorted()
        .toList();
  }

  private static String answer(AuditLog.Request request) {
    boolean past = request.allowed() && request.code() == HttpURLConnection.HTTP_FORBIDDEN;
    return request.code() + (past ? " by admission" : "");
  }

  /** The head of the tables. */
  public static String head() {
    return ROW.formatted("verb", "resource", "where", "by RBAC", "observed");
  }

  private static String row(Right right, boolean allowed, String observed) {
    return ROW.formatted(
        right.verb(), right.object(), right.where(), allowed ? "yes" : "no", observed);
  }

  private static String user(String account) {
    return "system:serviceaccount:" + Chart.NAMESPACE + ":" + account;
  }

  private List<AuditLog.Request> requests(String user, boolean thieves) throws IOException {
    return log.requests().stream()
        .filter(
            request ->
                request.user().equals(user)
                    && !request.resource().isEmpty()
                    && request.program().equals(THIEF) == thieves)
        .toList();
  }

  private static Right tried(AuditLog.Request request) {
    return new Right(
        request.namespace(), request.group(), request.resource(), request.verb(), request.name());
  }
}
