package io.kairos.extensions.operator.rollout;

import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.Preview;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RolloutStatus;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is admitted in one pass.
 *
 * @param policies one for each policy
 * @param nodeWrites writes to the states of nodes, in order; to be done only after the statuses of
 *     all policies whose {@link PolicyDecision#proveFirst()} is set have been written
 */
public record Decisions(NavigableMap<String, PolicyDecision> policies, List<Write> nodeWrites) {
  /** Copies what it is given. */
  public Decisions {
    policies = Collections.unmodifiableNavigableMap(new TreeMap<>(policies));
    nodeWrites = List.copyOf(nodeWrites);
  }

  /**
   * What is admitted for one policy.
   *
   * @param rollout what the status has to remember from now on
   * @param attempt the attempt that failures count for from now on
   * @param replacesBatch whether a batch is replaced or cleared
   * @param proveFirst whether node writes follow from it, so that the status has to be written
   *     first, changed or not
   * @param cap the number of slots: maxUnavailable of this fleet
   * @param slots the nodes that take one once this pass is written
   * @param admitted the nodes that are written, or written again, in this pass
   * @param settled whether no node of an earlier batch is still to be written
   * @param hold why nobody is admitted, or nobody of a wave, if so
   * @param preview what would happen, in a dry run
   * @param waiting nodes that need a change and do not get it in this pass, and why
   */
  public record PolicyDecision(
      RolloutStatus rollout,
      String attempt,
      boolean replacesBatch,
      boolean proveFirst,
      int cap,
      NavigableSet<String> slots,
      NavigableSet<String> admitted,
      boolean settled,
      Optional<Hold> hold,
      Optional<Preview> preview,
      NavigableMap<String, String> waiting) {
    /** Why a node waits while as many others are unavailable as may be. */
    public static final String NO_SLOT = "waits for a slot";

    /** Copies what it is given. */
    public PolicyDecision {
      slots = Collections.unmodifiableNavigableSet(new TreeSet<>(slots));
      admitted = Collections.unmodifiableNavigableSet(new TreeSet<>(admitted));
      waiting = Collections.unmodifiableNavigableMap(new TreeMap<>(waiting));
    }
  }
}
