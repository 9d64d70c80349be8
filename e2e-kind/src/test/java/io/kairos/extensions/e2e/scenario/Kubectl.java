package io.kairos.extensions.e2e.scenario;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.kairos.extensions.e2e.cluster.TestCluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What a person would type; where the cluster has no kubectl, the client does the same for {@code
 * apply}.
 */
record Kubectl(TestCluster cluster, KubernetesClient client) {

  /** Applies documents. */
  void apply(String yaml) {
    if (cluster.kubectl().isPresent()) {
      run(yaml, "apply", "--server-side", "--field-manager=person", "-f", "-");
    } else {
      for (HasMetadata resource :
          client
              .load(new java.io.ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)))
              .items()) {
        client.resource(resource).createOr(existing -> existing.update());
      }
    }
  }

  /** What a command prints; it has to succeed. */
  String run(String input, String... arguments) {
    List<String> command = new ArrayList<>(List.of(cluster.kubectl().orElseThrow().toString()));
    command.addAll(List.of(arguments));
    try {
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.environment().put("KUBECONFIG", cluster.kubeconfig().toString());
      Process process = builder.start();
      try (var stdin = process.getOutputStream()) {
        stdin.write(input.getBytes(StandardCharsets.UTF_8));
      }
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException("kubectl " + String.join(" ", arguments) + ": " + said);
      }
      return said;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
