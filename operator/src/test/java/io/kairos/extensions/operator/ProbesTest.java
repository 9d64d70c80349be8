package io.kairos.extensions.operator;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the kubelet gets to see of an operator, over a real socket. */
class ProbesTest {
  @Test
  void requestsThatAreNeverFinishedKeepNobodyWaiting() throws Exception {
    try (Probes probes = Probes.serve(0, Optional::empty, Optional::empty, () -> "");
        Socket one = new Socket(InetAddress.getLoopbackAddress(), probes.port());
        Socket other = new Socket(InetAddress.getLoopbackAddress(), probes.port())) {
      one.getOutputStream().write("GET /livez HT".getBytes(StandardCharsets.US_ASCII));
      other.getOutputStream().write("GET /livez HT".getBytes(StandardCharsets.US_ASCII));
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + probes.port() + "/livez"))
              .timeout(Duration.ofSeconds(20))
              .build();
      assertThat(
              HttpClient.newHttpClient()
                  .send(request, HttpResponse.BodyHandlers.ofString())
                  .statusCode())
          .isEqualTo(200);
    }
  }
}
