package io.kairos.extensions.operator.reconcile;

import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Phase;
import io.kairos.extensions.operator.rollout.Evidence;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Since when agents have made no progress with their extensions, by this process's clock. That an
 * agent tries again what fails, counts its tries, and says it in other words is none: one that
 * never gets through would never be late. The times in their reports are those of their hosts, and
 * not reckoned with. What stood in a state when this process first saw it counts as just told: a
 * new leader waits for a silent agent anew, rather than giving up one that only now began to talk.
 *
 * <p>Not thread-safe.
 */
final class Quiet {
  /** It waits for its turn to be fetched, or is. */
  private static final Set<Phase> FETCHES = EnumSet.of(Phase.PENDING, Phase.FETCHING);

  /**
   * What an agent told.
   *
   * @param uid the state's
   * @param told of its extensions, but for what is no progress
   * @param since when this was first seen
   */
  private record Seen(String uid, List<ExtensionStatus> told, Instant since) {}

  private static ExtensionStatus progress(ExtensionStatus told) {
    boolean failed = told.phase() == Phase.FAILED && Evidence.isPassing(told.reason());
    boolean again = failed || (FETCHES.contains(told.phase()) && told.attempts() > 0);
    return told.toBuilder()
        .phase(again ? Phase.FAILED : told.phase())
        .reason(again ? "" : told.reason())
        .attempts(0)
        .message("")
        .lastTransitionTime("")
        .lastFailureOrNull(null)
        .build();
  }

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
          state.getStatus() == null
              ? List.of()
              : state.getStatus().extensions().stream().map(Quiet::progress).toList();
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
