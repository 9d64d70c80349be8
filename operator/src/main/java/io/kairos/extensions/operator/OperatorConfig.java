package io.kairos.extensions.operator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How an operator runs.
 *
 * @param leaderElection whether to work only while holding the lease
 * @param leaseNamespace the operator's namespace: of the lease, and of the Secrets and ConfigMaps
 *     that extensions refer to
 * @param leaseName the name of the lease
 * @param probePort the port of {@code /livez}, {@code /readyz} and {@code /metrics}; 0 for any that
 *     is free, negative for none
 * @param nodeName the Node that it runs on, which comes last in every rollout; empty where it does
 *     not know
 */
public record OperatorConfig(
    boolean leaderElection,
    String leaseNamespace,
    String leaseName,
    int probePort,
    String nodeName) {

  /** What {@code --help} prints. */
  static final String USAGE =
      """
      Options, each also as an environment variable:
        --leader-election=true|false  LEADER_ELECTION   work only while holding the lease (true)
        --lease-namespace=NAME        LEASE_NAMESPACE   also of pull secrets and CA bundles; default: POD_NAMESPACE, or the service account's
        --lease-name=NAME             LEASE_NAME        default: sysext-operator
        --probe-port=PORT             PROBE_PORT        /livez, /readyz and /metrics (8081); negative: none
        --node-name=NAME              NODE_NAME         the Node it runs on: the last one in every rollout
        --uninstall-check             no operator: fails and says why while there is something that only one can finish
        --help
      """;

  private static final String DEFAULT_LEASE = "sysext-operator";
  private static final int DEFAULT_PROBE_PORT = 8081;
  private static final Path SERVICE_ACCOUNT_NAMESPACE =
      Path.of("/var/run/secrets/kubernetes.io/serviceaccount/namespace");

  /** No leader election and no probes: for an operator within another program. */
  public static OperatorConfig embedded() {
    return new OperatorConfig(false, "default", DEFAULT_LEASE, -1, "");
  }

  /**
   * Options from the environment and, stronger, from the command line.
   *
   * @throws IllegalArgumentException for what is no option, or no value of one
   */
  public static OperatorConfig from(Map<String, String> environment, String... arguments) {
    Map<String, String> options = new LinkedHashMap<>();
    for (String name :
        new String[] {
          "leader-election", "lease-namespace", "lease-name", "probe-port", "node-name"
        }) {
      options.put(name, environment.getOrDefault(variable(name), ""));
    }
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      String name = argument.startsWith("--") && equals > 2 ? argument.substring(2, equals) : "";
      if (!options.containsKey(name)) {
        throw new IllegalArgumentException("no such option: " + argument);
      }
      options.put(name, argument.substring(equals + 1));
    }
    return new OperatorConfig(
        bool(options, "leader-election"),
        options.get("lease-namespace").isEmpty()
            ? namespace(environment)
            : options.get("lease-namespace"),
        options.get("lease-name").isEmpty() ? DEFAULT_LEASE : options.get("lease-name"),
        port(options, "probe-port"),
        options.get("node-name"));
  }

  private static String variable(String option) {
    return option.replace('-', '_').toUpperCase(java.util.Locale.ROOT);
  }

  private static boolean bool(Map<String, String> options, String name) {
    return switch (options.get(name)) {
      case "", "true" -> true;
      case "false" -> false;
      default ->
          throw new IllegalArgumentException(name + " is true or false, not " + options.get(name));
    };
  }

  private static int port(Map<String, String> options, String name) {
    String value = options.get(name);
    try {
      return value.isEmpty() ? DEFAULT_PROBE_PORT : Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + " is a number, not " + value, e);
    }
  }

  private static String namespace(Map<String, String> environment) {
    String pod = environment.getOrDefault("POD_NAMESPACE", "");
    if (!pod.isEmpty()) {
      return pod;
    }
    try {
      return Files.readString(SERVICE_ACCOUNT_NAMESPACE).strip();
    } catch (IOException e) {
      return "default"; // not in a pod
    }
  }
}
