package io.kairos.extensions.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;

/** The operator as a process of its own. Ends when the lease is lost, to be started anew. */
public final class OperatorMain {
  private static final int USAGE_ERROR = 2;
  private static final Duration UNINSTALL_PATIENCE = Duration.ofMinutes(2);

  private OperatorMain() {}

  /** Runs until it is told to stop, or the lease is lost; see {@code --help}. */
  public static void main(String... arguments) {
    if (Arrays.asList(arguments).contains("--help")) {
      System.out.print(OperatorConfig.USAGE);
      return;
    }
    quietLogs();
    if (Arrays.asList(arguments).contains("--uninstall-check")) {
      checkUninstall();
      return;
    }
    OperatorConfig config;
    try {
      config = OperatorConfig.from(System.getenv(), arguments);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.err.print(OperatorConfig.USAGE);
      System.exit(USAGE_ERROR);
      return;
    }
    Probes.limitRequests();
    KubernetesClient client = new KubernetesClientBuilder().build();
    SysextOperator operator = SysextOperator.start(client, config, Clock.systemUTC());
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  operator.close();
                  client.close();
                },
                "shutdown"));
    operator.lost().toCompletableFuture().join();
    System.exit(1); // within a shutdown this waits for its end, and the first exit code stays
  }

  private static void checkUninstall() {
    try (KubernetesClient client = new KubernetesClientBuilder().build()) {
      UninstallCheck.obstacle(client, UNINSTALL_PATIENCE)
          .ifPresent(
              obstacle -> {
                System.err.println("not uninstalled: " + obstacle);
                System.exit(1);
              });
    } catch (InterruptedException e) {
      System.exit(1);
    }
  }

  /** Defaults that {@code -Dorg.slf4j.simpleLogger…} overrides; read with the first logger. */
  private static void quietLogs() {
    setDefault("defaultLogLevel", "warn");
    setDefault("log.io.kairos", "info");
    // That the API is v1alpha1, that a probe came before the caches were there, and that the API
    // server hung up first on a watch that it had ended, is no trouble: the watch begins anew.
    setDefault("log.io.fabric8.kubernetes.client.dsl.internal.VersionUsageUtils", "error");
    setDefault("log.io.javaoperatorsdk.operator.RuntimeInfo", "error");
    setDefault("log.io.fabric8.kubernetes.client.jdkhttp.JdkWebSocketImpl", "error");
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
