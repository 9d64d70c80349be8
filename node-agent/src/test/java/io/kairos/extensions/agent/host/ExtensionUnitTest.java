package io.kairos.extensions.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.image.ImagePolicy;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExtensionUnitTest {
  private static final String DEFAULT = ExtensionClass.SYSEXT.defaultPolicy();
  private static final String STRICT = "root=signed+absent:usr=signed+absent";

  private static List<String> policies(String version, String... commands) {
    return ExtensionUnit.of(
            ExtensionClass.SYSEXT,
            version,
            List.of(),
            Arrays.stream(commands).map(c -> List.of(c.split(" "))).toList())
        .policies()
        .stream()
        .map(ImagePolicy::text)
        .toList();
  }

  @Test
  void aUnitAsSystemdShipsItHasTheBuiltInPolicyOnceThereIsOne() {
    assertThat(policies("257.13-1~deb13u1", "systemd-sysext refresh", "systemd-sysext refresh"))
        .containsExactly(DEFAULT);
    assertThat(policies("254")).containsExactly(DEFAULT);
    assertThat(policies("v253.1", "systemd-sysext refresh")).isEmpty();
    assertThat(policies("252.39-1~deb12u2", "systemd-sysext merge")).isEmpty();
  }

  @Test
  void startAndReloadMayDiffer() {
    assertThat(
            policies(
                "257", "systemd-sysext refresh --image-policy=" + STRICT, "systemd-sysext refresh"))
        .containsExactly(STRICT, DEFAULT);
  }

  @ParameterizedTest
  @CsvSource({
    "systemd-sysext --image-policy=root=signed refresh, root=signed",
    "systemd-sysext --image-policy root=signed refresh, root=signed",
    "systemd-sysext --image-policy=* --image-policy=~ refresh, ~",
    "systemd-sysext --image-policy= refresh, ''"
  })
  void anOptionIsReadInEveryForm(String command, String policy) {
    assertThat(policies("257", command)).containsExactly(policy);
  }

  @Test
  void aPolicyWithinAShellCommandIsFound() {
    List<String> shell =
        List.of("sh", "-c", "exec systemd-sysext refresh --image-policy='root=verity' --force");
    assertThat(ExtensionUnit.of(ExtensionClass.SYSEXT, "257", List.of(), List.of(shell)).policies())
        .containsExactly(ImagePolicy.parse("root=verity"));
  }

  @Test
  void hierarchiesComeFromTheEnvironment() {
    assertThat(
            ExtensionUnit.of(ExtensionClass.SYSEXT, "257", List.of("A=b"), List.of()).hierarchies())
        .isEqualTo(ExtensionClass.SYSEXT.hierarchies());
    assertThat(
            ExtensionUnit.of(
                    ExtensionClass.SYSEXT,
                    "257",
                    List.of(
                        "SYSTEMD_SYSEXT_HIERARCHIES=/opt",
                        "SYSTEMD_SYSEXT_HIERARCHIES=/usr/bin:/usr/lib::x"),
                    List.of())
                .hierarchies())
        .containsExactly("/usr/bin", "/usr/lib");
  }
}
