package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.kairos.extensions.api.v1alpha1.Api;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes events about our objects, each once.
 *
 * <p>The name of an event is the object's and a key. One that is there already, told by another
 * leader or by a try whose answer was lost, is as good as told.
 *
 * <p>It takes the right to {@code create} events of {@code events.k8s.io} in the namespace {@code
 * default}: that is where events about objects without a namespace live.
 */
final class ClusterEvents {
  private static final Logger log = LoggerFactory.getLogger(ClusterEvents.class);

  private static final String NAMESPACE = "default";
  private static final String CONTROLLER = Api.GROUP + "/sysext-operator";
  private static final int NOTE_BYTES = 1024;
  private static final int NAME_CHARACTERS = 180;
  private static final DateTimeFormatter MICRO_TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final KubernetesClient client;
  private final Clock clock;
  private final String instance;

  /**
   * Events told by this process.
   *
   * @param instance which of the operator's processes this is, at most 128 characters
   */
  ClusterEvents(KubernetesClient client, Clock clock, String instance) {
    this.client = client;
    this.clock = clock;
    this.instance = instance;
  }

  /** What the time is now. */
  Instant now() {
    return clock.instant();
  }

  /** An event about an object that is there. */
  Event event(
      HasMetadata about, String key, String action, String reason, boolean warning, String note) {
    String name = about.getMetadata().getName();
    String shortened =
        name.substring(0, Math.min(name.length(), NAME_CHARACTERS)).replaceAll("[-.]+$", "");
    return new EventBuilder()
        .withNewMetadata()
        .withName(shortened + "." + key)
        .withNamespace(NAMESPACE)
        .endMetadata()
        .withEventTime(new MicroTime(MICRO_TIME.format(clock.instant())))
        .withReportingController(CONTROLLER)
        .withReportingInstance(instance)
        .withAction(action)
        .withReason(reason)
        .withType(warning ? "Warning" : "Normal")
        .withNote(fitting(note))
        .withNewRegarding()
        .withApiVersion(about.getApiVersion())
        .withKind(about.getKind())
        .withName(name)
        .withUid(about.getMetadata().getUid())
        .endRegarding()
        .build();
  }

  /** At most 1 KiB, as the API server wants it. */
  private static String fitting(String note) {
    String shorter = note;
    while (shorter.getBytes(StandardCharsets.UTF_8).length > NOTE_BYTES) {
      shorter = shorter.substring(0, shorter.length() - 16);
    }
    return shorter;
  }

  /** Writes an event; whether it is there now. One that is not can be tried again. */
  boolean isWritten(Event event) {
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
}
