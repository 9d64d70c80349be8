package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kairos.extensions.agent.fetch.FetchConfig;
import io.kairos.extensions.agent.fetch.Mirrors;
import io.kairos.extensions.agent.fetch.Proxies;
import io.kairos.extensions.agent.plan.Storage;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentConfigTest {
  @Test
  void theNodeAloneIsEnough() {
    assertThat(AgentConfig.from(Map.of("NODE_NAME", "n1")))
        .isEqualTo(
            AgentConfig.builder()
                .nodeName("n1")
                .hostRoot(Path.of("/"))
                .siteCa(Optional.empty())
                .fileFolders(List.of())
                .commandsAllowed(false)
                .statusPause(Duration.ofSeconds(2))
                .poll(Duration.ofSeconds(60))
                .fetch(FetchConfig.DEFAULT)
                .trustedCertificates(Optional.empty())
                .images(Storage.Limits.DEFAULT)
                .probes(Optional.empty())
                .build());
  }

  @Test
  void everythingCanBeSaid() throws UnknownHostException {
    assertThat(
            AgentConfig.from(
                Map.ofEntries(
                    Map.entry("NODE_NAME", "n1"),
                    Map.entry("HOST_ROOT", "/host"),
                    Map.entry("SYSEXT_ALLOW_COMMANDS", "true"),
                    Map.entry("SYSEXT_CA_FILE", "/etc/ca.pem"),
                    Map.entry("SYSEXT_FILE_FOLDERS", "/srv/images:/opt/../srv/more::"),
                    Map.entry("SYSEXT_STATUS_PAUSE_MILLIS", "50"),
                    Map.entry("SYSEXT_POLL_SECONDS", "5"),
                    Map.entry("HTTPS_PROXY", "http://proxy:3128"),
                    Map.entry("SYSEXT_MIRRORS", "https://a.example=https://b.example"),
                    Map.entry("SYSEXT_MAX_IMAGE_BYTES", "1000"),
                    Map.entry("SYSEXT_SOURCES_DIR", "/etc/sources"),
                    Map.entry("SYSEXT_TRUSTED_CERTIFICATES", "/etc/signers.pem"),
                    Map.entry("SYSEXT_KEEP_IMAGES", "0"),
                    Map.entry("PROBE_PORT", "9788"),
                    Map.entry("PROBE_ADDRESS", "10.0.0.7"),
                    Map.entry("SYSEXT_MIN_FREE_BYTES", "5000000000"))))
        .isEqualTo(
            AgentConfig.builder()
                .nodeName("n1")
                .hostRoot(Path.of("/host"))
                .siteCa(Optional.of(Path.of("/etc/ca.pem")))
                .fileFolders(List.of(Path.of("/srv/images"), Path.of("/srv/more")))
                .commandsAllowed(true)
                .statusPause(Duration.ofMillis(50))
                .poll(Duration.ofSeconds(5))
                .fetch(
                    new FetchConfig(
                        Proxies.from(Map.of("HTTPS_PROXY", "http://proxy:3128")),
                        Mirrors.parse("https://a.example=https://b.example"),
                        1000,
                        Optional.of(Path.of("/etc/sources"))))
                .trustedCertificates(Optional.of(Path.of("/etc/signers.pem")))
                .images(new Storage.Limits(0, OptionalLong.of(5_000_000_000L)))
                .probes(
                    Optional.of(
                        new InetSocketAddress(
                            InetAddress.getByAddress(new byte[] {10, 0, 0, 7}), 9788)))
                .build());
  }

  @ParameterizedTest
  @CsvSource({
    "SYSEXT_CA_FILE",
    "SYSEXT_FILE_FOLDERS",
    "SYSEXT_POLL_SECONDS",
    "SYSEXT_KEEP_IMAGES",
    "SYSEXT_MIN_FREE_BYTES"
  })
  void anEmptyVariableIsAsGoodAsNone(String variable) {
    assertThat(AgentConfig.from(Map.of("NODE_NAME", "n1", variable, "")))
        .isEqualTo(AgentConfig.from(Map.of("NODE_NAME", "n1")));
  }

  @ParameterizedTest
  @CsvSource({
    "SYSEXT_POLL_SECONDS, 0",
    "SYSEXT_POLL_SECONDS, -5",
    "SYSEXT_POLL_SECONDS, soon",
    "SYSEXT_POLL_SECONDS, 1.5",
    "SYSEXT_POLL_SECONDS, 99999999999999999999",
    "SYSEXT_POLL_SECONDS, 9223372036854775807",
    "SYSEXT_KEEP_IMAGES, -1",
    "SYSEXT_KEEP_IMAGES, 1001",
    "SYSEXT_MIN_FREE_BYTES, 1G",
    "SYSEXT_STATUS_PAUSE_MILLIS, 2s",
    "SYSEXT_STATUS_PAUSE_MILLIS, 9223372036854775807",
    "SYSEXT_MAX_IMAGE_BYTES, 0",
    "SYSEXT_MAX_IMAGE_BYTES, 8G",
    "SYSEXT_MIRRORS, ftp://a.example/=https://b.example",
    "NO_PROXY, 10.0.0.0/99",
    "PROBE_PORT, 65536",
    "PROBE_PORT, http",
    "PROBE_ADDRESS, localhost",
    "SYSEXT_FILE_FOLDERS, images",
    "SYSEXT_FILE_FOLDERS, /srv/images:../images"
  })
  void whatMakesNoSenseIsNamedWithItsVariable(String variable, String value) {
    assertThatThrownBy(() -> AgentConfig.from(Map.of("NODE_NAME", "n1", variable, value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(variable)
        .hasMessageContaining(variable.equals("SYSEXT_MIRRORS") ? "ftp://a.example" : told(value));
  }

  private static String told(String value) {
    return value.substring(value.lastIndexOf(':') + 1);
  }

  @Test
  void withoutANodeItSaysWhichVariableIsMissing() {
    assertThatThrownBy(() -> AgentConfig.from(Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("NODE_NAME");
  }
}
