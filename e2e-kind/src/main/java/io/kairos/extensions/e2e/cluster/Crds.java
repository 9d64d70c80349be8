package io.kairos.extensions.e2e.cluster;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.kairos.extensions.api.v1alpha1.Api;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;

/** The CRDs as they are committed. */
public final class Crds {
  private Crds() {}

  /** All three. */
  public static List<CustomResourceDefinition> all() {
    return Stream.of("systemextensions", "nodeextensionpolicies", "nodeextensionstates")
        .map(plural -> "/crds/" + plural + "." + Api.GROUP + "-v1.yml")
        .map(Crds::read)
        .toList();
  }

  private static CustomResourceDefinition read(String resource) {
    try (InputStream yaml = Crds.class.getResourceAsStream(resource)) {
      return Serialization.unmarshal(yaml, CustomResourceDefinition.class);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
