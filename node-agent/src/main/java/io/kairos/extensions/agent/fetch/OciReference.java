package io.kairos.extensions.agent.fetch;

import io.kairos.extensions.api.v1alpha1.Reasons;
import java.net.URI;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code oci://HOST[:PORT]/REPOSITORY[:TAG|@sha256:DIGEST]}, by the grammar of the OCI distribution
 * specification. Without tag and digest it is {@code latest}.
 *
 * @param server the registry's own URL: https, or http where it is this machine
 * @param repository the repository
 * @param reference a tag, or {@code sha256:} and 64 hex digits
 */
record OciReference(URI server, String repository, String reference) {
  private static final Pattern PATH =
      Pattern.compile(
          "/([a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)"
              + "(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127})|@(sha256:[a-f0-9]{64}))?");

  /** Docker Hub's registry has another name than its images have. */
  static final String DOCKER_HUB = "docker.io";

  /** And another one in the files that {@code docker login} writes. */
  static final String DOCKER_HUB_LOGIN = "index.docker.io";

  private static final String DOCKER_HUB_SERVER = "registry-1.docker.io";

  /**
   * Takes a URL apart.
   *
   * @throws FetchException when it is no such URL
   */
  static OciReference of(URI uri) throws FetchException {
    Matcher path = PATH.matcher(uri.getRawPath() == null ? "" : uri.getRawPath());
    if (uri.getHost() == null
        || uri.getRawQuery() != null
        || uri.getRawFragment() != null
        || !path.matches()) {
      throw new FetchException(
          Reasons.SOURCE_NOT_ALLOWED,
          Urls.shown(uri) + " is not oci://HOST[:PORT]/REPOSITORY[:TAG|@sha256:DIGEST]");
    }
    String reference =
        path.group(2) != null ? path.group(2) : path.group(3) != null ? path.group(3) : "latest";
    String host = uri.getHost().equals(DOCKER_HUB) ? DOCKER_HUB_SERVER : uri.getHost();
    String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
    String scheme = Urls.isLoopback(host) ? "http" : "https";
    return new OciReference(URI.create(scheme + "://" + host + port), path.group(1), reference);
  }

  URI manifest(String which) {
    return server.resolve("/v2/" + repository + "/manifests/" + which);
  }

  URI blob(String digest) {
    return server.resolve("/v2/" + repository + "/blobs/" + digest);
  }

  boolean isDigest() {
    return reference.startsWith("sha256:");
  }

  @Override
  public String toString() {
    return server.getRawAuthority() + "/" + repository + (isDigest() ? "@" : ":") + reference;
  }
}
