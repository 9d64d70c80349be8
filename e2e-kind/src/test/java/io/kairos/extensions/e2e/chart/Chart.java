package io.kairos.extensions.e2e.chart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.Release;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import java.util.zip.GZIPInputStream;

/**
 * A Helm chart in a folder or an archive, and what Helm makes of it: the real Helm, as a library.
 */
public final class Chart {
  /** The name of the release that is rendered and installed. */
  public static final String RELEASE = "sysext-operator";

  /** Its namespace. */
  public static final String NAMESPACE = "sysext-operator";

  private final Path location;

  private Chart(Path location) {
    this.location = location;
  }

  /** The chart as it is committed. */
  public static Chart ofThisBuild() {
    return new Chart(repository().resolve("charts/sysext-operator"));
  }

  /** A chart elsewhere. */
  public static Chart at(Path location) {
    return new Chart(location);
  }

  /** The folder of the whole source. */
  public static Path repository() {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isDirectory(at.resolve("charts"))) {
        return at;
      }
    }
    throw new IllegalStateException("no folder above " + Path.of("").toAbsolutePath());
  }

  /** Where it lies. */
  public Path location() {
    return location;
  }

  /** {@code helm lint --strict}. */
  public LintResult lint() {
    return new Helm(location).lint().strict().call();
  }

  /**
   * {@code helm template}. Unlike the command the library looks up what a chart asks of the
   * cluster, so it is told not to.
   *
   * @param values YAML
   * @throws IllegalStateException where Helm refuses, with what it says
   */
  public String template(String values) {
    return withFile(
        values,
        file ->
            new Helm(location)
                .template()
                .withName(RELEASE)
                .withNamespace(NAMESPACE)
                .withKubeVersion("1.30.0")
                .withValuesFile(file)
                .set("namespace.checkPodSecurity", false)
                .call());
  }

  /** The objects that {@link #template} renders, in its order; hooks are none of them. */
  public List<HasMetadata> objects(String values) {
    return parse(template(values));
  }

  /** The hooks of the release as Helm notes them in the cluster. */
  public List<HasMetadata> hooks(KubernetesClient client) {
    String release =
        client
            .secrets()
            .inNamespace(NAMESPACE)
            .withName("sh.helm.release.v1." + RELEASE + ".v1")
            .require()
            .getData()
            .get("release");
    byte[] zipped = Base64.getDecoder().decode(Base64.getDecoder().decode(release));
    try (InputStream json = new GZIPInputStream(new ByteArrayInputStream(zipped))) {
      List<HasMetadata> hooks = new ArrayList<>();
      for (JsonNode hook : new JsonMapper().readTree(json).path("hooks")) {
        hooks.addAll(parse(hook.path("manifest").asText()));
      }
      return hooks;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<HasMetadata> parse(String documents) {
    return Arrays.stream(documents.split("(?m)^---$", -1))
        .filter(document -> !document.replaceAll("(?m)^\\s*(#.*)?$", "").isBlank())
        .map(document -> Serialization.<HasMetadata>unmarshal(document, HasMetadata.class))
        .toList();
  }

  /** {@code helm install --create-namespace}, by the administrator of a cluster. */
  public Release install(Path kubeconfig, String values) {
    return withFile(
        values,
        file ->
            new Helm(location)
                .install()
                .withName(RELEASE)
                .withNamespace(NAMESPACE)
                .createNamespace()
                .withKubeConfig(kubeconfig)
                .withValuesFile(file)
                .call());
  }

  /** {@code helm upgrade}. */
  public Release upgrade(Path kubeconfig, String values) {
    return withFile(
        values,
        file ->
            new Helm(location)
                .upgrade()
                .withName(RELEASE)
                .withNamespace(NAMESPACE)
                .withKubeConfig(kubeconfig)
                .withValuesFile(file)
                .call());
  }

  /**
   * {@code helm uninstall}.
   *
   * @throws IllegalStateException where Helm refuses, with what it says
   */
  public void uninstall(Path kubeconfig) {
    Helm.uninstall(RELEASE).withNamespace(NAMESPACE).withKubeConfig(kubeconfig).call();
  }

  private static <T> T withFile(String values, Function<Path, T> use) {
    try {
      Path file = Files.createTempFile("values-", ".yaml");
      try {
        Files.writeString(file, values);
        return use.apply(file);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
