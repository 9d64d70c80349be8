package io.kairos.extensions.agent.fetch;

import com.fasterxml.jackson.databind.JsonNode;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Finds the one image file in what a registry has under a name. Four forms are out there:
 *
 * <ol>
 *   <li>Kairos': a layer of type {@code application/vnd.kairos.sysext.raw};
 *   <li>a layer of type {@code application/vnd.systemd.sysext.image.v1+raw}, mostly behind an index
 *       with an entry an architecture;
 *   <li>{@code oras push FILE.raw}: a layer of whatever type whose title ends in {@code .raw};
 *   <li>a container image with exactly one {@code *.raw} file in its layers.
 * </ol>
 *
 * A container image whose layers are the extension's tree is none: it has no image file, and to
 * make one here would be to invent what nobody signed or hashed.
 *
 * <p>In the first three forms the layer is the file, so its digest has to be the wanted one, which
 * is known before a byte is fetched, and a download that broke off can be carried on.
 */
final class OciSource {
  private static final int MOST_LAYERS = 128;
  private static final Set<String> RAW_TYPES =
      Set.of("application/vnd.kairos.sysext.raw", "application/vnd.systemd.sysext.image.v1+raw");
  private static final Set<String> CONTAINER_CONFIGS =
      Set.of(
          "application/vnd.oci.image.config.v1+json",
          "application/vnd.docker.container.image.v1+json");

  private final OciRegistry registry;
  private final OciReference reference;
  private final String architecture;
  private final long maxImageBytes;

  /**
   * For one reference.
   *
   * @param architecture of the host, by OCI's names
   */
  OciSource(OciRegistry registry, OciReference reference, String architecture, long maxImageBytes) {
    this.registry = registry;
    this.reference = reference;
    this.architecture = architecture;
    this.maxImageBytes = maxImageBytes;
  }

  /**
   * Opens the image file.
   *
   * @param sha256 the wanted digest
   * @param resume where an earlier try ended
   */
  Opened open(String sha256, Optional<Part.Resume> resume)
      throws FetchException, InterruptedException {
    OciRegistry.Document document = registry.resolve();
    if (document.isIndex()) {
      document = registry.manifest(choose(document.body().path("manifests")));
      if (document.isIndex()) {
        throw new FetchException(
            Reasons.UNSUPPORTED_OCI_CONTENT, reference + " is an index of indexes");
      }
    }
    List<OciDescriptor> layers =
        OciRegistry.descriptors(document.body().path("layers"), "the manifest of " + reference);
    if (layers.size() > MOST_LAYERS) {
      throw new FetchException(
          Reasons.INVALID_OCI_CONTENT, reference + " has " + layers.size() + " layers");
    }
    List<OciDescriptor> files = layers.stream().filter(OciSource::isImageFile).toList();
    if (files.size() > 1) {
      throw new FetchException(
          Reasons.UNSUPPORTED_OCI_CONTENT,
          reference
              + " holds several image files: "
              + files.stream().map(OciDescriptor::title).collect(Collectors.joining(", "))
              + "; it has to hold one");
    }
    if (files.size() == 1) {
      return file(files.get(0), sha256, resume);
    }
    String config = document.body().path("config").path("mediaType").asText("");
    if (!CONTAINER_CONFIGS.contains(config) || layers.isEmpty()) {
      throw new FetchException(
          Reasons.UNSUPPORTED_OCI_CONTENT,
          reference
              + " holds no image file: its layers are of type "
              + layers.stream().map(OciDescriptor::mediaType).distinct().toList()
              + ", none has a title that ends in .raw");
    }
    InputStream inside = LayerFile.in(layers, registry, maxImageBytes);
    return Opened.whole(inside, OptionalLong.empty());
  }

  private static boolean isImageFile(OciDescriptor layer) {
    return RAW_TYPES.contains(layer.mediaType())
        || (layer.title().endsWith(".raw") && !layer.unpack());
  }

  private Opened file(OciDescriptor layer, String sha256, Optional<Part.Resume> resume)
      throws FetchException, InterruptedException {
    if (!layer.hex().equals(sha256)) {
      throw new FetchException(
          Reasons.DIGEST_MISMATCH,
          reference + " holds an image of sha256 " + layer.hex() + ", wanted is " + sha256);
    }
    if (layer.size() > maxImageBytes) {
      throw new FetchException(
          Reasons.IMAGE_TOO_LARGE,
          reference
              + " has "
              + layer.size()
              + " bytes, this agent takes images of up to "
              + maxImageBytes
              + " (SYSEXT_MAX_IMAGE_BYTES)");
    }
    Opened blob =
        registry.blob(layer, resume.filter(from -> from.validator().equals(layer.digest())));
    OptionalLong promised = blob.length();
    if (promised.isPresent() && blob.offset() + promised.getAsLong() != layer.size()) {
      blob.close();
      throw new FetchException(
          Reasons.INVALID_OCI_CONTENT,
          reference
              + " says that its layer has "
              + layer.size()
              + " bytes, the registry gives "
              + (blob.offset() + promised.getAsLong()));
    }
    return new Opened(
        blob.body(),
        OptionalLong.of(layer.size() - blob.offset()),
        blob.offset(),
        OptionalLong.of(layer.size()),
        Optional.of(layer.digest()));
  }

  /** The entry for this host. */
  private OciDescriptor choose(JsonNode manifests) throws FetchException {
    List<OciDescriptor> fit = new ArrayList<>();
    Set<String> others = new TreeSet<>();
    String what = "the index of " + reference;
    for (JsonNode entry : manifests) {
      JsonNode platform = entry.path("platform");
      String os = platform.path("os").asText("linux");
      String arch = platform.path("architecture").asText("");
      if (os.equals("linux") && arch.equals(architecture)) {
        fit.add(OciDescriptor.of(entry, what));
      } else {
        others.add(os + "/" + (arch.isEmpty() ? "?" : arch));
      }
    }
    if (fit.isEmpty()) {
      throw new FetchException(
          Reasons.ARCHITECTURE_MISMATCH,
          what + " has nothing for linux/" + architecture + ", but for " + others);
    }
    return fit.get(0);
  }
}
