package io.kairos.extensions.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kairos.extensions.agent.fetch.FetchConfig;
import io.kairos.extensions.agent.fetch.Mirrors;
import io.kairos.extensions.agent.fetch.Proxies;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentConfigTest {
  @Test
  void theNodeAloneIsEnough() {
    assertThat(AgentConfig.from(Map.of("NODE_NAME", "n1")))
        .isEqualTo(
            new AgentConfig(
                "n1",
                Path.of("/"),
                Optional.empty(),
                List.of(),
                Duration.ofSeconds(2),
                Duration.ofSeconds(60)));
  }

  @Test
  void everythingCanBeSaid() {
    assertThat(
            AgentConfig.from(
                Map.of(
                    "NODE_NAME", "n1",
                    "HOST_ROOT", "/host",
                    "SYSEXT_CA_FILE", "/etc/ca.pem",
                    "SYSEXT_FILE_FOLDERS", "/srv/images:/opt/../srv/more::",
                    "SYSEXT_STATUS_PAUSE_MILLIS", "50",
                    "SYSEXT_POLL_SECONDS", "5",
                    "HTTPS_PROXY", "http://proxy:3128",
                    "SYSEXT_MIRRORS", "https://a.example=https://b.example",
                    "SYSEXT_MAX_IMAGE_BYTES", "1000",
                    "SYSEXT_SOURCES_DIR", "/etc/sysext-sources")))
        .isEqualTo(
            new AgentConfig(
                "n1",
                Path.of("/host"),
                Optional.of(Path.of("/etc/ca.pem")),
                List.of(Path.of("/srv/images"), Path.of("/srv/more")),
                Duration.ofMillis(50),
                Duration.ofSeconds(5),
                new FetchConfig(
                    Proxies.from(Map.of("HTTPS_PROXY", "http://proxy:3128")),
                    Mirrors.parse("https://a.example=https://b.example"),
                    1000,
                    Optional.of(Path.of("/etc/sysext-sources")))));
  }

  @ParameterizedTest
  @CsvSource({"SYSEXT_CA_FILE", "SYSEXT_FILE_FOLDERS", "SYSEXT_POLL_SECONDS"})
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
    "SYSEXT_STATUS_PAUSE_MILLIS, 2s",
    "SYSEXT_STATUS_PAUSE_MILLIS, 9223372036854775807",
    "SYSEXT_MAX_IMAGE_BYTES, 0",
    "SYSEXT_MAX_IMAGE_BYTES, 8G",
    "SYSEXT_MIRRORS, ftp://a.example/=https://b.example",
    "NO_PROXY, 10.0.0.0/99",
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
