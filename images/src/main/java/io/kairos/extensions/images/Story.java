package io.kairos.extensions.images;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.e2e.fleet.Fleet;
import io.kairos.extensions.e2e.fleet.FleetNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Both programs at work in their images, on a real API server: the operator plans for a node, and
 * the node's agent says that it finds no host, as there is none in its pod.
 */
final class Story {
  private static final String NODE = "trained";
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final Api api;
  private final Map<Program, Integer> ports = new HashMap<>();

  Story(Api api) throws IOException {
    this.api = api;
    for (Program program : List.of(Program.OPERATOR, Program.AGENT)) {
      ports.put(program, freePort());
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /**
   * Starts a program.
   *
   * @param flags of the JVM, before the image's own arguments
   */
  ImagePod start(
      Program program, String layers, List<ImagePod.Mount> mounts, List<String> flags, Path log)
      throws IOException {
    Map<String, String> environment = new HashMap<>(api.environment());
    environment.put("NODE_NAME", NODE);
    environment.put("PROBE_PORT", String.valueOf(ports.get(program)));
    List<String> command = new java.util.ArrayList<>(List.of(ImageFolders.JAVA + "/bin/java"));
    command.addAll(flags);
    command.add("@" + ImageFolders.ARGUMENTS);
    List<ImagePod.Mount> all = new java.util.ArrayList<>(mounts);
    all.add(api.account());
    return ImagePod.start(layers, program.user(), all, environment, command, log);
  }

  /** Makes work: a Node, an extension, a policy that gives the one to the other. */
  void begin() throws IOException {
    KubernetesClient client = api.client();
    if (client.nodes().withName(NODE).get() == null) {
      FleetNode.register(client, FleetNode.node(NODE, Fleet.architecture(), Map.of()));
    }
    give(client, "activation: Live");
  }

  /**
   * Makes an extension, whose image is nowhere, and a policy that gives it to all nodes.
   *
   * @param more of the policy's spec, YAML
   */
  static void give(KubernetesClient client, String more) {
    client
        .load(
            new ByteArrayInputStream(
                """
                apiVersion: extensions.kairos.io/v1alpha1
                kind: SystemExtension
                metadata: {name: hello}
                spec:
                  version: 1.0.0
                  images: [{url: "https://extensions.example.org/hello.raw", sha256: "%s"}]
                ---
                apiVersion: extensions.kairos.io/v1alpha1
                kind: NodeExtensionPolicy
                metadata: {name: base}
                spec: {nodeSelector: {}, extensions: [{name: hello}], %s}
                """
                    .formatted("ab".repeat(32), more)
                    .getBytes(StandardCharsets.UTF_8)))
        .serverSideApply();
  }

  /** Until the program says that it is ready. */
  void awaitReady(Program program, ImagePod pod) throws IOException {
    await(program.image(), pod, () -> isReady(ports.get(program)));
  }

  /** Until the operator has told the node what to do. */
  void awaitAssigned(ImagePod operator) throws IOException {
    await(
        "an assignment",
        operator,
        () -> {
          NodeExtensionState state = state();
          return state != null && !state.getSpec().assignments().isEmpty();
        });
  }

  /** Until the agent has told what it finds. */
  void awaitReported(ImagePod agent) throws IOException {
    await(
        "a report",
        agent,
        () -> {
          NodeExtensionState state = state();
          return state != null && !state.getStatus().conditions().isEmpty();
        });
  }

  private NodeExtensionState state() {
    return api.client().resources(NodeExtensionState.class).withName(NODE).get();
  }

  private static void await(String what, ImagePod pod, BooleanSupplier condition)
      throws IOException {
    try {
      org.awaitility.Awaitility.await(what)
          .atMost(PATIENCE)
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(10))
          .until(() -> condition.getAsBoolean() || !pod.isAlive());
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      throw new IOException("waited in vain for " + what + ": " + pod.said(), e);
    }
    if (!pod.isAlive()) {
      throw new IOException("the program ended before " + what + ": " + pod.said());
    }
  }

  private static boolean isReady(int port) {
    try {
      HttpURLConnection probe =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + port + "/readyz").toURL().openConnection();
      probe.setConnectTimeout(1_000);
      probe.setReadTimeout(5_000);
      try {
        return probe.getResponseCode() == HttpURLConnection.HTTP_OK;
      } finally {
        probe.disconnect();
      }
    } catch (IOException notYet) {
      return false;
    }
  }
}
