package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.DriftStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes an event for each growth of a state's drift count. Agents may not write events; what they
 * count in their status is told here.
 *
 * <p>The name of an event is made of the state's uid and the count, so that two leaders, or one
 * that starts again, tell the same thing once: the second is refused as existing, which is as good
 * as told. Events go after an hour, though, so what an operator finds when it starts is told only
 * where it is fresh; and the agent's clock is believed no further than that. An event that cannot
 * be written is tried again with the next pass, and holds up nothing.
 *
 * <p>It takes the right to {@code create} events of {@code events.k8s.io} in the namespace {@code
 * default}: that is where events about objects without a namespace live. Not thread-safe.
 */
final class EventWriter {
  private static final Logger log = LoggerFactory.getLogger(EventWriter.class);

  private static final String NAMESPACE = "default";
  private static final String CONTROLLER = Api.GROUP + "/sysext-operator";
  private static final Duration FRESH = Duration.ofMinutes(10);
  private static final int NOTE_BYTES = 1024;
  private static final int NODE_CHARACTERS = 180;
  private static final DateTimeFormatter MICRO_TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final KubernetesClient client;
  private final Clock clock;
  private final String instance;

  /** The count that was told, by the uid of the state. */
  private final Map<String, Long> told = new HashMap<>();

  /**
   * Nothing is told yet.
   *
   * @param instance which of the operator's processes this is, at most 128 characters
   */
  EventWriter(KubernetesClient client, Clock clock, String instance) {
    this.client = client;
    this.clock = clock;
    this.instance = instance;
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
    if (!news || isWritten(event(state, drift))) {
      told.put(uid(state), drift.count());
    }
  }

  private boolean isFresh(DriftStatus drift) {
    if (drift.count() == 0) {
      return false;
    }
    try {
      Duration age = Duration.between(Instant.parse(drift.time()), clock.instant());
      return age.abs().compareTo(FRESH) < 0;
    } catch (DateTimeException noTime) {
      return false;
    }
  }

  private boolean isWritten(Event event) {
    try {
      client.events().v1().events().inNamespace(NAMESPACE).resource(event).create();
      return true;
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
        return true;
      }
      log.warn(
          "the event {} about {} was not written, it will be tried again: {}",
          event.getReason(),
          event.getRegarding().getName(),
          e.getMessage());
      return false;
    }
  }

  private Event event(NodeExtensionState state, DriftStatus drift) {
    String node = state.getMetadata().getName();
    String shortened = node.substring(0, Math.min(node.length(), NODE_CHARACTERS));
    return new EventBuilder()
        .withNewMetadata()
        .withName(shortened + ".drift-" + uid(state) + "-" + drift.count())
        .withNamespace(NAMESPACE)
        .endMetadata()
        .withEventTime(new MicroTime(MICRO_TIME.format(clock.instant())))
        .withReportingController(CONTROLLER)
        .withReportingInstance(instance)
        .withAction("Repair")
        .withReason(Reasons.DRIFT_REPAIRED)
        .withType("Warning")
        .withNote(note(drift))
        .withNewRegarding()
        .withApiVersion(state.getApiVersion())
        .withKind(state.getKind())
        .withName(node)
        .withUid(uid(state))
        .endRegarding()
        .build();
  }

  /** At most 1 KiB, as the API server wants it. */
  private static String note(DriftStatus drift) {
    String note = drift.message() + " (" + drift.count() + " in all); being repaired";
    while (note.getBytes(StandardCharsets.UTF_8).length > NOTE_BYTES) {
      note = note.substring(0, note.length() - 16);
    }
    return note;
  }

  private static String uid(NodeExtensionState state) {
    return state.getMetadata().getUid();
  }
}
