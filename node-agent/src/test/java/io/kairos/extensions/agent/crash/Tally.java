package io.kairos.extensions.agent.crash;

import io.kairos.extensions.agent.crash.CutPoint.Blow;
import io.kairos.extensions.agent.crash.CutPoint.Side;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Counts runs that converged, by the step that they were cut at. */
final class Tally {
  private final Map<String, Map<String, Integer>> cuts = new TreeMap<>(byNumber());
  private final Map<String, Integer> scenarios = new TreeMap<>();
  private final Map<String, Integer> faults = new TreeMap<>();
  private final Set<Aim> hit = new HashSet<>();
  private int runs;
  private int second;

  /** A run that converged. */
  synchronized void add(Aim aim, List<CutPoint> blows, List<String> happened) {
    runs++;
    scenarios.merge(aim.scenario() + " on " + aim.layout(), 1, Integer::sum);
    second += Math.max(0, blows.size() - 1);
    for (CutPoint blow : blows) {
      cuts.computeIfAbsent(blow.step(), step -> new HashMap<>())
          .merge(column(blow.blow(), blow.side()), 1, Integer::sum);
      if (aim.isHit(blow)) {
        hit.add(aim);
      }
    }
    happened.forEach(fault -> faults.merge(kind(fault), 1, Integer::sum));
  }

  /** Without the name of the step. */
  private static String kind(String fault) {
    String[] words = fault.split(" ", 3);
    return words[0] + " " + words[1];
  }

  /** The aims that no run hit. */
  synchronized List<Aim> missed(List<Aim> aims) {
    List<Aim> missed = new ArrayList<>(aims);
    missed.removeAll(hit);
    return missed;
  }

  private static String column(Blow blow, Side side) {
    return blow + " " + side;
  }

  private static Comparator<String> byNumber() {
    return Comparator.<String>comparingInt(Tally::number).thenComparing(step -> step);
  }

  private static int number(String step) {
    String first = step.substring(0, step.indexOf(' '));
    return first.matches("[0-9]+") ? Integer.parseInt(first) : 100 + first.charAt(0);
  }

  @Override
  public synchronized String toString() {
    StringBuilder table = new StringBuilder();
    table.append(
        String.format(
            "%-36s %21s %21s%n%-36s %10s %10s %10s %10s %9s%n",
            "",
            "agent killed",
            "host cut off",
            "step",
            "before",
            "after",
            "before",
            "after",
            "converged"));
    cuts.forEach(
        (step, counts) -> {
          table.append(String.format("%-36s", step));
          int all = 0;
          for (Blow blow : Blow.values()) {
            for (Side side : Side.values()) {
              int count = counts.getOrDefault(column(blow, side), 0);
              all += count;
              table.append(String.format(" %10d", count));
            }
          }
          table.append(String.format(" %9d%n", all));
        });
    table.append(String.format("runs %d, second blows %d%n", runs, second));
    table.append(String.format("scenarios %s%n", scenarios));
    table.append(String.format("faults beside %s%n", faults));
    return table.toString();
  }
}
