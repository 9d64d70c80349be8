package io.kairos.extensions.e2e.chart;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the API server's own audit log says of the requests of ServiceAccounts: every one of them,
 * whatever program made it and however it went.
 */
final class AuditLog {
  private static final JsonMapper JSON = new JsonMapper();

  private final Path file;

  private AuditLog(Path file) {
    this.file = file;
  }

  /**
   * One request.
   *
   * @param user who
   * @param verb as RBAC calls it
   * @param namespace empty for an object without one
   * @param group the API group, empty for the core's
   * @param resource the plural, with {@code /subresource}; empty for a path that is no resource
   * @param name of the object, empty for none
   * @param allowed what RBAC said
   * @param code what was answered, of HTTP
   * @param program that made it, as it calls itself
   */
  record Request(
      String user,
      String verb,
      String namespace,
      String group,
      String resource,
      String name,
      boolean allowed,
      int code,
      String program) {}

  /** A log in a folder, and the policy for it. */
  static AuditLog in(Path folder) throws IOException {
    Files.writeString(
        folder.resolve("audit-policy.yaml"),
        """
        apiVersion: audit.k8s.io/v1
        kind: Policy
        omitStages: [RequestReceived]
        rules:
        - {level: Metadata, userGroups: ["system:serviceaccounts"]}
        - {level: None}
        """);
    return new AuditLog(folder.resolve("audit.log"));
  }

  /** What kube-apiserver has to be told. */
  List<String> flags() {
    return List.of(
        "--audit-log-path=" + file,
        "--audit-policy-file=" + file.resolveSibling("audit-policy.yaml"));
  }

  /** All requests so far; a line that is just being written is left for the next time. */
  List<Request> requests() throws IOException {
    List<Request> requests = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      try {
        requests.add(request(JSON.readTree(line)));
      } catch (JsonProcessingException half) {
        break;
      }
    }
    return requests;
  }

  private static Request request(JsonNode event) {
    JsonNode object = event.path("objectRef");
    String subresource = object.path("subresource").asText("");
    return new Request(
        event.path("user").path("username").asText(),
        event.path("verb").asText(),
        object.path("namespace").asText(""),
        object.path("apiGroup").asText(""),
        object.path("resource").asText("") + (subresource.isEmpty() ? "" : "/" + subresource),
        object.path("name").asText(""),
        event.path("annotations").path("authorization.k8s.io/decision").asText().equals("allow"),
        event.path("responseStatus").path("code").asInt(),
        event.path("userAgent").asText());
  }
}
