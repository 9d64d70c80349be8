package io.kairos.extensions.operator.gate;

import io.kairos.extensions.api.v1alpha1.Gate;

/** What gates are about, in words. */
public final class Gates {
  private static final int LONGEST = 300;

  private Gates() {}

  /** Whether a gate asks for what no gate may read, whatever the operator is allowed. */
  public static boolean isRefused(Gate gate) {
    return gate.apiVersion().equals("v1") && gate.kind().equals("Secret");
  }

  /** {@code Deployment (apps/v1) in namespace prod}. */
  public static String objects(Gate gate) {
    return gate.kind()
        + " ("
        + gate.apiVersion()
        + ")"
        + (gate.namespace().isEmpty() ? "" : " in namespace " + gate.namespace())
        + (gate.selector().isPresent() ? " with these labels" : "");
  }

  /** One line, not too long. */
  public static String text(String message) {
    String line = message == null ? "" : message.replaceAll("\\s+", " ").strip();
    return line.length() > LONGEST ? line.substring(0, LONGEST) + "…" : line;
  }
}
