package io.kairos.extensions.e2e.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.api.v1alpha1.Activation;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.e2e.fleet.Hosts;
import io.kairos.extensions.e2e.host.BaseRoot;
import io.kairos.extensions.e2e.host.SampleImage;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** With the systemd of this machine, where that is older than configuration extensions. */
class MachineConfextTest extends ConfextScenarios {
  @Override
  Hosts hosts() {
    return Hosts.of(BaseRoot.machine());
  }

  @Test
  void aHostWithoutTheClassSaysSoAndNothingIsTouched() {
    assumeTrue(
        BaseRoot.machine() instanceof BaseRoot.Available machine
            && machine.systemdMajor() < ExtensionClass.CONFEXT.since(),
        "this machine's systemd has configuration extensions");
    SampleImage image = confext("1.0.0");
    extension(image, "");
    world.policy("base", Activation.LIVE, "hello-config");

    ExtensionStatus refused = awaitPhase(Phase.INCOMPATIBLE, image);

    assertThat(refused.reason()).isEqualTo(Reasons.CLASS_NOT_SUPPORTED);
    assertThat(refused.message()).contains("systemd-confext.service", "254");
    assertThat(HostFiles.of(node)).isEmpty();
    assertThat(Files.exists(node.layout(ExtensionClass.CONFEXT).ours())).isFalse();
  }
}
