package io.kairos.extensions.operator.plan;

import java.util.Collection;
import java.util.stream.Collectors;

/** Lists for people: a few, and how many more. */
public final class Samples {
  private Samples() {}

  /** The first items, at most {@code limit}, and the number of those left out. */
  public static String of(Collection<String> items, int limit) {
    String shown = items.stream().limit(limit).collect(Collectors.joining(", "));
    int more = items.size() - limit;
    return more > 0 ? shown + " and " + more + " more" : shown;
  }

  /** {@code 1 node}, {@code 2 nodes}. */
  public static String count(int number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }

  /** {@code 2 nodes (a, b)}: the number of nodes, and at most three of them. */
  public static String nodes(Collection<String> nodes) {
    return count(nodes.size(), "node") + " (" + of(nodes, 3) + ")";
  }
}
