package io.kairos.extensions.agent.fetch;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.SourceKeys;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Users, tokens and certificates for downloads, from the folder where the kubelet mounts the Secret
 * that the operator puts together ({@link SourceKeys}). Read anew each time: the kubelet brings a
 * change about a minute late, and a download that came too early is tried again.
 */
final class SiteFolder {
  private final Optional<Path> folder;

  SiteFolder(Optional<Path> folder) {
    this.folder = folder;
  }

  /**
   * What to send with a request.
   *
   * @param secret the name of the pull secret, empty for none
   * @param url what is asked for
   * @param origin what the extension names; another server, as a mirror is, gets nothing that was
   *     not meant for it by name
   * @return nothing where the secret has nothing for that server
   * @throws FetchException when the secret is not there or cannot be used, or would be sent in
   *     clear
   */
  Optional<Credential> credential(String secret, URI url, URI origin) throws FetchException {
    if (secret.isEmpty()) {
      return Optional.empty();
    }
    Optional<Credential> found = find(secret, url, sameHost(url, origin));
    if (found.isPresent()
        && !Urls.scheme(url).equals("https")
        && !Urls.scheme(url).equals("oci")
        && !Urls.isLoopback(url.getHost())) {
      throw new FetchException(
          Reasons.SOURCE_NOT_ALLOWED,
          Urls.shown(url) + " would carry pull secret " + secret + " in clear: it has to be https");
    }
    return found;
  }

  private static boolean sameHost(URI url, URI origin) {
    return origin.getHost() != null
        && Urls.scheme(url).equals(Urls.scheme(origin))
        && authority(url).equals(authority(origin));
  }

  private static String authority(URI url) {
    return url.getHost().toLowerCase(Locale.ROOT) + ":" + Urls.port(url);
  }

  private Optional<Credential> find(String secret, URI url, boolean isOrigin)
      throws FetchException {
    Optional<String> docker = read(secret, SourceKeys.DOCKER_CONFIG);
    if (docker.isPresent()) {
      return dockerEntry(secret, docker.get(), url);
    }
    Optional<String> token = read(secret, SourceKeys.TOKEN);
    if (token.isPresent()) {
      return Optional.of(Credential.bearer(line(secret, token.get()))).filter(c -> isOrigin);
    }
    Optional<String> user = read(secret, SourceKeys.USERNAME);
    Optional<String> password = read(secret, SourceKeys.PASSWORD);
    if (user.isPresent() && password.isPresent()) {
      return Optional.of(Credential.basic(user.get(), password.get())).filter(c -> isOrigin);
    }
    throw unavailable(
        secret,
        "has not reached this node"
            + folder
                .map(
                    at ->
                        " in "
                            + at
                            + ": the kubelet brings it within a minute or two, unless the"
                            + " SystemExtension's conditions say what is wrong")
                .orElse(": the agent runs without SYSEXT_SOURCES_DIR"));
  }

  private Optional<String> read(String secret, String key) throws FetchException {
    if (folder.isEmpty()) {
      return Optional.empty();
    }
    Path file = folder.get().resolve(SourceKeys.secret(secret, key));
    try {
      return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
    } catch (IOException e) {
      throw unavailable(secret, "cannot be read: " + e.getClass().getSimpleName());
    }
  }

  /** A header has no line breaks; many a token that was written to a file has one at its end. */
  private static String line(String secret, String token) throws FetchException {
    String line = token.strip();
    if (line.isEmpty() || !line.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
      throw unavailable(secret, "has a token that is empty or no single word");
    }
    return line;
  }

  private static FetchException unavailable(String secret, String why) {
    return new FetchException(Reasons.CREDENTIALS_UNAVAILABLE, "pull secret " + secret + " " + why);
  }

  /** The entry whose key fits best, by the rules of the kubelet: host, port, beginning of path. */
  private static Optional<Credential> dockerEntry(String secret, String json, URI url)
      throws FetchException {
    JsonNode auths;
    try {
      auths = new JsonMapper().readTree(json).path("auths");
    } catch (JacksonException secretInside) {
      throw unavailable(secret, "holds a .dockerconfigjson that is no JSON");
    }
    JsonNode best = null;
    int length = -1;
    for (Map.Entry<String, JsonNode> entry : auths.properties()) {
      String key = plain(entry.getKey());
      if (fits(key, url) && key.length() > length) {
        best = entry.getValue();
        length = key.length();
      }
    }
    return best == null ? Optional.empty() : Optional.of(credential(secret, best));
  }

  /** Keys come as hosts, with a path, and as URLs with an API's version at the end. */
  private static String plain(String key) {
    return key.toLowerCase(Locale.ROOT)
        .replaceFirst("^https?://", "")
        .replaceFirst("/v[12]/?$", "")
        .replaceFirst("/$", "");
  }

  private static boolean fits(String key, URI url) {
    int slash = key.indexOf('/');
    String server = slash < 0 ? key : key.substring(0, slash);
    String host = url.getHost().toLowerCase(Locale.ROOT);
    boolean isRegistry = Urls.scheme(url).equals("oci");
    if (isRegistry && server.equals(OciReference.DOCKER_HUB_LOGIN)) {
      server = OciReference.DOCKER_HUB;
    }
    boolean sameServer =
        server.equals(host + ":" + Urls.port(url))
            || (server.equals(host) && (url.getPort() < 0 || url.getPort() == 443));
    String path = url.getPath() == null ? "" : url.getPath().toLowerCase(Locale.ROOT);
    if (isRegistry) {
      path = path.replaceFirst("[:@].*", ""); // to the repository
    }
    return sameServer
        && (slash < 0
            || path.equals(key.substring(slash))
            || path.startsWith(key.substring(slash) + "/"));
  }

  private static Credential credential(String secret, JsonNode entry) throws FetchException {
    String auth = entry.path("auth").asText("");
    if (!auth.isEmpty()) {
      try {
        String user = new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8);
        int colon = user.indexOf(':');
        if (colon > 0) {
          return Credential.basic(user.substring(0, colon), user.substring(colon + 1));
        }
      } catch (IllegalArgumentException secretInside) {
        // said below
      }
    }
    if (!entry.path("username").asText("").isEmpty()) {
      return Credential.basic(entry.path("username").asText(), entry.path("password").asText(""));
    }
    if (!entry.path("registrytoken").asText("").isEmpty()) {
      return Credential.bearer(line(secret, entry.path("registrytoken").asText()));
    }
    throw unavailable(
        secret,
        "has an entry for this server with none of auth (base64 of user:password), username and"
            + " registrytoken");
  }

  /**
   * The certificates of a ConfigMap: of all its keys.
   *
   * @param configMap its name, empty for none
   * @throws FetchException when it is not there or holds something else
   */
  List<X509Certificate> certificates(String configMap) throws FetchException {
    List<X509Certificate> all = new ArrayList<>();
    if (configMap.isEmpty()) {
      return all;
    }
    if (folder.isPresent() && Files.isDirectory(folder.get())) {
      String prefix = SourceKeys.configMapPrefix(configMap);
      try (DirectoryStream<Path> files =
          Files.newDirectoryStream(
              folder.get(), file -> file.getFileName().toString().startsWith(prefix))) {
        for (Path file : files) {
          all.addAll(read(configMap, file));
        }
      } catch (IOException e) {
        throw new FetchException(
            Reasons.CA_BUNDLE_UNAVAILABLE, "CA bundle " + configMap + " cannot be read: " + e);
      }
    }
    if (all.isEmpty()) {
      throw new FetchException(
          Reasons.CA_BUNDLE_UNAVAILABLE,
          "CA bundle "
              + configMap
              + " has not reached this node: "
              + (folder.isPresent()
                  ? "the kubelet brings it within a minute or two, unless the SystemExtension's"
                      + " conditions say what is wrong"
                  : "the agent runs without SYSEXT_SOURCES_DIR"));
    }
    return all;
  }

  private static List<X509Certificate> read(String configMap, Path file)
      throws IOException, FetchException {
    List<X509Certificate> found = new ArrayList<>();
    try {
      CertificateFactory.getInstance("X.509")
          .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file)))
          .forEach(certificate -> found.add((X509Certificate) certificate));
    } catch (CertificateException e) {
      throw noCertificate(configMap, file);
    }
    if (found.isEmpty()) {
      throw noCertificate(configMap, file);
    }
    return found;
  }

  private static FetchException noCertificate(String configMap, Path file) {
    String key =
        file.getFileName().toString().substring(SourceKeys.configMapPrefix(configMap).length());
    return new FetchException(
        Reasons.CA_BUNDLE_UNAVAILABLE,
        "CA bundle " + configMap + " has no PEM certificate in its key " + key);
  }
}
