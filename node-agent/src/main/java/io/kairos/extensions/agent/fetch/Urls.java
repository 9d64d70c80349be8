package io.kairos.extensions.agent.fetch;

import io.kairos.extensions.api.v1alpha1.Reasons;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Set;

/** URLs as they are checked and shown. */
final class Urls {
  private static final Set<String> HTTP = Set.of("https", "http");

  private Urls() {}

  /**
   * A URL.
   *
   * @throws FetchException when it is none, or carries a user name or password
   */
  static URI parse(String url) throws FetchException {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      throw new FetchException(Reasons.SOURCE_NOT_ALLOWED, "not a URL: " + e.getReason());
    }
    if (uri.getRawUserInfo() != null) {
      throw new FetchException(
          Reasons.SOURCE_NOT_ALLOWED,
          shown(uri) + " carries a user name or password: a pull secret is the place for them");
    }
    return uri;
  }

  /**
   * A URL that a web server may be asked for.
   *
   * @throws FetchException when it is not
   */
  static URI requireHttp(URI uri) throws FetchException {
    if (!HTTP.contains(scheme(uri))) {
      throw new FetchException(
          Reasons.SOURCE_NOT_ALLOWED, shown(uri) + " is neither https nor http");
    }
    if (uri.getHost() == null || uri.getPort() > 0xffff) {
      throw new FetchException(Reasons.SOURCE_NOT_ALLOWED, shown(uri) + " names no host");
    }
    return uri;
  }

  /**
   * A URL for messages: without its query, where servers of signed links put their signature, and
   * without a user name or password.
   */
  static String shown(URI uri) {
    if (uri.isOpaque()) {
      return uri.getScheme() + ":…";
    }
    String authority = uri.getRawAuthority();
    return (uri.getScheme() == null ? "" : uri.getScheme() + ":")
        + (authority == null ? "" : "//" + authority.substring(authority.lastIndexOf('@') + 1))
        + (uri.getRawPath() == null ? "" : uri.getRawPath())
        + (uri.getRawQuery() == null ? "" : "?…");
  }

  /** A URL for messages. */
  static String shown(String url) {
    try {
      return shown(new URI(url));
    } catch (URISyntaxException e) {
      return "what is no URL";
    }
  }

  /** The scheme in lower case, empty without one. */
  static String scheme(URI uri) {
    return uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
  }

  /** The port, where none is said that of the scheme. */
  static int port(URI uri) {
    if (uri.getPort() >= 0) {
      return uri.getPort();
    }
    return scheme(uri).equals("http") ? 80 : 443;
  }

  /** Whether two URLs lead to the same server by the same means. */
  static boolean sameServer(URI one, URI other) {
    return scheme(one).equals(scheme(other))
        && one.getHost().equalsIgnoreCase(other.getHost())
        && port(one) == port(other);
  }

  /** Whether a host is this machine, told by its spelling alone. */
  static boolean isLoopback(String host) {
    String plain = host.toLowerCase(Locale.ROOT);
    return plain.equals("localhost")
        || plain.equals("[::1]")
        || plain.equals("::1")
        || plain.matches("127(\\.[0-9]{1,3}){3}");
  }
}
