package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.Node;
import java.time.Clock;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Since when Nodes are not Ready. The time in a Node's condition is that of its kubelet, or of the
 * controller that missed it: clocks that nobody promises to be right. So the time at which this
 * process saw a Node lose its readiness counts. For one that was not Ready when first seen, as all
 * are after a start, the condition's time serves as a hint: without it each new leader would wait
 * for a dead node anew. A hint from the future counts as now. A hint from too far in the past frees
 * a slot of {@code maxUnavailable} too early, for a node that is not admitted to anything anyway.
 *
 * <p>Not thread-safe.
 */
final class Readiness {
  private final Clock clock;
  private final Map<String, Instant> unreadySince = new HashMap<>();
  private final Map<String, String> seen = new HashMap<>();

  Readiness(Clock clock) {
    this.clock = clock;
  }

  /**
   * Looks at all Nodes there are.
   *
   * @return by name, since when each is not Ready; {@link Instant#MAX} for those that are
   */
  Map<String, Instant> look(List<Node> nodes) {
    Instant now = clock.instant();
    Map<String, Instant> result = new HashMap<>();
    Map<String, String> uids = new HashMap<>();
    for (Node node : nodes) {
      String name = node.getMetadata().getName();
      String uid = String.valueOf(node.getMetadata().getUid());
      boolean known = uid.equals(seen.get(name));
      uids.put(name, uid);
      if (Conversion.isReady(node)) {
        result.put(name, Instant.MAX);
      } else if (!known) {
        result.put(name, hint(node).filter(now::isAfter).orElse(now));
      } else {
        Instant before = unreadySince.get(name);
        result.put(name, before.equals(Instant.MAX) ? now : before);
      }
    }
    seen.clear();
    seen.putAll(uids);
    unreadySince.clear();
    unreadySince.putAll(result);
    return result;
  }

  private static Optional<Instant> hint(Node node) {
    if (node.getStatus() == null) {
      return Optional.empty();
    }
    return node.getStatus().getConditions().stream()
        .filter(condition -> "Ready".equals(condition.getType()))
        .map(condition -> condition.getLastTransitionTime())
        .filter(time -> time != null)
        .findFirst()
        .flatMap(Readiness::parse);
  }

  private static Optional<Instant> parse(String time) {
    try {
      return Optional.of(Instant.parse(time));
    } catch (DateTimeParseException e) {
      return Optional.empty(); // a hint, not more
    }
  }
}
