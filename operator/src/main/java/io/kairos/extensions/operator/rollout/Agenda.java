package io.kairos.extensions.operator.rollout;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which writes of a pass may be done next. In order, but for those of nodes ({@link Write.OfNode})
 * that follow each other: the writes of one node count on each other, those of several do not. So
 * they may be done in any order, or at once; and if a node's finds its state changed, because its
 * agent has just reported, the rest of that node's are left for the next pass, and all others are
 * done all the same. In a large fleet some agent reports all the time. What counts on all nodes
 * ({@link Write.Concluding}) is left for the next pass too then. A node whose state the API server
 * refuses to have written is left as well, and holds up nothing else: it is as the pass has read
 * it.
 *
 * <p>That a node is admitted counts on the policy's status having been written (see {@link
 * Admission}), and on no other node: a batch whose entries are written in another order, or in
 * part, is one that an operator has left when it died between two writes.
 *
 * <p>Not thread-safe.
 */
public final class Agenda {
  private final Deque<Write> rest;
  private final Map<String, Deque<Write>> nodes = new LinkedHashMap<>();
  private final Set<String> outdated = new HashSet<>();
  private final Set<String> refused = new HashSet<>();
  private boolean over;

  /** The writes of a pass, in order. */
  public Agenda(List<Write> writes) {
    rest = new ArrayDeque<>(writes);
  }

  /**
   * The writes that may be done now: of several nodes one each, or a single one. Each is to be
   * {@link #done}, {@link #outdated} or {@link #refused} before its successor shows up.
   */
  public List<Write> ready() {
    while (nodes.isEmpty() && !rest.isEmpty() && !over) {
      Write next = rest.peek();
      if (next instanceof Write.OfNode) {
        gather();
      } else if (next instanceof Write.Concluding && !outdated.isEmpty()) {
        rest.remove();
      } else {
        return List.of(next);
      }
    }
    return nodes.values().stream().map(Deque::peek).toList();
  }

  private void gather() {
    while (rest.peek() instanceof Write.OfNode next) {
      rest.remove();
      if (!outdated.contains(next.node()) && !refused.contains(next.node())) {
        nodes.computeIfAbsent(next.node(), node -> new ArrayDeque<>()).add(next);
      }
    }
  }

  /** One of those that were ready is done. */
  public void done(Write write) {
    if (write instanceof Write.OfNode one) {
      Deque<Write> left = nodes.get(one.node());
      left.remove();
      if (left.isEmpty()) {
        nodes.remove(one.node());
      }
    } else {
      rest.remove();
    }
  }

  /** One of those that were ready found its object changed. If it was of no node, that is all. */
  public void outdated(Write write) {
    if (write instanceof Write.OfNode one) {
      nodes.remove(one.node());
      outdated.add(one.node());
    } else {
      over = true;
    }
  }

  /** One of those that were ready, of a node, was refused. */
  public void refused(Write.OfNode write) {
    nodes.remove(write.node());
    refused.add(write.node());
  }

  /** Whether nothing is left to do. */
  public boolean isOver() {
    return ready().isEmpty();
  }

  /** Whether something found its object changed. */
  public boolean hasOutdated() {
    return over || !outdated.isEmpty();
  }
}
