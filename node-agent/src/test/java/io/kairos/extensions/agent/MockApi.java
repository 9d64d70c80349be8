package io.kairos.extensions.agent;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.zjsonpatch.JsonPatchException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Fabric8's mock server with what the plain one lacks here: one write at a time, so that none is
 * lost, and an answer to a JSON patch whose test fails.
 */
public final class MockApi implements AutoCloseable {
  private static final int UNPROCESSABLE = 422;
  private static final int INTERNAL_ERROR = 500;

  private final Dispatcher dispatcher = new Dispatcher();
  private final KubernetesMockServer server;
  private final List<KubernetesClient> clients = new CopyOnWriteArrayList<>();

  /** A patch as it came. */
  public record Patch(String path, String body) {}

  /** Starts one on the loopback interface. */
  public MockApi() {
    ObjectMapper mapper = new ObjectMapper();
    var unused = new KubernetesSerialization(mapper, true);
    server =
        new KubernetesMockServer(
            new Context(mapper), new MockWebServer(), new HashMap<>(), dispatcher, false);
    server.init(InetAddress.getLoopbackAddress(), 0);
  }

  /** Another client of it. */
  public KubernetesClient client() {
    KubernetesClient client =
        server.createClient(
            builder ->
                builder.withConfig(
                    new ConfigBuilder(Config.empty())
                        .withMasterUrl("http://127.0.0.1:" + server.getPort() + "/")
                        .withHttp2Disable(true)
                        .build()));
    clients.add(client);
    return client;
  }

  /** The patches that came. */
  public List<Patch> patches() {
    return List.copyOf(dispatcher.patches);
  }

  @Override
  public void close() {
    clients.forEach(KubernetesClient::close);
    try {
      server.destroy();
    } catch (IllegalStateException e) {
      if (!(e.getCause() instanceof TimeoutException)) {
        throw e;
      }
      // it waited in vain for a connection that both ends were closing; it is closed by now
    }
  }

  private static final class Dispatcher extends KubernetesCrudDispatcher {
    private final List<Patch> patches = new CopyOnWriteArrayList<>();
    private final ReentrantLock writes = new ReentrantLock();

    @Override
    public MockResponse dispatch(RecordedRequest request) {
      return switch (request.method()) {
        case PUT, PATCH, DELETE, POST -> {
          writes.lock();
          try {
            yield write(request);
          } finally {
            writes.unlock();
          }
        }
        default -> super.dispatch(request);
      };
    }

    private MockResponse write(RecordedRequest request) {
      if (request.getPath().endsWith("/status")) {
        String body = new String(request.getBody().getBytes(), StandardCharsets.UTF_8);
        patches.add(new Patch(request.getPath(), body));
      }
      try {
        return super.dispatch(request);
      } catch (JsonPatchException e) {
        return new MockResponse().setResponseCode(UNPROCESSABLE).setBody(e.getMessage());
      } catch (RuntimeException e) { // which would leave the client without any answer
        return new MockResponse().setResponseCode(INTERNAL_ERROR).setBody(String.valueOf(e));
      }
    }
  }
}
