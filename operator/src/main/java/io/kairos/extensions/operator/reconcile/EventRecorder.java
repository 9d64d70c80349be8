package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import io.kairos.extensions.operator.rollout.ObjectEvent;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of the turns of rollouts and extensions, in their order. What cannot be written now is kept
 * for the next pass, as long as there is room: what is oldest is given up first. Not thread-safe.
 */
final class EventRecorder {
  private static final int MOST_KEPT = 100;
  private static final Logger log = LoggerFactory.getLogger(EventRecorder.class);

  private final ClusterEvents events;
  private final Deque<Event> untold = new ArrayDeque<>();

  EventRecorder(ClusterEvents events) {
    this.events = events;
  }

  /** Tells of a turn that a policy has just taken. */
  void tell(NodeExtensionPolicy policy, ObjectEvent event) {
    tell(policy, "Rollout", event);
  }

  /** Tells of a turn that an extension has just taken. */
  void tell(SystemExtension extension, ObjectEvent event) {
    tell(extension, "Observe", event);
  }

  private void tell(HasMetadata about, String action, ObjectEvent event) {
    long micros = ChronoUnit.MICROS.between(Instant.EPOCH, events.now());
    String key =
        "%s-%x-%08x"
            .formatted(event.reason().toLowerCase(Locale.ROOT), micros, event.note().hashCode());
    if (untold.size() >= MOST_KEPT) {
      Event lost = untold.removeFirst();
      log.warn(
          "{} events could not be told, the oldest is given up: {} {}: {}",
          MOST_KEPT,
          lost.getRegarding().getName(),
          lost.getReason(),
          lost.getNote());
    }
    untold.addLast(events.event(about, key, action, event.reason(), event.warning(), event.note()));
    retry();
  }

  /** Tells what could not be told before. */
  void retry() {
    while (!untold.isEmpty() && events.isWritten(untold.peekFirst())) {
      untold.removeFirst();
    }
  }
}
