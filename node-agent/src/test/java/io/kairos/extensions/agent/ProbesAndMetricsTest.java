package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.kairos.extensions.api.v1alpha1.Phase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the kubelet and Prometheus get to see of an agent, over a real socket. */
class ProbesAndMetricsTest extends AgentScenario {
  @BeforeEach
  void serve() {
    probes = Optional.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  @Test
  void workIsCounted() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    shows("sysext_agent_apply_total{result=\"succeeded\"} 1.0");
    shows("sysext_agent_apply_total{result=\"failed\"} 0.0");
    shows("sysext_agent_drift_total 0.0");
    shows("sysext_agent_download_bytes_total 0.0"); // file:// is no network
    shows("sysext_build_info{program=\"agent\",version=");

    Files.delete(folder.layout().store().resolve("active/tool.raw"));
    shows("sysext_agent_drift_total 1.0");
    host.bad(tool.sha256(2));
    want(tool.live(2));
    awaitPhase(Phase.FAILED, 2);
    shows("sysext_agent_apply_total{result=\"failed\"} ");
    assertThat(get("/metrics").body())
        .doesNotContain("sysext_agent_apply_total{result=\"failed\"} 0.0");
  }

  @Test
  void itIsReadyOnceItKnowsWhatShallBeAndCanLookAtTheHost() throws Exception {
    want(tool.live(1));
    start();
    awaitPhase(Phase.ACTIVE, 1);
    assertThat(get("/readyz").statusCode()).isEqualTo(200);
    assertThat(get("/livez").statusCode()).isEqualTo(200);

    host.silent(true);
    await()
        .untilAsserted(
            () -> {
              HttpResponse<String> answer = get("/readyz");
              assertThat(answer.statusCode()).isEqualTo(503);
              assertThat(answer.body()).contains("bus");
            });
    assertThat(get("/livez").statusCode()).as("a restart mends no host").isEqualTo(200);

    host.silent(false);
    await().untilAsserted(() -> assertThat(get("/readyz").statusCode()).isEqualTo(200));
  }

  @Test
  void requestsThatAreNeverFinishedKeepNobodyWaiting() throws Exception {
    want(tool.live(1));
    start();
    int port = agent.probePort().orElseThrow();
    try (Socket one = new Socket(InetAddress.getLoopbackAddress(), port);
        Socket other = new Socket(InetAddress.getLoopbackAddress(), port)) {
      one.getOutputStream().write("GET /livez HT".getBytes(StandardCharsets.US_ASCII));
      other.getOutputStream().write("GET /livez HT".getBytes(StandardCharsets.US_ASCII));
      assertThat(get("/livez").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void itIsNotReadyBeforeTheHostHasSaidWhoItIs() throws Exception {
    CompletableFuture<Void> identified = new CompletableFuture<>();
    host.identifiesAfter(identified);
    try {
      want(tool.live(1));
      start();
      await()
          .untilAsserted(
              () -> assertThat(get("/readyz").body()).contains("has not said yet who it is"));
      assertThat(get("/readyz").statusCode()).isEqualTo(503);
    } finally {
      identified.complete(null);
    }
    await().untilAsserted(() -> assertThat(get("/readyz").statusCode()).isEqualTo(200));
  }

  @Test
  void aPortThatIsTakenIsSaidAtOnce() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      probes =
          Optional.of(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), taken.getLocalPort()));
      assertThatThrownBy(this::start)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("cannot serve probes on")
          .hasMessageContaining(String.valueOf(taken.getLocalPort()));
    }
  }

  private void shows(String line) {
    await().untilAsserted(() -> assertThat(get("/metrics").body()).contains(line));
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + agent.probePort().orElseThrow() + path))
                .timeout(Duration.ofSeconds(20))
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }
}
