package io.kairos.extensions.e2e.fleet;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.kairos.extensions.agent.Agent;
import io.kairos.extensions.agent.AgentConfig;
import io.kairos.extensions.agent.AgentMain;
import io.kairos.extensions.agent.store.HostPaths;
import io.kairos.extensions.e2e.host.TestHost;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A node's agent, running. Closing it is a SIGKILL where it is a process. */
public interface RunningAgent extends AutoCloseable {

  /** Whether it still runs. */
  boolean isAlive();

  @Override
  void close();

  /**
   * The production program in a process of its own, for a host with a real systemd. With the JVM's
   * quick compiler alone: it lives for a minute, and the machine has other things to do. That one
   * does not know the processor's instructions for SHA-256 and AES, so a download by https takes
   * five to ten times as long: no matter for the images of scenarios, of some KiB, but nothing to
   * measure a download with.
   */
  static RunningAgent process(
      TestHost host, Path kubeconfig, Map<String, String> settings, Path log) throws IOException {
    return process(
        host,
        kubeconfig,
        settings,
        log,
        List.of("-cp", ClassPath.current(), AgentMain.class.getName()));
  }

  /**
   * A program that takes the settings of the agent.
   *
   * @param program what the JVM is told: its class path, and the class
   */
  static RunningAgent process(
      TestHost host, Path kubeconfig, Map<String, String> settings, Path log, List<String> program)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx96m"));
    command.addAll(program);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(settings);
    builder.environment().put("NODE_NAME", host.name());
    builder.environment().put("HOST_ROOT", host.root().toString());
    builder.environment().put("KUBECONFIG", kubeconfig.toString());
    builder
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.redirectInput(new File("/dev/null"));
    return of(builder.start());
  }

  /** A process that is the agent. */
  static RunningAgent of(Process process) {
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

  /**
   * The agent in this process, for a plain directory.
   *
   * @param client closes with the agent
   */
  static RunningAgent inProcess(AgentConfig config, KubernetesClient client) throws IOException {
    Agent agent =
        Agent.start(
            config, client, new PlainMerge(new HostPaths(config.hostRoot())), Clock.systemUTC());
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
