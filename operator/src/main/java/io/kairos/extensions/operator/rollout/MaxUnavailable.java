package io.kairos.extensions.operator.rollout;

import io.fabric8.kubernetes.api.model.IntOrString;

/** {@code maxUnavailable} as a number of nodes. */
final class MaxUnavailable {
  private MaxUnavailable() {}

  /**
   * A number as it is, a percentage of the nodes rounded down; at least 1. What the schema would
   * have refused counts as 1.
   */
  static int of(IntOrString value, int nodes) {
    if (value.getIntVal() != null) {
      return Math.max(1, value.getIntVal());
    }
    String text = value.getStrVal() == null ? "" : value.getStrVal();
    if (!text.matches("[0-9]{1,3}%")) {
      return 1;
    }
    long percent = Long.parseLong(text.substring(0, text.length() - 1));
    return (int) Math.max(1, nodes * percent / 100);
  }
}
