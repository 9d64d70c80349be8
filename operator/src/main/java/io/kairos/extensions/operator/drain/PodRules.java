package io.kairos.extensions.operator.drain;

import io.kairos.extensions.operator.plan.FleetSnapshot.Pod;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * Which pods a drain moves away, as {@code kubectl drain --ignore-daemonsets
 * --delete-emptydir-data} has it: an emptyDir lasts no longer than its pod by its very definition,
 * and most pods have one.
 *
 * <p>Left where they are: static pods, pods of a DaemonSet, which would come right back, and pods
 * that have ended. A pod that no controller would make anew is evicted by nobody: it would be gone
 * for good. It holds the drain up, until a person deletes it or the drain may use force.
 */
final class PodRules {
  private static final Set<String> ENDED = Set.of("Succeeded", "Failed");

  private PodRules() {}

  /** Whether a node with it is not drained. */
  static boolean hasToGo(Pod pod) {
    return !pod.mirror() && !pod.controller().equals("DaemonSet") && !ENDED.contains(pod.phase());
  }

  /** Whether it would come again elsewhere. */
  static boolean comesAgain(Pod pod) {
    return !pod.controller().isEmpty();
  }

  /**
   * Whether it was deleted and its time to end in good order is over: only a dead node keeps it.
   */
  static boolean isOverdue(Pod pod, Instant now) {
    return pod.endsBy().filter(time -> !time.isAfter(now)).isPresent();
  }

  /**
   * The pods that may be evicted now: all others before the operator's own, so that it sees them
   * off.
   */
  static List<Pod> evictable(List<Pod> going, Instant now) {
    boolean onlyOwn = going.stream().allMatch(Pod::own);
    return going.stream()
        .filter(pod -> pod.endsBy().isEmpty() && comesAgain(pod))
        .filter(pod -> onlyOwn || !pod.own())
        .filter(pod -> pod.refusal().filter(r -> r.retryAt().isAfter(now)).isEmpty())
        .toList();
  }
}
