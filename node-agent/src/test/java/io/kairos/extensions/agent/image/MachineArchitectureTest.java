package io.kairos.extensions.agent.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class MachineArchitectureTest {
  @ParameterizedTest
  @CsvSource({
    "x86-64,amd64,x86_64",
    "arm64,arm64,aarch64",
    "arm,arm,armv7l",
    "x86,386,i686",
    "ppc64-le,ppc64le,ppc64le",
    "riscv64,riscv64,riscv64",
    "s390x,s390x,s390x"
  })
  void namesOfSystemdKubernetesAndTheKernelMeanTheSame(
      String systemd, String kubernetes, String machine) {
    MachineArchitecture architecture = MachineArchitecture.ofSystemd(systemd).orElseThrow();
    assertThat(MachineArchitecture.ofKubernetes(kubernetes)).hasValue(architecture);
    assertThat(MachineArchitecture.ofMachine(machine)).hasValue(architecture);
    assertThat(architecture.systemdName()).isEqualTo(systemd);
    assertThat(architecture.kubernetesName()).isEqualTo(kubernetes);
  }

  @ParameterizedTest
  @EnumSource
  void everyArchitectureIsFoundByItsNames(MachineArchitecture architecture) {
    assertThat(MachineArchitecture.ofSystemd(architecture.systemdName())).hasValue(architecture);
    assertThat(MachineArchitecture.ofKubernetes(architecture.kubernetesName()))
        .hasValue(architecture);
  }

  @Test
  void otherNamesAreUnknown() {
    assertThat(MachineArchitecture.ofSystemd("amd64")).isEmpty();
    assertThat(MachineArchitecture.ofKubernetes("x86-64")).isEmpty();
    assertThat(MachineArchitecture.ofMachine("armv6l")).hasValue(MachineArchitecture.ARM);
    assertThat(MachineArchitecture.ofMachine("vax")).isEmpty();
  }
}
