package io.kairos.extensions.operator.reconcile;

import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Since when agents have told nothing new of their extensions, by this process's clock. The times
 * in their reports are those of their hosts, and not reckoned with. What stood in a state when this
 * process first saw it counts as just told: a new leader waits for a silent agent anew, rather than
 * giving up one that only now began to talk.
 *
 * <p>Not thread-safe.
 */
final class Quiet {
  /**
   * What an agent told.
   *
   * @param uid the state's
   * @param told of its extensions
   * @param since when this was first seen
   */
  private record Seen(String uid, List<ExtensionStatus> told, Instant since) {}

  private final Clock clock;
  private Map<String, Seen> seen = Map.of();

  Quiet(Clock clock) {
    this.clock = clock;
  }

  /**
   * Looks at all states there are.
   *
   * @return since when each has been quiet, by name
   */
  Map<String, Instant> look(Collection<NodeExtensionState> states) {
    Instant now = clock.instant();
    Map<String, Seen> next = new HashMap<>();
    Map<String, Instant> result = new HashMap<>();
    for (NodeExtensionState state : states) {
      String name = state.getMetadata().getName();
      String uid = String.valueOf(state.getMetadata().getUid());
      List<ExtensionStatus> told =
          state.getStatus() == null ? List.of() : state.getStatus().extensions();
      Seen before = seen.get(name);
      Seen is =
          before != null && before.uid().equals(uid) && before.told().equals(told)
              ? before
              : new Seen(uid, told, now);
      next.put(name, is);
      result.put(name, is.since());
    }
    seen = next;
    return result;
  }
}
