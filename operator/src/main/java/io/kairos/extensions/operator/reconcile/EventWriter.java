package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.kairos.extensions.api.v1alpha1.DriftStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Tells of nodes: an event for each growth of a state's drift count, and one for each pod that does
 * not let itself be moved away. Agents may not write events; what they count in their status is
 * told here.
 *
 * <p>The name of an event is made of the state's uid and the count, so that two leaders, or one
 * that starts again, tell the same thing once: the second is refused as existing, which is as good
 * as told. Events go after an hour, though, so what an operator finds when it starts is told only
 * where it is fresh; and the agent's clock is believed no further than that. An event that cannot
 * be written is tried again with the next pass, and holds up nothing. Not thread-safe.
 */
final class EventWriter {
  private static final Duration FRESH = Duration.ofMinutes(10);

  private final ClusterEvents events;

  /** The count that was told, by the uid of the state. */
  private final Map<String, Long> told = new HashMap<>();

  /** Nothing is told yet. */
  EventWriter(ClusterEvents events) {
    this.events = events;
  }

  /** Tells what has grown since the last call; all states have to be there. */
  void tell(Collection<NodeExtensionState> states) {
    told.keySet()
        .retainAll(states.stream().map(EventWriter::uid).collect(Collectors.toUnmodifiableSet()));
    states.forEach(this::tell);
  }

  private void tell(NodeExtensionState state) {
    DriftStatus drift =
        Optional.ofNullable(state.getStatus()).map(s -> s.drift()).orElse(DriftStatus.NONE);
    Long before = told.get(uid(state));
    boolean news = before == null ? isFresh(drift) : drift.count() > before;
    if (!news || events.isWritten(event(state, drift))) {
      told.put(uid(state), drift.count());
    }
  }

  private boolean isFresh(DriftStatus drift) {
    if (drift.count() == 0) {
      return false;
    }
    try {
      Duration age = Duration.between(Instant.parse(drift.time()), events.now());
      return age.abs().compareTo(FRESH) < 0;
    } catch (DateTimeException noTime) {
      return false;
    }
  }

  /** Tells that a pod does not let itself be moved away, and why. */
  void drainBlocked(NodeExtensionState state, FleetSnapshot.Pod pod, String why) {
    String note = "pod " + pod.path() + " is not evicted: " + why;
    boolean unused =
        events.isWritten(
            events.event(state, "drain-" + pod.uid(), "Drain", Reasons.DRAIN_BLOCKED, true, note));
  }

  private Event event(NodeExtensionState state, DriftStatus drift) {
    return events.event(
        state,
        "drift-" + uid(state) + "-" + drift.count(),
        "Detect",
        Reasons.DRIFT_DETECTED,
        true,
        drift.message() + " (" + drift.count() + " in all)");
  }

  private static String uid(NodeExtensionState state) {
    return state.getMetadata().getUid();
  }
}
