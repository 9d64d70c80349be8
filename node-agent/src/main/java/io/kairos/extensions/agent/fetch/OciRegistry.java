package io.kairos.extensions.agent.fetch;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.kairos.extensions.agent.store.Sha256;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Pulls from a registry, by the OCI distribution specification: manifests by tag or digest, blobs
 * by digest, and whatever tokens the registry sends one to fetch.
 *
 * <p>The maintained client, the ORAS SDK for Java (0.7.0), does not do it: it reads manifests and
 * tokens of any length into one string, follows redirects without a limit, takes no proxy and
 * cannot ask for a range. In a process that is root on the host, and answers to whatever registry
 * an extension names, all of that has to be as strict as for any other download: so it is the same
 * code, {@link Http}, and what is left of the protocol is this class.
 */
final class OciRegistry {
  static final String INDEX = "application/vnd.oci.image.index.v1+json";
  static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  private static final String DOCKER_INDEX =
      "application/vnd.docker.distribution.manifest.list.v2+json";
  private static final String DOCKER_MANIFEST =
      "application/vnd.docker.distribution.manifest.v2+json";
  private static final String ACCEPT =
      String.join(", ", INDEX, MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST);

  /** What registries themselves take at most for a manifest. */
  private static final int MOST_MANIFEST_BYTES = 4 << 20;

  private static final int MOST_TOKEN_BYTES = 256 << 10;
  private static final int MOST_CHALLENGE_CHARACTERS = 4096;
  private static final Pattern PARAMETER = Pattern.compile("([a-zA-Z]+)=\"([^\"]*)\"");

  private final Http http;
  private final Limits limits;
  private final OciReference reference;
  private final Optional<Credential> credential;
  private final JsonMapper json =
      new JsonMapper(
          JsonFactory.builder()
              .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(32).build())
              .build());

  /** What the registry accepts, once it has said what it wants. */
  private Optional<Credential> authorization;

  /**
   * For one repository.
   *
   * @param credential what the pull secret has for this registry
   */
  OciRegistry(Http http, Limits limits, OciReference reference, Optional<Credential> credential) {
    this.http = http;
    this.limits = limits;
    this.reference = reference;
    this.credential = credential;
    this.authorization = credential.filter(c -> !c.isBasic());
  }

  /**
   * A manifest, or an index of them.
   *
   * @param type its media type
   * @param body what it says
   */
  record Document(String type, JsonNode body) {
    boolean isIndex() {
      return type.equals(INDEX) || type.equals(DOCKER_INDEX) || body.has("manifests");
    }
  }

  /** What the reference leads to. */
  Document resolve() throws FetchException, InterruptedException {
    return document(
        reference.reference(),
        reference.isDigest() ? Optional.of(reference.reference()) : Optional.empty());
  }

  /** A manifest that an index names. */
  Document manifest(OciDescriptor descriptor) throws FetchException, InterruptedException {
    return document(descriptor.digest(), Optional.of(descriptor.digest()));
  }

  private Document document(String which, Optional<String> digest)
      throws FetchException, InterruptedException {
    URI url = reference.manifest(which);
    try (Http.Answer answer = get(url, Map.of("Accept", ACCEPT))) {
      if (answer.status() != 200) {
        throw answer.refusal();
      }
      byte[] bytes = small(answer, MOST_MANIFEST_BYTES);
      if (digest.isPresent() && !digest.get().equals("sha256:" + Sha256.of(bytes))) {
        throw new FetchException(
            Reasons.DIGEST_MISMATCH, Urls.shown(url) + " gives a manifest of another digest");
      }
      JsonNode body = parse(url, bytes);
      String type =
          body.path("mediaType").asText(answer.header("Content-Type").orElse("")).split(";", 2)[0];
      return new Document(type.strip(), body);
    }
  }

  private JsonNode parse(URI url, byte[] bytes) throws FetchException {
    try {
      JsonNode body = json.readTree(bytes);
      if (body != null && body.isObject()) {
        return body;
      }
    } catch (IOException e) { // a CharConversionException, too: not even characters
      throw invalid(url);
    }
    throw invalid(url);
  }

  private static FetchException invalid(URI url) {
    return new FetchException(
        Reasons.INVALID_OCI_CONTENT, Urls.shown(url) + " gives something that is no JSON object");
  }

  /** Opens a blob, from its beginning or from where an earlier try ended. */
  Opened blob(OciDescriptor descriptor, Optional<Part.Resume> resume)
      throws FetchException, InterruptedException {
    return new WebFile(http).open(reference.blob(descriptor.digest()), authorization, resume);
  }

  private Http.Answer get(URI url, Map<String, String> headers)
      throws FetchException, InterruptedException {
    Http.Answer answer = http.get(url, headers, authorization);
    if (answer.status() != 401 || authorization.isPresent()) {
      return answer;
    }
    answer.close();
    List<String> challenges = answer.headers().allValues("WWW-Authenticate");
    for (String challenge : challenges) {
      if (challenge.regionMatches(true, 0, "Bearer ", 0, 7)) {
        authorization = Optional.of(token(challenge));
        return http.get(url, headers, authorization);
      }
    }
    authorization = credential;
    return credential.isPresent() ? http.get(url, headers, credential) : answer;
  }

  /**
   * Fetches a token from where the registry says. The user goes along to that server: it is how a
   * registry, which could ask for the user itself, has its log-in elsewhere.
   */
  private Credential token(String challenge) throws FetchException, InterruptedException {
    if (challenge.length() > MOST_CHALLENGE_CHARACTERS) {
      throw new FetchException(
          Reasons.DOWNLOAD_REFUSED,
          "registry "
              + reference.server().getRawAuthority()
              + " asks for a token by more than "
              + MOST_CHALLENGE_CHARACTERS
              + " characters");
    }
    String realm = "";
    StringBuilder query = new StringBuilder();
    Matcher parameters = PARAMETER.matcher(challenge);
    while (parameters.find()) {
      switch (parameters.group(1)) {
        case "realm" -> realm = parameters.group(2);
        case "service", "scope" ->
            query
                .append(query.isEmpty() ? "" : "&")
                .append(parameters.group(1))
                .append('=')
                .append(URLEncoder.encode(parameters.group(2), StandardCharsets.UTF_8));
        default -> {}
      }
    }
    URI url = realm(realm, query.toString());
    try (Http.Answer answer = http.get(url, Map.of("Accept", "application/json"), credential)) {
      if (answer.status() != 200) {
        throw answer.refusal();
      }
      JsonNode body = parse(url, small(answer, MOST_TOKEN_BYTES));
      String token = body.path("token").asText(body.path("access_token").asText(""));
      if (token.isEmpty() || !token.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
        throw new FetchException(
            Reasons.DOWNLOAD_REFUSED, Urls.shown(url) + " gives no token that can be used");
      }
      return Credential.bearer(token);
    }
  }

  private URI realm(String realm, String query) throws FetchException {
    try {
      URI url = new URI(realm + (realm.contains("?") ? "&" : "?") + query);
      boolean safe =
          Urls.scheme(url).equals("https")
              || (Urls.scheme(url).equals("http")
                  && url.getHost() != null
                  && Urls.isLoopback(url.getHost())
                  && Urls.isLoopback(reference.server().getHost()));
      if (safe && url.getHost() != null && url.getRawUserInfo() == null) {
        return url;
      }
    } catch (URISyntaxException e) {
      // said below
    }
    throw new FetchException(
        Reasons.DOWNLOAD_REFUSED,
        "registry "
            + reference.server().getRawAuthority()
            + " sends to "
            + Urls.shown(realm)
            + " for a token, which is no https URL");
  }

  private byte[] small(Http.Answer answer, int most) throws FetchException, InterruptedException {
    try (Patience patience = Patience.until(answer.body(), limits.stall())) {
      byte[] bytes;
      try {
        bytes = answer.body().readNBytes(most + 1);
      } catch (IOException e) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        throw new FetchException(
            Reasons.DOWNLOAD_INTERRUPTED,
            Urls.shown(answer.from())
                + (patience.isLost()
                    ? " is not over within " + limits.stall().toMillis() / 1000.0 + " s"
                    : " broke off: " + e.getMessage()));
      }
      if (bytes.length > most) {
        throw new FetchException(
            Reasons.INVALID_OCI_CONTENT,
            Urls.shown(answer.from()) + " gives more than " + most + " bytes");
      }
      return bytes;
    }
  }

  /** The descriptors in a list of a document. */
  static List<OciDescriptor> descriptors(JsonNode list, String what) throws FetchException {
    List<OciDescriptor> all = new ArrayList<>();
    for (JsonNode one : list) {
      all.add(OciDescriptor.of(one, what));
    }
    return all;
  }
}
