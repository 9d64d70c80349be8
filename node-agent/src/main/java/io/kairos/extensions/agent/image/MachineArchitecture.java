package io.kairos.extensions.agent.image;

import java.util.Arrays;
import java.util.Optional;

/**
 * The architectures of hosts, with the names that systemd (extension-release {@code
 * ARCHITECTURE=}), Kubernetes ({@code kubernetes.io/arch}, as Go and OCI) and uname(2) have for
 * them.
 */
public enum MachineArchitecture {
  /** 64-bit x86. */
  X86_64("x86-64", "amd64", "x86_64"),
  /** 32-bit x86. */
  X86("x86", "386", "i686"),
  /** 64-bit Arm. */
  ARM64("arm64", "arm64", "aarch64"),
  /** 32-bit Arm, little-endian. */
  ARM("arm", "arm", "armv7l"),
  /** 64-bit RISC-V. */
  RISCV64("riscv64", "riscv64", "riscv64"),
  /** 64-bit POWER, little-endian. */
  PPC64_LE("ppc64-le", "ppc64le", "ppc64le"),
  /** IBM Z. */
  S390X("s390x", "s390x", "s390x"),
  /** 64-bit LoongArch. */
  LOONGARCH64("loongarch64", "loong64", "loongarch64");

  private final String systemdName;
  private final String kubernetesName;
  private final String machine;

  MachineArchitecture(String systemdName, String kubernetesName, String machine) {
    this.systemdName = systemdName;
    this.kubernetesName = kubernetesName;
    this.machine = machine;
  }

  /** As in systemd.unit(5), ConditionArchitecture. */
  public String systemdName() {
    return systemdName;
  }

  /** As in a node's {@code kubernetes.io/arch}. */
  public String kubernetesName() {
    return kubernetesName;
  }

  /** By systemd's name. */
  public static Optional<MachineArchitecture> ofSystemd(String name) {
    return Arrays.stream(values()).filter(a -> a.systemdName.equals(name)).findFirst();
  }

  /** By the name that Kubernetes, Go and OCI use. */
  public static Optional<MachineArchitecture> ofKubernetes(String name) {
    return Arrays.stream(values()).filter(a -> a.kubernetesName.equals(name)).findFirst();
  }

  /** By the machine field of uname(2), as {@code uname -m} prints it. */
  public static Optional<MachineArchitecture> ofMachine(String machine) {
    if (machine.matches("i[3456]86")) {
      return Optional.of(X86);
    }
    if (machine.matches("armv[5678].*l")) {
      return Optional.of(ARM);
    }
    return Arrays.stream(values()).filter(a -> a.machine.equals(machine)).findFirst();
  }
}
