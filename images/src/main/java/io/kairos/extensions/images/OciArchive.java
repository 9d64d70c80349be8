package io.kairos.extensions.images;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** An image as it is shipped, unpacked as a container runtime unpacks it. */
final class OciArchive {
  private final JsonNode manifest;
  private final JsonNode config;
  private final List<Path> layers;

  private OciArchive(JsonNode manifest, JsonNode config, List<Path> layers) {
    this.manifest = manifest;
    this.config = config;
    this.layers = layers;
  }

  /**
   * Unpacks one.
   *
   * @param file an OCI archive of one image
   * @param folder does not exist yet
   */
  static OciArchive unpack(Path file, Path folder) throws IOException, InterruptedException {
    Path blobs = Files.createDirectories(folder.resolve("archive"));
    Shell.run(List.of("tar", "-xf", file.toString(), "-C", blobs.toString()));
    JsonMapper json = new JsonMapper();
    JsonNode index = json.readTree(blobs.resolve("index.json").toFile());
    JsonNode manifest = json.readTree(blob(blobs, index.at("/manifests/0")).toFile());
    JsonNode config = json.readTree(blob(blobs, manifest.path("config")).toFile());
    List<Path> layers = new ArrayList<>();
    for (JsonNode layer : manifest.path("layers")) {
      Path unpacked = Files.createDirectories(folder.resolve("layer-" + layers.size()));
      Shell.run(List.of("tar", "-xzpf", blob(blobs, layer).toString(), "-C", unpacked.toString()));
      layers.add(unpacked);
    }
    return new OciArchive(manifest, config, List.copyOf(layers));
  }

  private static Path blob(Path blobs, JsonNode descriptor) {
    return blobs.resolve("blobs").resolve(descriptor.path("digest").asText().replace(':', '/'));
  }

  /** The layers' folders, the lowest first. */
  List<Path> layers() {
    return layers;
  }

  /** As an overlay's {@code lowerdir} names them. */
  String overlay() {
    List<Path> reversed = new ArrayList<>(layers);
    Collections.reverse(reversed);
    return reversed.stream().map(Path::toString).collect(Collectors.joining(":"));
  }

  /** The layers' digests, the lowest first. */
  List<String> digests() {
    return StreamSupport.stream(manifest.path("layers").spliterator(), false)
        .map(layer -> layer.path("digest").asText())
        .toList();
  }

  /** Bytes that are sent over a network. */
  long packedBytes() {
    return StreamSupport.stream(manifest.path("layers").spliterator(), false)
        .mapToLong(layer -> layer.path("size").asLong())
        .sum();
  }

  /** {@code UID:GID}. */
  String user() {
    return config.at("/config/User").asText();
  }

  /** As the image says: {@code amd64} or {@code arm64}. */
  String architecture() {
    return config.path("architecture").asText();
  }

  /** What is run. */
  List<String> entrypoint() {
    return StreamSupport.stream(config.at("/config/Entrypoint").spliterator(), false)
        .map(JsonNode::asText)
        .toList();
  }
}
