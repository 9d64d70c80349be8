package io.kairos.extensions.e2e.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.crud.KubernetesCrudDispatcherException;
import io.fabric8.mockwebserver.crud.AttributeSet;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.zjsonpatch.JsonPatchException;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The mock server's memory with the preconditions that an API server keeps and it does not: a
 * write, of the status too, that names a resourceVersion or a uid other than the object's is a
 * conflict, likewise a deletion; a JSON patch whose test fails is refused instead of breaking the
 * connection.
 */
final class StricterDispatcher extends KubernetesCrudDispatcher {

  private static final int UNPROCESSABLE = 422;

  /** So that nothing comes between a check and its write. */
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
    try {
      check(request);
      return super.dispatch(request);
    } catch (KubernetesCrudDispatcherException e) {
      return new MockResponse().setResponseCode(e.getCode()).setBody(e.toStatusBody());
    } catch (JsonPatchException e) {
      return new MockResponse()
          .setResponseCode(UNPROCESSABLE)
          .setBody(
              new KubernetesCrudDispatcherException(
                      "the server rejected our request due to an error in our request: "
                          + e.getMessage(),
                      UNPROCESSABLE)
                  .toStatusBody());
    }
  }

  private void check(RecordedRequest request) throws KubernetesCrudDispatcherException {
    // Not getUtf8Body(): what has been read that way is gone.
    String body = new String(request.getBody().getBytes(), StandardCharsets.UTF_8);
    if (body.isBlank()) {
      return;
    }
    JsonNode sent = asNode(body);
    JsonNode expected =
        switch (request.method()) {
          case PUT, PATCH ->
              sent.path("metadata"); // a JSON patch is a list: it has none and tests for itself
          case DELETE -> sent.path("preconditions");
          default -> sent.path("");
        };
    if (expected.isMissingNode()) {
      return;
    }
    AttributeSet key = getKey(request.getPath());
    Map.Entry<AttributeSet, String> found = findResource(key);
    if (found == null) {
      return;
    }
    JsonNode actual = asNode(found).path("metadata");
    for (String field : List.of("uid", "resourceVersion")) {
      String wanted = expected.path(field).asText("");
      if (!wanted.isEmpty() && !wanted.equals(actual.path(field).asText())) {
        throw new KubernetesCrudDispatcherException(
            "Operation cannot be fulfilled on \"%s\": the object has been modified: %s is %s, not %s"
                .formatted(
                    actual.path("name").asText(), field, actual.path(field).asText(), wanted),
            HttpURLConnection.HTTP_CONFLICT);
      }
    }
  }
}
