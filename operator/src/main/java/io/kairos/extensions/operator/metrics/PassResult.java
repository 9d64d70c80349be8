package io.kairos.extensions.operator.metrics;

import java.util.Locale;

/** How a pass over the fleet ended. */
public enum PassResult {
  /** All its writes were done. */
  COMPLETED,
  /** The fleet is as the last completed pass left it: nothing was to be done. */
  UNCHANGED,
  /** All was done but for writes that the API server refused and nothing else rests on. */
  REFUSED,
  /** Some objects had changed meanwhile, as those of busy nodes do: the next pass sees to them. */
  PARTIAL,
  /** Something changed meanwhile: the next pass starts from what is there then. */
  CONFLICT,
  /** The lease was lost, or the operator closed. */
  STOPPED,
  /** The API server did not answer, or refused what other writes rest on; or a fault of ours. */
  FAILED;

  /** The value of the label. */
  String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
