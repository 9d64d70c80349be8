package io.kairos.extensions.agent.fetch;

import com.fasterxml.jackson.databind.JsonNode;
import io.kairos.extensions.api.v1alpha1.Reasons;

/**
 * What a manifest or index says about a blob, checked.
 *
 * @param mediaType its type
 * @param digest {@code sha256:} and 64 hex digits
 * @param size its bytes
 * @param title the file name that it had, empty without one
 * @param unpack whether it is a folder that was packed, by the annotation that ORAS gives it
 */
record OciDescriptor(String mediaType, String digest, long size, String title, boolean unpack) {
  private static final String TITLE = "org.opencontainers.image.title";
  private static final String UNPACK = "io.deis.oras.content.unpack";

  /**
   * Reads one.
   *
   * @param what for messages: where it stands
   * @throws FetchException when it is none
   */
  static OciDescriptor of(JsonNode json, String what) throws FetchException {
    String digest = json.path("digest").asText("");
    JsonNode size = json.path("size");
    if (!digest.matches("sha256:[a-f0-9]{64}")
        || !size.isIntegralNumber()
        || !size.canConvertToLong()
        || size.asLong() < 0) {
      throw new FetchException(
          Reasons.INVALID_OCI_CONTENT,
          what + " has an entry without a sha256 digest and a size that make sense");
    }
    JsonNode annotations = json.path("annotations");
    return new OciDescriptor(
        json.path("mediaType").asText(""),
        digest,
        size.asLong(),
        annotations.path(TITLE).asText(""),
        annotations.path(UNPACK).asBoolean(false));
  }

  /** The hex digits of the digest. */
  String hex() {
    return digest.substring("sha256:".length());
  }
}
