package io.kairos.extensions.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.junit.jupiter.api.Test;

class OperatorConfigTest {
  @Test
  void leadsByDefaultInItsOwnNamespace() {
    assertThat(OperatorConfig.from(Map.of("POD_NAMESPACE", "kairos-system")))
        .isEqualTo(new OperatorConfig(true, "kairos-system", "sysext-operator", 8081, ""));
  }

  @Test
  void theCommandLineIsStrongerThanTheEnvironment() {
    assertThat(
            OperatorConfig.from(
                Map.of("PROBE_PORT", "1", "LEASE_NAME", "env"),
                "--probe-port=-1",
                "--leader-election=false",
                "--lease-namespace=ns"))
        .isEqualTo(new OperatorConfig(false, "ns", "env", -1, ""));
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OperatorConfig.from(Map.of(), "--port=1"))
        .withMessageContaining("--port=1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OperatorConfig.from(Map.of(), "--probe-port=x"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OperatorConfig.from(Map.of(), "--leader-election=maybe"));
  }
}
