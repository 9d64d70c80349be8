package io.kairos.extensions.operator.status;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.FileOverlap;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Samples;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which extensions carry the same files as others, by what the agents of the present nodes found.
 * An agent speaks of names on its host; which extension that is, the node's assignments say.
 */
final class OverlapSummary {
  private static final int MOST_NAMED = 5;

  /** By extension, then by what it shares with whom. */
  private final Map<String, Map<Pair, Tally>> found = new HashMap<>();

  private OverlapSummary() {}

  /**
   * Two extensions on nodes.
   *
   * @param other the other one
   * @param shown the one whose files are seen
   */
  private record Pair(String other, String shown) implements Comparable<Pair> {
    @Override
    public int compareTo(Pair that) {
      int byOther = other.compareTo(that.other);
      return byOther == 0 ? shown.compareTo(that.shown) : byOther;
    }
  }

  private static final class Tally {
    private final TreeSet<String> nodes = new TreeSet<>();
    private final TreeSet<String> files = new TreeSet<>();

    /** Versions differ by node, and so may this. */
    private int most;
  }

  /** Of a fleet. */
  static OverlapSummary of(FleetSnapshot fleet) {
    OverlapSummary summary = new OverlapSummary();
    for (String node : fleet.nodes().keySet()) {
      fleet.state(node).ifPresent(state -> summary.count(node, state));
    }
    return summary;
  }

  private void count(String node, State state) {
    Map<ExtensionKey, String> extensions = new HashMap<>();
    for (Assignment assignment : state.spec().assignments()) {
      if (!assignment.remove()) {
        extensions.put(assignment.key(), assignment.extension());
      }
    }
    for (FileOverlap overlap : state.status().overlaps()) {
      String hidden = extensions.get(new ExtensionKey(overlap.type(), overlap.hidden()));
      String shown = extensions.get(new ExtensionKey(overlap.type(), overlap.shown()));
      if (hidden != null && shown != null) {
        count(node, hidden, new Pair(shown, shown), overlap);
        count(node, shown, new Pair(hidden, shown), overlap);
      }
    }
  }

  private void count(String node, String extension, Pair pair, FileOverlap overlap) {
    Tally tally =
        found
            .computeIfAbsent(extension, name -> new TreeMap<>())
            .computeIfAbsent(pair, with -> new Tally());
    tally.nodes.add(node);
    tally.files.addAll(overlap.files());
    tally.most = Math.max(tally.most, overlap.count());
  }

  /** Those that an extension shares files with somewhere, in order. */
  List<String> others(String extension) {
    return found.getOrDefault(extension, Map.of()).keySet().stream()
        .map(Pair::other)
        .distinct()
        .sorted()
        .toList();
  }

  /** What to say of an extension, where it shares files with another somewhere. */
  Optional<String> message(String extension) {
    return Optional.ofNullable(found.get(extension))
        .map(
            pairs -> {
              List<String> texts =
                  pairs.entrySet().stream().map(e -> text(e.getKey(), e.getValue())).toList();
              return Samples.of(texts, MOST_NAMED);
            });
  }

  private static String text(Pair pair, Tally tally) {
    List<String> named = tally.files.stream().limit(MOST_NAMED).toList();
    int more = Math.max(tally.most, tally.files.size()) - named.size();
    return pair.other()
        + " carries "
        + String.join(", ", named)
        + (more > 0 ? " and " + more + " more" : "")
        + " as well, on "
        + Samples.nodes(tally.nodes)
        + ": those of "
        + pair.shown()
        + " are seen";
  }
}
