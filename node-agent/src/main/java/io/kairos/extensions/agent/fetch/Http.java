package io.kairos.extensions.agent.fetch;

import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/**
 * Asks web servers. Redirects are followed here and not by the JDK's client, which has no limit of
 * ours, does not name circles, and knows nothing of whom a credential is meant for: five at most,
 * never to another scheme (neither to less nor to more safety: what was written is what is meant),
 * each target checked like a URL that a person wrote, and no credential ever goes to another
 * server.
 *
 * <p>HTTP/1.1 alone: one body at a time gains nothing by HTTP/2, and the offer to upgrade is one
 * more thing that proxies and old servers get wrong.
 */
final class Http {
  private static final int MOST_REDIRECTS = 5;

  private final HttpClient client;
  private final Proxies proxies;
  private final Limits limits;

  Http(SSLContext tls, Proxies proxies, Limits limits) {
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .sslContext(tls)
            .connectTimeout(limits.connect())
            .followRedirects(HttpClient.Redirect.NEVER)
            .proxy(new Selector(proxies))
            .build();
    this.proxies = proxies;
    this.limits = limits;
  }

  /**
   * An answer, of whatever status but a redirect.
   *
   * @param from who gave it, after redirects
   * @param status the status code
   * @param headers its head
   * @param body its bytes; to be closed
   */
  record Answer(URI from, int status, HttpHeaders headers, InputStream body)
      implements AutoCloseable {
    Optional<String> header(String name) {
      return headers.firstValue(name);
    }

    /** Content-Length, where there is one that makes sense. */
    OptionalLong length() {
      String text = header("Content-Length").orElse("");
      return text.matches("[0-9]{1,18}")
          ? OptionalLong.of(Long.parseLong(text))
          : OptionalLong.empty();
    }

    /** What to say about an answer that is not the wanted one. */
    FetchException refusal() {
      StringBuilder message =
          new StringBuilder("GET ")
              .append(Urls.shown(from))
              .append(" was answered with HTTP ")
              .append(status);
      Optional<RetryAfter> again = RetryAfter.of(headers);
      again.ifPresent(
          when -> message.append(", and the server asks to come back ").append(when.text()));
      switch (status) {
        case 401, 403 -> message.append(" (a pull secret gives the agent a user or a token)");
        case 407 ->
            message.append(" (the proxy asks for a user: HTTPS_PROXY=http://USER:PASSWORD@…)");
        default -> {}
      }
      return new FetchException(
          Reasons.DOWNLOAD_REFUSED,
          message.toString(),
          again.map(RetryAfter::pause).orElse(Duration.ZERO));
    }

    @Override
    public void close() {
      try {
        body.close();
      } catch (IOException broken) {
        // a body that is no longer wanted is no worse for breaking off
      }
    }
  }

  /**
   * Asks for a URL.
   *
   * @param credential sent to the server of this URL alone
   * @throws FetchException when there is no answer, or a redirect that is not followed
   * @throws InterruptedException when the thread is
   */
  Answer get(URI url, Map<String, String> headers, Optional<Credential> credential)
      throws FetchException, InterruptedException {
    List<URI> way = new ArrayList<>(List.of(Urls.requireHttp(url)));
    while (true) {
      URI at = way.get(way.size() - 1);
      Answer answer = ask(at, headers, credential.filter(c -> Urls.sameServer(url, at)));
      if (!isRedirect(answer)) {
        return answer;
      }
      answer.close();
      URI next = target(answer);
      boolean circle = way.contains(next);
      way.add(next);
      if (circle) {
        throw refused("redirects in a circle: " + shown(way));
      }
      if (way.size() > MOST_REDIRECTS + 1) {
        throw refused("redirects more than " + MOST_REDIRECTS + " times: " + shown(way));
      }
    }
  }

  private static boolean isRedirect(Answer answer) {
    return switch (answer.status()) {
      case 301, 302, 303, 307, 308 -> true;
      default -> false;
    };
  }

  private static URI target(Answer answer) throws FetchException {
    String from = Urls.shown(answer.from());
    Optional<String> location = answer.header("Location");
    if (location.isEmpty()) {
      throw refused(from + " redirects (HTTP " + answer.status() + ") without saying where to");
    }
    URI next;
    try {
      next = answer.from().resolve(new URI(location.get()));
    } catch (URISyntaxException e) {
      throw refused(from + " redirects to what is no URL");
    }
    if (!Urls.scheme(next).equals(Urls.scheme(answer.from()))) {
      throw refused(
          from
              + " redirects to another scheme, which is not followed: "
              + Urls.shown(next)
              + "; if that is the right place, it is the URL to write");
    }
    if (next.getRawUserInfo() != null) {
      throw refused(from + " redirects to a URL with a user name: " + Urls.shown(next));
    }
    return Urls.requireHttp(next);
  }

  private static FetchException refused(String message) {
    return new FetchException(Reasons.DOWNLOAD_REFUSED, message);
  }

  private static String shown(List<URI> way) {
    return way.stream().map(Urls::shown).collect(Collectors.joining(" → "));
  }

  private Answer ask(URI url, Map<String, String> headers, Optional<Credential> credential)
      throws FetchException, InterruptedException {
    HttpRequest.Builder request;
    try {
      request = HttpRequest.newBuilder(url).GET();
    } catch (IllegalArgumentException e) {
      throw new FetchException(
          Reasons.SOURCE_NOT_ALLOWED, Urls.shown(url) + " cannot be asked for");
    }
    headers.forEach(request::header);
    credential.ifPresent(c -> request.header("Authorization", c.authorization()));
    proxies
        .to(url)
        .flatMap(Proxies.Server::authorization)
        .ifPresent(secret -> request.header("Proxy-Authorization", secret));
    Exchange exchange = new Exchange(url, client, request.build());
    try {
      return exchange.answer.get(limits.headers().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      exchange.abandon();
      throw unreachable(url, "no answer within " + limits.headers().toMillis() / 1000.0 + " s");
    } catch (InterruptedException e) {
      exchange.abandon();
      throw e;
    } catch (ExecutionException e) {
      throw unreachable(url, cause(url, e.getCause()));
    }
  }

  /**
   * One request. The answer is taken when its head is there: the client's own future may fail in
   * spite of that, when the body breaks off at once, and then head and beginning would be lost.
   */
  private static final class Exchange {
    private final CompletableFuture<Answer> answer = new CompletableFuture<>();
    private final Body body = new Body();
    private final CompletableFuture<HttpResponse<InputStream>> response;

    Exchange(URI url, HttpClient client, HttpRequest request) {
      response =
          client.sendAsync(
              request,
              head -> {
                answer.complete(new Answer(url, head.statusCode(), head.headers(), body));
                return body;
              });
      var unused =
          response.whenComplete(
              (head, failure) -> {
                if (failure != null) {
                  body.onError(failure);
                  answer.completeExceptionally(failure);
                } else { // a proxy that refuses a tunnel gives an answer without any body
                  answer.complete(
                      new Answer(
                          url, head.statusCode(), head.headers(), InputStream.nullInputStream()));
                }
              });
    }

    void abandon() {
      response.cancel(true);
      body.close();
    }
  }

  private FetchException unreachable(URI url, String why) {
    String by = proxies.to(url).map(proxy -> " (by the proxy " + proxy + ")").orElse("");
    return new FetchException(Reasons.SOURCE_UNREACHABLE, Urls.shown(url) + by + ": " + why);
  }

  private String cause(URI url, Throwable e) {
    String host = proxies.to(url).map(Proxies.Server::host).orElse(url.getHost());
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof HttpConnectTimeoutException) {
        return "no connection within " + limits.connect().toMillis() / 1000.0 + " s";
      }
      if (t instanceof UnknownHostException || t instanceof UnresolvedAddressException) {
        return "the name " + host + " does not resolve";
      }
      if (t instanceof SSLException) {
        return "TLS: "
            + t.getMessage()
            + " (a site's own CA is given to the agent by SYSEXT_CA_FILE, one of this source alone"
            + " by caBundle)";
      }
    }
    return e instanceof ConnectException ? "connection refused" : String.valueOf(e.getMessage());
  }

  /** Hands the choice to the JDK's client. */
  private static final class Selector extends ProxySelector {
    private final Proxies proxies;

    Selector(Proxies proxies) {
      this.proxies = proxies;
    }

    @Override
    public List<Proxy> select(URI uri) {
      return List.of(
          proxies
              .to(uri)
              .map(
                  server ->
                      new Proxy(
                          Proxy.Type.HTTP, new InetSocketAddress(server.host(), server.port())))
              .orElse(Proxy.NO_PROXY));
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException e) {
      // told to the caller by the request's own failure
    }
  }
}
