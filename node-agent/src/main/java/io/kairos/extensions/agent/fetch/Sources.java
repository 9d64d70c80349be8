package io.kairos.extensions.agent.fetch;

import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/**
 * Opens sources: {@code https}, {@code http}, and {@code file} below the folders that the
 * administrator of the agent allows. A redirect is followed up to five times, never from https to
 * http.
 */
public final class Sources {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration HEADERS = Duration.ofSeconds(30);

  private final HttpClient http;
  private final StoreLayout layout;
  private final List<Path> fileFolders;

  /**
   * Opens sources for a host.
   *
   * @param fileFolders folders of the host below which {@code file://} is allowed
   */
  public Sources(SSLContext tls, StoreLayout layout, List<Path> fileFolders) {
    this.http =
        HttpClient.newBuilder()
            .sslContext(tls)
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();
    this.layout = layout;
    this.fileFolders = List.copyOf(fileFolders);
  }

  /**
   * A source that answers.
   *
   * @param body its bytes; to be closed
   * @param length how many are promised, where that is known
   */
  public record Opened(InputStream body, OptionalLong length) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      body.close();
    }
  }

  /**
   * Opens a source.
   *
   * @throws FetchException when it is not allowed, not reachable, or answers with an error
   * @throws InterruptedException when the thread is
   */
  public Opened open(String url) throws FetchException, InterruptedException {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      throw new FetchException(Reasons.SOURCE_NOT_ALLOWED, "not a URL: " + e.getMessage());
    }
    return switch (String.valueOf(uri.getScheme())) {
      case "https", "http" -> openHttp(uri);
      case "file" -> openFile(uri);
      default ->
          throw new FetchException(
              Reasons.SOURCE_NOT_ALLOWED,
              "scheme " + uri.getScheme() + " is none of https, http and file");
    };
  }

  private Opened openHttp(URI uri) throws FetchException, InterruptedException {
    HttpResponse<InputStream> response;
    try {
      HttpRequest request = HttpRequest.newBuilder(uri).timeout(HEADERS).GET().build();
      response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    } catch (IllegalArgumentException e) {
      throw new FetchException(Reasons.SOURCE_NOT_ALLOWED, uri + ": " + e.getMessage());
    } catch (IOException e) {
      throw new FetchException(Reasons.SOURCE_UNREACHABLE, uri + ": " + cause(uri, e));
    }
    if (response.statusCode() != 200) {
      discard(response.body());
      throw new FetchException(
          Reasons.DOWNLOAD_REFUSED,
          "GET " + uri + " was answered with HTTP " + response.statusCode());
    }
    return new Opened(response.body(), response.headers().firstValueAsLong("Content-Length"));
  }

  private static void discard(InputStream body) {
    try {
      body.close();
    } catch (IOException broken) {
      // an error page that breaks off is no worse than one that does not
    }
  }

  private static String cause(URI uri, IOException e) {
    if (e instanceof HttpConnectTimeoutException) {
      return "no connection within " + CONNECT.toSeconds() + " s";
    }
    if (e instanceof HttpTimeoutException) {
      return "no answer within " + HEADERS.toSeconds() + " s";
    }
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof UnknownHostException
          || t instanceof java.nio.channels.UnresolvedAddressException) {
        return "the name " + uri.getHost() + " does not resolve";
      }
      if (t instanceof SSLException) {
        return "TLS: "
            + t.getMessage()
            + " (a site's own CA is given to the agent by SYSEXT_CA_FILE)";
      }
    }
    return e instanceof ConnectException ? "connection refused" : String.valueOf(e.getMessage());
  }

  private Opened openFile(URI uri) throws FetchException {
    if (uri.getPath() == null || !uri.getPath().startsWith("/")) {
      throw new FetchException(Reasons.SOURCE_NOT_ALLOWED, uri + " is not an absolute path");
    }
    Path onHost;
    try {
      onHost = Path.of(uri.getPath()).normalize();
    } catch (InvalidPathException e) {
      throw new FetchException(Reasons.SOURCE_NOT_ALLOWED, uri + " is no path: " + e.getReason());
    }
    Path folder =
        fileFolders.stream()
            .filter(onHost::startsWith)
            .findFirst()
            .orElseThrow(
                () ->
                    new FetchException(
                        Reasons.SOURCE_NOT_ALLOWED,
                        onHost
                            + " lies in no folder that this agent may read; SYSEXT_FILE_FOLDERS allows: "
                            + fileFolders));
    refuseLinks(folder, onHost);
    Path file = layout.here(onHost);
    try {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new FetchException(Reasons.SOURCE_UNREACHABLE, onHost + " is no file on the host");
      }
      return new Opened(
          Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS), OptionalLong.of(Files.size(file)));
    } catch (IOException e) {
      throw new FetchException(
          Reasons.SOURCE_UNREACHABLE, onHost + " on the host cannot be read: " + e);
    }
  }

  /**
   * A link below an allowed folder could lead out of it, and a link of the host means nothing here.
   */
  private void refuseLinks(Path folder, Path onHost) throws FetchException {
    for (Path at = onHost; !at.equals(folder) && at.startsWith(folder); at = at.getParent()) {
      if (Files.isSymbolicLink(layout.here(at))) {
        throw new FetchException(
            Reasons.SOURCE_NOT_ALLOWED, at + " is a link; no link is followed below " + folder);
      }
    }
  }
}
