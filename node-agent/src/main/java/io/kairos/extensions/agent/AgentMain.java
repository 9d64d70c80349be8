package io.kairos.extensions.agent;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.kairos.extensions.agent.host.SystemdHost;
import io.kairos.extensions.agent.serve.Probes;
import io.kairos.extensions.agent.store.HostPaths;
import java.io.IOException;
import java.time.Clock;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent as a program: configured by its environment, see {@link AgentConfig}. It ends on
 * SIGTERM wherever it is, as it may be killed anywhere: the next one finishes what is half done.
 */
public final class AgentMain {
  private static final String TUNNELING = "jdk.http.auth.tunneling.disabledSchemes";

  private AgentMain() {}

  /**
   * Runs until the process is told to end.
   *
   * @param args none
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    formatLogs();
    // The JDK sends no user name to a proxy that it asks for a tunnel, unless told to, at the
    // start.
    if (System.getProperty(TUNNELING) == null) {
      System.setProperty(TUNNELING, "");
    }
    Probes.limitRequests();
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
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(apiServer()).build();
        Agent agent =
            Agent.start(
                config,
                client,
                new SystemdHost(new HostPaths(config.hostRoot())),
                Clock.systemUTC())) {
      Logger log = LoggerFactory.getLogger(AgentMain.class);
      log.info("looks after node {}", config.nodeName());
      agent.probePort().ifPresent(port -> log.info("serves probes and metrics on port {}", port));
      end.await();
    }
  }

  /**
   * How to reach the API server: by whatever the pod or a kubeconfig says, but never through the
   * proxy, which is for downloads ({@link AgentConfig}). The client would take it from the same
   * variables, and read NO_PROXY by rules of its own.
   */
  private static Config apiServer() {
    Config config = Config.autoConfigure(null);
    config.setHttpProxy(null);
    config.setHttpsProxy(null);
    config.setNoProxy(null);
    return config;
  }

  /** Defaults that {@code -Dorg.slf4j.simpleLogger…} overrides; read with the first logger. */
  private static void formatLogs() {
    setDefault("defaultLogLevel", "warn");
    setDefault("log.io.kairos", "info");
    // That the API is v1alpha1 is no trouble.
    setDefault("log.io.fabric8.kubernetes.client.dsl.internal.VersionUsageUtils", "error");
    setDefault("showDateTime", "true");
    setDefault("dateTimeFormat", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX");
    setDefault("showThreadName", "false");
    setDefault("showShortLogName", "true");
  }

  private static void setDefault(String key, String value) {
    String property = "org.slf4j.simpleLogger." + key;
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }
}
