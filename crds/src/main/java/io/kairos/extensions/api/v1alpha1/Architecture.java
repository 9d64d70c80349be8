package io.kairos.extensions.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Architectures as Kubernetes names them ({@code kubernetes.io/arch}), and {@link #ANY}. */
public enum Architecture {
  /** x86-64. */
  @JsonProperty("amd64")
  AMD64("amd64"),
  /** AArch64. */
  @JsonProperty("arm64")
  ARM64("arm64"),
  /** 32-bit Arm. */
  @JsonProperty("arm")
  ARM("arm"),
  /** 64-bit POWER, little-endian. */
  @JsonProperty("ppc64le")
  PPC64LE("ppc64le"),
  /** 64-bit RISC-V. */
  @JsonProperty("riscv64")
  RISCV64("riscv64"),
  /** IBM Z. */
  @JsonProperty("s390x")
  S390X("s390x"),
  /** An image that fits every architecture. */
  @JsonProperty("any")
  ANY("any");

  private final String text;

  Architecture(String text) {
    this.text = text;
  }

  /** The value as the API spells it. */
  public String text() {
    return text;
  }
}
