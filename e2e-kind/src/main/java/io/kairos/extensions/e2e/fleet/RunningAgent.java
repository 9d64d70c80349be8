package io.kairos.extensions.e2e.fleet;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.kairos.extensions.agent.Agent;
import io.kairos.extensions.agent.AgentConfig;
import io.kairos.extensions.agent.AgentMain;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.e2e.cluster.TestCluster;
import io.kairos.extensions.e2e.host.TestHost;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A node's agent, running. Closing it is a SIGKILL where it is a process. */
interface RunningAgent extends AutoCloseable {

  /** Whether it still runs. */
  boolean isAlive();

  @Override
  void close();

  /** The production program in a process of its own, for a host with a real systemd. */
  static RunningAgent process(
      TestHost host, TestCluster cluster, Map<String, String> settings, Path log)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx96m",
                "-cp",
                ClassPath.current(),
                AgentMain.class.getName()));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(settings);
    builder.environment().put("NODE_NAME", host.name());
    builder.environment().put("HOST_ROOT", host.root().toString());
    builder.environment().put("KUBECONFIG", cluster.kubeconfig().toString());
    builder
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.redirectInput(new File("/dev/null"));
    Process process = builder.start();
    return new RunningAgent() {
      @Override
      public boolean isAlive() {
        return process.isAlive();
      }

      @Override
      public void close() {
        process.destroyForcibly();
        process.onExit().join();
      }
    };
  }

  /** The agent in this process, for a plain directory. */
  static RunningAgent inProcess(TestHost host, TestCluster cluster, AgentConfig config)
      throws IOException {
    KubernetesClient client = new KubernetesClientBuilder().withConfig(cluster.config()).build();
    Agent agent =
        Agent.start(
            config, client, new PlainMerge(new StoreLayout(config.hostRoot())), Clock.systemUTC());
    return new RunningAgent() {
      @Override
      public boolean isAlive() {
        return true;
      }

      @Override
      public void close() {
        agent.close();
        client.close();
      }
    };
  }
}
