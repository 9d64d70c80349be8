package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.agent.fetch.ScriptedServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program in a process, with the environment that a pod gives it. */
class AgentMainTest {
  @TempDir private Path folder;

  private final Set<String> asked = ConcurrentHashMap.newKeySet();

  /** What leads downloads out of the site does not lead to the API server, which is in it. */
  @Test
  void aProxyIsForDownloadsAlone() throws Exception {
    try (ScriptedServer api =
            new ScriptedServer(
                (request, out) -> {
                  asked.add(request.path());
                  ScriptedServer.head(out, "503 Service Unavailable", "Content-Length: 0");
                });
        ServerSocket proxy = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Process agent =
          start(
              api.url(""),
              Map.of(
                  "HTTP_PROXY", "http://127.0.0.1:" + proxy.getLocalPort(),
                  "HTTPS_PROXY", "http://127.0.0.1:" + proxy.getLocalPort(),
                  "NO_PROXY", "*.cluster.local, 10.0.0.0/8"));
      try {
        await()
            .atMost(Duration.ofMinutes(1))
            .untilAsserted(
                () -> {
                  assertThat(agent.isAlive()).as(Files.readString(folder.resolve("log"))).isTrue();
                  assertThat(asked).anyMatch(path -> path.contains("/nodeextensionstates"));
                });
      } finally {
        agent.destroyForcibly().waitFor();
      }
    }
  }

  private Process start(String api, Map<String, String> environment) throws IOException {
    Path kubeconfig =
        Files.writeString(
            folder.resolve("kubeconfig"),
            """
            apiVersion: v1
            kind: Config
            current-context: test
            clusters: [{name: test, cluster: {server: "%s"}}]
            contexts: [{name: test, context: {cluster: test, user: test}}]
            users: [{name: test, user: {token: t}}]
            """
                .formatted(api));
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx96m",
            "-cp",
            System.getProperty("java.class.path"),
            AgentMain.class.getName());
    builder.environment().putAll(environment);
    builder.environment().put("NODE_NAME", "node-1");
    builder.environment().put("HOST_ROOT", folder.resolve("host").toString());
    builder.environment().put("KUBECONFIG", kubeconfig.toString());
    return builder.redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile()).start();
  }
}
