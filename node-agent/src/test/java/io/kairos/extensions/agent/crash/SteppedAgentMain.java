package io.kairos.extensions.agent.crash;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.kairos.extensions.agent.Agent;
import io.kairos.extensions.agent.AgentConfig;
import io.kairos.extensions.agent.host.SystemdHost;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.store.HostPaths;
import io.kairos.extensions.agent.store.StoreLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.TimeUnit;

/**
 * The agent as a program, as {@code AgentMain} makes it, with a {@link StepGate} at every change
 * that it makes to the host: the seams are the file system of the host's root and {@code Host}, so
 * that the product has no part in it. Its environment is the agent's, and {@code STEPS_FOLDER}, the
 * folder of the gate, and {@code STEPS_KAIROS}, whether the host is one of Kairos. The end-to-end
 * tests start it, by name, and kill it.
 */
public final class SteppedAgentMain {
  private static final int LOOK_MILLIS = 100;

  private SteppedAgentMain() {}

  /**
   * Runs until the process is killed, or the gate's folder has a file {@code end}.
   *
   * @param args none
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    AgentConfig config = AgentConfig.from(System.getenv());
    HostPaths paths = new HostPaths(config.hostRoot());
    Path folder = Path.of(System.getenv("STEPS_FOLDER"));
    StepGate gate =
        new StepGate(
            folder,
            StoreLayout.of(
                Boolean.parseBoolean(System.getenv("STEPS_KAIROS")), paths, ExtensionClass.SYSEXT));
    AgentConfig gated =
        config.toBuilder().hostRoot(new HookedFileSystem(gate).path(config.hostRoot())).build();
    try (KubernetesClient client = new KubernetesClientBuilder().build();
        Agent agent =
            Agent.start(
                gated, client, new SteppedHost(new SystemdHost(paths), gate), Clock.systemUTC())) {
      System.out.println(agent.getClass().getSimpleName() + " with a gate at every step");
      while (!Files.exists(folder.resolve("end"))) {
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      }
    }
    System.exit(0);
  }
}
