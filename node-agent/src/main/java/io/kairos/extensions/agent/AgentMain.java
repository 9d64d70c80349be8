package io.kairos.extensions.agent;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.kairos.extensions.agent.host.SystemdHost;
import io.kairos.extensions.agent.store.HostPaths;
import java.io.IOException;
import java.time.Clock;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent as a program: configured by its environment, see {@link AgentConfig}; ends on SIGTERM.
 */
public final class AgentMain {
  private static final Logger LOG = LoggerFactory.getLogger(AgentMain.class);

  private static final String TUNNELING = "jdk.http.auth.tunneling.disabledSchemes";

  private AgentMain() {}

  /**
   * Runs until the process is told to end.
   *
   * @param args none
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    // The JDK sends no user name to a proxy that it asks for a tunnel, unless told to, at the
    // start.
    if (System.getProperty(TUNNELING) == null) {
      System.setProperty(TUNNELING, "");
    }
    AgentConfig config;
    try {
      config = AgentConfig.from(System.getenv());
    } catch (IllegalArgumentException e) {
      System.err.println("node-agent: " + e.getMessage());
      System.exit(2);
      return;
    }
    CountDownLatch end = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(end::countDown, "shutdown"));
    try (KubernetesClient client = new KubernetesClientBuilder().build();
        Agent agent =
            Agent.start(
                config,
                client,
                new SystemdHost(new HostPaths(config.hostRoot())),
                Clock.systemUTC())) {
      LOG.info("{} looks after node {}", agent.getClass().getSimpleName(), config.nodeName());
      end.await();
    }
  }
}
