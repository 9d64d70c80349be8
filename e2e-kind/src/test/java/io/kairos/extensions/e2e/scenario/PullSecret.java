package io.kairos.extensions.e2e.scenario;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.kairos.extensions.e2e.chart.Chart;
import java.util.Map;

/** The Secret {@code registry} of the operator's namespace, to which extensions may refer. */
final class PullSecret {
  private PullSecret() {}

  /** With this password. */
  static Secret with(String password) {
    return new SecretBuilder()
        .withNewMetadata()
        .withNamespace(Chart.NAMESPACE)
        .withName("registry")
        .endMetadata()
        .withType("kubernetes.io/basic-auth")
        .withStringData(Map.of("username", "u", "password", password))
        .build();
  }
}
