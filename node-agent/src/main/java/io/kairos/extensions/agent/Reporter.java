package io.kairos.extensions.agent;

import io.kairos.extensions.agent.report.Evidence;
import io.kairos.extensions.agent.report.StatusReport;
import io.kairos.extensions.agent.report.StatusSink;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import java.time.Clock;
import java.time.temporal.ChronoUnit;

/**
 * Reports on a node's state, each time from what was reported before: times and counts go on. A
 * state that is another object than the last one begins with what stands in it. Used by the agent's
 * loop alone.
 */
final class Reporter {
  private final StatusSink sink;
  private final Clock clock;

  private NodeExtensionStateStatus reported = NodeExtensionStateStatus.EMPTY;
  private String reportedUid = "";

  Reporter(StatusSink sink, Clock clock) {
    this.sink = sink;
    this.clock = clock;
  }

  /** What was said last of this state. */
  NodeExtensionStateStatus previous(NodeExtensionState state) {
    return reportedUid.equals(state.getMetadata().getUid()) ? reported : state.getStatus();
  }

  /** Tells what was found. */
  void report(NodeExtensionState state, Evidence evidence) {
    send(state, StatusReport.of(evidence, previous(state), timestamp()));
  }

  /** Tells that the host could not be looked after, and why. */
  void unreachable(NodeExtensionState state, String message) {
    send(state, StatusReport.unreachable(previous(state), generation(state), message, timestamp()));
  }

  private void send(NodeExtensionState state, NodeExtensionStateStatus status) {
    reported = status;
    reportedUid = state.getMetadata().getUid();
    sink.report(reportedUid, status);
  }

  /** The generation of a state's spec; 0 where nobody counts. */
  static long generation(NodeExtensionState state) {
    Long generation = state.getMetadata().getGeneration();
    return generation == null ? 0 : generation;
  }

  private String timestamp() {
    return clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
