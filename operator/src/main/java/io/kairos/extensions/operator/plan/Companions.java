package io.kairos.extensions.operator.plan;

import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which of the extensions that are won on a node may be there together.
 *
 * <ol>
 *   <li>Two exclude one another when either names the other in {@code conflicts}. What is on the
 *       node stays, whatever the priority, so that nothing flaps and the two never meet; a newcomer
 *       also waits until one that leaves is gone. Of newcomers the higher priority comes, then the
 *       lower name.
 *   <li>Then what requires an extension that does not come is left out, until nothing changes. So
 *       is what requires itself by way of others only if one of them is missing: a circle is fine,
 *       all of it comes at once.
 * </ol>
 *
 * @param accepted what may be given
 * @param excluded what may not, and the extension that it excludes
 * @param incomplete what may not, and the extensions that it lacks
 */
record Companions(
    Set<Contender> accepted, Map<Contender, String> excluded, Map<Contender, String> incomplete) {

  /**
   * Decides.
   *
   * @param winners one for each name on the host
   * @param present the extensions that are on the node, on their way there, or on their way off
   * @param extensions all, by name
   */
  static Companions of(
      List<Contender> winners, Set<String> present, NavigableMap<String, Extension> extensions) {
    Set<String> staying = new TreeSet<>(present);
    winners.forEach(winner -> staying.remove(winner.extension()));
    Set<Contender> accepted = new LinkedHashSet<>();
    Map<Contender, String> excluded = new LinkedHashMap<>();
    Comparator<Contender> order =
        Comparator.<Contender, Boolean>comparing(c -> !present.contains(c.extension()))
            .thenComparing(Comparator.comparingInt(Contender::priority).reversed())
            .thenComparing(c -> c.extension());
    for (Contender winner : winners.stream().sorted(order).toList()) {
      NavigableMap<String, List<String>> there = new TreeMap<>();
      staying.forEach(name -> there.put(name, conflicts(extensions.get(name))));
      accepted.forEach(other -> there.put(other.extension(), other.conflicts()));
      Optional<String> rival =
          there.entrySet().stream()
              .filter(other -> !other.getKey().equals(winner.extension()))
              .filter(
                  other ->
                      winner.conflicts().contains(other.getKey())
                          || other.getValue().contains(winner.extension()))
              .map(Map.Entry::getKey)
              .findFirst();
      if (rival.isPresent()) {
        excluded.put(winner, rival.get());
      } else {
        accepted.add(winner);
      }
    }
    Map<Contender, String> incomplete = new LinkedHashMap<>();
    Set<String> coming = new TreeSet<>();
    accepted.forEach(winner -> coming.add(winner.extension()));
    boolean changed = true;
    while (changed) {
      changed = false;
      for (Contender winner : List.copyOf(accepted)) {
        Set<String> lacks = new TreeSet<>(winner.requires());
        lacks.removeAll(coming);
        if (!lacks.isEmpty()) {
          accepted.remove(winner);
          coming.remove(winner.extension());
          incomplete.put(winner, String.join(", ", lacks));
          changed = true;
        }
      }
    }
    return new Companions(accepted, excluded, incomplete);
  }

  private static List<String> conflicts(Extension extension) {
    return extension == null ? List.of() : extension.spec().conflicts();
  }

  /**
   * The SystemExtensions that an accepted one requires, sorted; not their names on the host, which
   * one of each class may have.
   */
  List<String> required(Contender winner) {
    return winner.requires().stream().distinct().sorted().toList();
  }
}
