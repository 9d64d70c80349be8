package io.kairos.extensions.e2e.sandbox;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.ExtensionImage;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The sample resources: what a user applies, but for the addresses and digests of the images.
 *
 * @param extensions the extensions
 * @param policies which nodes get them; each of them all
 */
record Samples(List<SystemExtension> extensions, List<NodeExtensionPolicy> policies) {
  private static final Path FOLDER = Path.of("manifests", "samples");
  private static final KubernetesSerialization YAML = new KubernetesSerialization();

  Samples {
    extensions = List.copyOf(extensions);
    policies = List.copyOf(policies);
  }

  /**
   * Where an image can be had.
   *
   * @param url its address
   * @param sha256 its digest
   */
  record Location(String url, String sha256) {}

  /** Says where an extension's image can be had. */
  interface Locator {
    /** Its location. */
    Location locate(SystemExtension extension);
  }

  /**
   * What a sample asks for on every node.
   *
   * @param extension the image's name on the host
   * @param version its version
   * @param activation how it gets merged
   */
  record Wanted(String extension, String version, Activation activation) {}

  /**
   * Finds the folder of samples in this folder or one above it.
   *
   * @throws FileNotFoundException if there is none
   */
  static Path folder(Path start) throws FileNotFoundException {
    return Stream.iterate(
            Optional.of(start.toAbsolutePath()), Optional::isPresent, at -> at.map(Path::getParent))
        .flatMap(Optional::stream)
        .map(at -> at.resolve(FOLDER))
        .filter(Files::isDirectory)
        .findFirst()
        .orElseThrow(
            () -> new FileNotFoundException("no " + FOLDER + " in " + start + " or above it"));
  }

  /** Reads the samples, one a file. */
  static Samples load(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(folder)) {
      files = all.filter(f -> f.getFileName().toString().endsWith(".yaml")).sorted().toList();
    }
    Stream.Builder<SystemExtension> extensions = Stream.builder();
    Stream.Builder<NodeExtensionPolicy> policies = Stream.builder();
    for (Path file : files) {
      String text = Files.readString(file);
      Object kind = YAML.unmarshal(text, Map.class).get("kind");
      if ("SystemExtension".equals(kind)) {
        extensions.add(YAML.unmarshal(text, SystemExtension.class));
      } else if ("NodeExtensionPolicy".equals(kind)) {
        policies.add(YAML.unmarshal(text, NodeExtensionPolicy.class));
      } else {
        throw new IOException(file + " is of kind " + kind);
      }
    }
    return new Samples(extensions.build().toList(), policies.build().toList());
  }

  /** The same with other images; nothing else differs. */
  Samples served(Locator locator) {
    return new Samples(
        extensions.stream().map(e -> withImages(e, i -> at(i, locator.locate(e)))).toList(),
        policies);
  }

  /** What every node shall show. The samples name extensions one by one, and select all nodes. */
  List<Wanted> wanted() {
    return policies.stream()
        .flatMap(
            policy ->
                policy.getSpec().extensions().stream()
                    .map(reference -> extension(reference.name()))
                    .map(
                        extension ->
                            new Wanted(
                                extension.imageName(),
                                extension.getSpec().version(),
                                policy.getSpec().activation())))
        .toList();
  }

  /** The extension of that name. */
  SystemExtension extension(String name) {
    return extensions.stream()
        .filter(extension -> extension.getMetadata().getName().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no sample SystemExtension " + name));
  }

  /** An extension in another version. */
  static SystemExtension version(SystemExtension extension, String version, Location location) {
    SystemExtension other = withImages(extension, image -> at(image, location));
    other.setSpec(other.getSpec().toBuilder().version(version).build());
    return other;
  }

  /** As a file for kubectl, without the status, which is the operator's. */
  static String yaml(SystemExtension extension) {
    ObjectNode fields = YAML.convertValue(extension, ObjectNode.class);
    fields.remove("status");
    return YAML.asYaml(fields);
  }

  private static ExtensionImage at(ExtensionImage image, Location location) {
    return new ExtensionImage(image.architecture(), location.url(), location.sha256());
  }

  private static SystemExtension withImages(
      SystemExtension extension, UnaryOperator<ExtensionImage> change) {
    SystemExtension copy = new SystemExtension();
    copy.setMetadata(extension.getMetadata());
    copy.setSpec(
        extension.getSpec().toBuilder()
            .images(extension.getSpec().images().stream().map(change).toList())
            .build());
    return copy;
  }
}
