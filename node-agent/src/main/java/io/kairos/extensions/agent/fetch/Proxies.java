package io.kairos.extensions.agent.fetch;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Which proxy leads to which server, by {@code HTTPS_PROXY}, {@code HTTP_PROXY} and {@code
 * NO_PROXY}, upper or lower case (lower wins, as with curl).
 *
 * <p>{@code NO_PROXY} is read as Kubernetes' own programs read it: entries separated by commas;
 * {@code *} is everything; {@code example.org} is that domain and all below it; {@code
 * .example.org} and {@code *.example.org} are all below it; an IP address or a CIDR block is
 * compared with servers that are named by their address (no name is resolved for it); each but a
 * CIDR block may end in {@code :PORT}. This machine itself is never asked for through a proxy.
 *
 * @param https the one for https URLs
 * @param http the one for http URLs
 * @param direct what is reached without
 */
public record Proxies(Optional<Server> https, Optional<Server> http, List<Rule> direct) {
  /** No proxy at all. */
  public static final Proxies NONE = new Proxies(Optional.empty(), Optional.empty(), List.of());

  /** Takes a copy. */
  public Proxies {
    direct = List.copyOf(direct);
  }

  /**
   * A proxy.
   *
   * @param host its name or address
   * @param port its port
   * @param authorization the value of {@code Proxy-Authorization}, where it asks for one; secret
   */
  public record Server(String host, int port, Optional<String> authorization) {
    @Override
    public String toString() {
      return host + ":" + port;
    }
  }

  /** Something in NO_PROXY; a port of -1 is any. */
  public sealed interface Rule {
    /** Whether a server is meant; one that is named by an address has that as a number. */
    boolean fits(String host, Optional<BigInteger> address, int port);
  }

  private record Everything() implements Rule {
    @Override
    public boolean fits(String host, Optional<BigInteger> address, int port) {
      return true;
    }
  }

  private record Domain(String name, boolean itself, int port) implements Rule {
    @Override
    public boolean fits(String host, Optional<BigInteger> address, int asked) {
      return (port < 0 || port == asked)
          && address.isEmpty()
          && ((itself && host.equals(name)) || host.endsWith("." + name));
    }
  }

  /** An address is a block of one. The leading bit of a number tells IPv4 from IPv6. */
  private record Block(BigInteger network, int freeBits, int port) implements Rule {
    @Override
    public boolean fits(String host, Optional<BigInteger> address, int asked) {
      return (port < 0 || port == asked)
          && address.isPresent()
          && address.get().shiftRight(freeBits).equals(network.shiftRight(freeBits));
    }
  }

  /**
   * Reads the environment.
   *
   * @throws IllegalArgumentException when a variable makes no sense; the message names the variable
   *     and no password
   */
  public static Proxies from(Map<String, String> environment) {
    return new Proxies(
        server(environment, "HTTPS_PROXY"),
        server(environment, "HTTP_PROXY"),
        rules(value(environment, "NO_PROXY")));
  }

  /** The proxy for a URL of a web server, if one leads to it. */
  Optional<Server> to(URI uri) {
    Optional<Server> server = Urls.scheme(uri).equals("https") ? https : http;
    String host = uri.getHost().toLowerCase(Locale.ROOT);
    if (server.isEmpty() || Urls.isLoopback(host)) {
      return Optional.empty();
    }
    Optional<BigInteger> address = address(host);
    int port = Urls.port(uri);
    return direct.stream().anyMatch(rule -> rule.fits(host, address, port))
        ? Optional.empty()
        : server;
  }

  private static String value(Map<String, String> environment, String name) {
    String lower = environment.getOrDefault(name.toLowerCase(Locale.ROOT), "");
    return lower.isEmpty() ? environment.getOrDefault(name, "") : lower;
  }

  private static Optional<Server> server(Map<String, String> environment, String name) {
    String value = value(environment, name);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    URI uri;
    try {
      uri = new URI(value.contains("://") ? value : "http://" + value);
    } catch (URISyntaxException secretInside) {
      throw new IllegalArgumentException(name + " is no URL such as http://proxy.example.org:3128");
    }
    if (!Urls.scheme(uri).equals("http") || uri.getHost() == null) {
      throw new IllegalArgumentException(
          name
              + " is no http://HOST:PORT: the agent speaks plain HTTP to proxies (and TLS through"
              + " them), no other scheme");
    }
    Optional<String> authorization =
        Optional.ofNullable(uri.getRawUserInfo())
            .map(
                user ->
                    "Basic "
                        + Base64.getEncoder()
                            .encodeToString(decoded(user).getBytes(StandardCharsets.UTF_8)));
    return Optional.of(new Server(uri.getHost(), Urls.port(uri), authorization));
  }

  private static String decoded(String user) {
    return URLDecoder.decode(user.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static List<Rule> rules(String list) {
    List<Rule> rules = new ArrayList<>();
    Arrays.stream(list.split("[,\\s]", -1))
        .filter(entry -> !entry.isEmpty())
        .map(entry -> rule(entry.toLowerCase(Locale.ROOT)))
        .forEach(rules::add);
    return rules;
  }

  private static Rule rule(String entry) {
    if (entry.equals("*")) {
      return new Everything();
    }
    int slash = entry.indexOf('/');
    if (slash > 0) {
      return block(entry, entry.substring(0, slash), entry.substring(slash + 1));
    }
    Optional<BigInteger> plain = address(entry);
    if (plain.isPresent()) { // an IPv6 address has colons that are no port
      return new Block(plain.get(), 0, -1);
    }
    int colon = entry.lastIndexOf(':');
    String host = colon < 0 ? entry : entry.substring(0, colon);
    int port = colon < 0 ? -1 : port(entry, entry.substring(colon + 1));
    Optional<BigInteger> address = address(host);
    if (address.isPresent()) {
      return new Block(address.get(), 0, port);
    }
    String name = host.startsWith("*.") ? host.substring(1) : host;
    return name.startsWith(".")
        ? new Domain(name.substring(1), false, port)
        : new Domain(name, true, port);
  }

  private static Rule block(String entry, String network, String prefix) {
    BigInteger first =
        address(network)
            .orElseThrow(
                () -> new IllegalArgumentException("NO_PROXY has '" + entry + "', no CIDR block"));
    int bits = first.bitLength() - 1;
    int length = prefix.matches("[0-9]{1,3}") ? Integer.parseInt(prefix) : -1;
    if (length < 0 || length > bits) {
      throw new IllegalArgumentException("NO_PROXY has '" + entry + "', no CIDR block");
    }
    return new Block(first, bits - length, -1);
  }

  private static int port(String entry, String text) {
    int port = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : -1;
    if (port < 1 || port > 0xffff) {
      throw new IllegalArgumentException("NO_PROXY has '" + entry + "', whose port is none");
    }
    return port;
  }

  /**
   * An IP address as a number with a leading 1, so that the two families never meet; nothing for a
   * name. Names are never resolved here: only what can be nothing but an address is handed on.
   */
  private static Optional<BigInteger> address(String host) {
    String plain =
        host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    boolean four = plain.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    boolean six =
        plain.contains(":") && plain.matches("[0-9a-f:.]+") && !plain.matches("[^:]*:[^:]*");
    if (!four && !six) {
      return Optional.empty();
    }
    try {
      byte[] bytes = InetAddress.getByName(plain).getAddress();
      return Optional.of(BigInteger.ONE.shiftLeft(bytes.length * 8).or(new BigInteger(1, bytes)));
    } catch (UnknownHostException none) {
      return Optional.empty();
    }
  }
}
