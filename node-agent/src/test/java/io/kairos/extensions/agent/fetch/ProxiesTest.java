package io.kairos.extensions.agent.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxiesTest {
  private static final Map<String, String> BOTH =
      Map.of(
          "HTTPS_PROXY", "http://secure.example.org:3128",
          "HTTP_PROXY", "plain.example.org:8080");

  private static String way(Proxies proxies, String url) {
    return proxies.to(URI.create(url)).map(Proxies.Server::toString).orElse("direct");
  }

  private static String way(String noProxy, String url) {
    return way(Proxies.from(Map.of("HTTPS_PROXY", "http://proxy:3128", "NO_PROXY", noProxy)), url);
  }

  @Test
  void eachSchemeHasItsProxy() {
    assertThat(way(Proxies.from(BOTH), "https://a.example/x")).isEqualTo("secure.example.org:3128");
    assertThat(way(Proxies.from(BOTH), "http://a.example/x")).isEqualTo("plain.example.org:8080");
    assertThat(way(Proxies.from(Map.of()), "https://a.example/x")).isEqualTo("direct");
  }

  @Test
  void lowerCaseIsRead() {
    assertThat(
            way(
                Proxies.from(
                    Map.of(
                        "https_proxy", "http://lower:1",
                        "HTTPS_PROXY", "http://upper:2",
                        "no_proxy", "other.example")),
                "https://a.example/x"))
        .isEqualTo("lower:1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://localhost/x", "https://127.0.0.5:8443/x", "https://[::1]/x"})
  void thisMachineIsNeverAskedThroughAProxy(String url) {
    assertThat(way("", url)).isEqualTo("direct");
  }

  @ParameterizedTest
  @CsvSource({
    "*, a.example, direct",
    "example.org, example.org, direct",
    "example.org, EXAMPLE.ORG, direct",
    "example.org, a.b.example.org, direct",
    "example.org, anexample.org, proxy:3128",
    ".example.org, a.example.org, direct",
    ".example.org, example.org, proxy:3128",
    "*.example.org, a.example.org, direct",
    "*.example.org, example.org, proxy:3128",
    "example.org:8443, example.org:8443, direct",
    "example.org:8443, example.org, proxy:3128",
    "example.org:443, example.org, direct",
    "10.1.2.3, 10.1.2.3, direct",
    "10.1.2.3, 10.1.2.4, proxy:3128",
    "10.1.2.3:443, 10.1.2.3, direct",
    "10.1.2.3:8443, 10.1.2.3, proxy:3128",
    "10.0.0.0/8, 10.255.0.1:8443, direct",
    "10.0.0.0/8, 11.0.0.1, proxy:3128",
    "192.168.4.0/22, 192.168.7.255, direct",
    "192.168.4.0/22, 192.168.8.0, proxy:3128",
    "0.0.0.0/0, 8.8.8.8, direct",
    "0.0.0.0/0, [2001:db8::1], proxy:3128",
    "2001:db8::/32, [2001:db8:1::5], direct",
    "2001:db8::/32, [2001:db9::5], proxy:3128",
    "2001:db8::1, [2001:DB8::1], direct",
    "10.0.0.0/8, ten.example, proxy:3128",
    "'first.example, second.example', second.example, direct",
    "',,', a.example, proxy:3128"
  })
  void noProxyNamesWhatIsReachedWithout(String noProxy, String host, String way) {
    assertThat(way(noProxy, "https://" + host + "/x")).isEqualTo(way);
  }

  @ParameterizedTest
  @CsvSource({
    "HTTPS_PROXY, socks5://user:geheim@proxy:1080",
    "HTTPS_PROXY, https://user:geheim@proxy:1080",
    "HTTP_PROXY, 'http://user:geheim@a b'",
    "NO_PROXY, 10.0.0.0/33",
    "NO_PROXY, example.org/8",
    "NO_PROXY, example.org:http"
  })
  void whatMakesNoSenseIsNamedWithoutItsPassword(String variable, String value) {
    assertThatThrownBy(() -> Proxies.from(Map.of(variable, value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(variable)
        .hasMessageNotContaining("geheim");
  }

  @Test
  void thePasswordIsSentAndNeverShown() {
    Proxies proxies = Proxies.from(Map.of("HTTPS_PROXY", "http://user:ge%40heim@proxy:3128"));
    Proxies.Server server = proxies.to(URI.create("https://a.example/x")).orElseThrow();
    assertThat(server.authorization()).hasValue("Basic dXNlcjpnZUBoZWlt");
    assertThat(server.host()).isEqualTo("proxy");
    assertThat(proxies.toString() + server).doesNotContain("heim").doesNotContain("dXNlcjp");
  }
}
