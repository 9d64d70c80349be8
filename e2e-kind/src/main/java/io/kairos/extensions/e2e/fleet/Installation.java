package io.kairos.extensions.e2e.fleet;

import io.fabric8.kubernetes.client.Config;
import io.kairos.extensions.e2e.cluster.TestCluster;
import io.kairos.extensions.e2e.host.TestHost;
import io.kairos.extensions.operator.OperatorConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** How the programs are run in a cluster: as whom, and in what. */
public interface Installation {

  /** The operator's options. */
  OperatorConfig operatorConfig();

  /** As whom the operator talks to the API server; a copy. */
  Config operator();

  /** As whom a node's agent talks to it, the Node being there already; a copy. */
  Config agent(String node);

  /** The same for a program of its own. */
  Path agentKubeconfig(String node);

  /**
   * Starts the agent of a host with a real systemd.
   *
   * @param settings its environment, beside what says where it is
   * @param log where its words go
   */
  default RunningAgent startAgent(TestHost host, Map<String, String> settings, Path log)
      throws IOException {
    return RunningAgent.process(host, agentKubeconfig(host.name()), settings, log);
  }

  /** Everything is done as the cluster's administrator, and nothing of it in pods. */
  static Installation byAdministrator(TestCluster cluster) {
    return new Installation() {
      @Override
      public OperatorConfig operatorConfig() {
        return OperatorConfig.embedded();
      }

      @Override
      public Config operator() {
        return cluster.config();
      }

      @Override
      public Config agent(String node) {
        return cluster.config();
      }

      @Override
      public Path agentKubeconfig(String node) {
        return cluster.kubeconfig();
      }
    };
  }
}
