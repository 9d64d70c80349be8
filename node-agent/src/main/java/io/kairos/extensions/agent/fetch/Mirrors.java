package io.kairos.extensions.agent.fetch;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Other places for what lies below some URL, tried before it: {@code PREFIX=REPLACEMENT} pairs,
 * separated by commas. The digest decides whether a mirror gave the right file, so a mirror needs
 * no trust, and one that fails costs no more than time.
 *
 * @param rules in the order in which they are tried
 */
public record Mirrors(List<Rule> rules) {
  /** No mirrors. */
  public static final Mirrors NONE = new Mirrors(List.of());

  private static final Set<String> SCHEMES = Set.of("https", "http", "oci", "file");

  /** Takes a copy. */
  public Mirrors {
    rules = List.copyOf(rules);
  }

  /**
   * One pair.
   *
   * @param prefix the beginning of URLs; what follows it begins with a slash
   * @param replacement what is put in its place
   */
  public record Rule(String prefix, String replacement) {
    private boolean fits(String url) {
      return url.startsWith(prefix)
          && url.length() > prefix.length()
          && url.charAt(prefix.length()) == '/';
    }
  }

  /**
   * Reads {@code SYSEXT_MIRRORS}.
   *
   * @throws IllegalArgumentException when a pair makes no sense; the message names it
   */
  public static Mirrors parse(String text) {
    return new Mirrors(
        Arrays.stream(text.split(",", -1))
            .map(String::strip)
            .filter(pair -> !pair.isEmpty())
            .map(Mirrors::rule)
            .toList());
  }

  private static Rule rule(String pair) {
    int equals = pair.indexOf('=');
    if (equals < 0) {
      throw new IllegalArgumentException(
          "SYSEXT_MIRRORS has a part without '=': it holds PREFIX=REPLACEMENT, separated by commas");
    }
    return new Rule(place(pair.substring(0, equals)), place(pair.substring(equals + 1)));
  }

  private static String place(String url) {
    try {
      URI uri = new URI(url);
      if (SCHEMES.contains(Urls.scheme(uri))
          && uri.getRawUserInfo() == null
          && uri.getRawQuery() == null
          && (uri.getHost() != null || Urls.scheme(uri).equals("file"))) {
        return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
      }
    } catch (URISyntaxException none) {
      // said below
    }
    throw new IllegalArgumentException(
        "SYSEXT_MIRRORS has "
            + Urls.shown(url)
            + ", which is no URL of https, http, oci or file without user name and query");
  }

  /** Where to look for a URL, in this order: its mirrors, then itself. */
  List<String> places(String url) {
    List<String> places = new ArrayList<>();
    for (Rule rule : rules) {
      if (rule.fits(url)) {
        places.add(rule.replacement() + url.substring(rule.prefix().length()));
      }
    }
    places.add(url);
    return places;
  }
}
