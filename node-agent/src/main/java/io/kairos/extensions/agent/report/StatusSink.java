package io.kairos.extensions.agent.report;

import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;

/** Takes reports; never makes the caller wait. */
@FunctionalInterface
public interface StatusSink {
  /**
   * A newer report takes the place of one that is not written yet.
   *
   * @param uid of the state that it is for
   */
  void report(String uid, NodeExtensionStateStatus status);
}
