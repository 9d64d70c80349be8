package io.kairos.extensions.operator.rollout;

import io.fabric8.kubernetes.api.model.IntOrString;

/** A number of nodes that is given as a number, or as a percentage. */
final class Amount {
  private Amount() {}

  /**
   * A number as it is, a percentage of the nodes rounded down. What the schema would have refused
   * counts as none.
   */
  static int of(IntOrString value, int nodes) {
    if (value.getIntVal() != null) {
      return Math.max(0, value.getIntVal());
    }
    String text = value.getStrVal() == null ? "" : value.getStrVal();
    if (!text.matches("[0-9]{1,3}%")) {
      return 0;
    }
    long percent = Long.parseLong(text.substring(0, text.length() - 1));
    return (int) (nodes * percent / 100);
  }

  /** The same, and at least 1. */
  static int atLeastOne(IntOrString value, int nodes) {
    return Math.max(1, of(value, nodes));
  }
}
