package io.kairos.extensions.operator.plan;

import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.Planner.Contender;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

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
 * @param byName the host's names of all accepted extensions, by the name of the SystemExtension
 */
record Companions(
    Set<Contender> accepted,
    Map<Contender, String> excluded,
    Map<Contender, String> incomplete,
    Map<String, String> byName) {

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
    winners.forEach(winner -> staying.remove(winner.extension().name()));
    Set<Contender> accepted = new LinkedHashSet<>();
    Map<Contender, String> excluded = new LinkedHashMap<>();
    Comparator<Contender> order =
        Comparator.<Contender, Boolean>comparing(c -> !present.contains(c.extension().name()))
            .thenComparing(Comparator.comparingInt(Contender::priority).reversed())
            .thenComparing(c -> c.extension().name());
    for (Contender winner : winners.stream().sorted(order).toList()) {
      Set<String> there = new TreeSet<>(staying);
      accepted.forEach(other -> there.add(other.extension().name()));
      Optional<String> rival =
          there.stream().filter(excludes(winner.extension(), extensions)).findFirst();
      if (rival.isPresent()) {
        excluded.put(winner, rival.get());
      } else {
        accepted.add(winner);
      }
    }
    Map<Contender, String> incomplete = new LinkedHashMap<>();
    Set<String> coming = new TreeSet<>();
    accepted.forEach(winner -> coming.add(winner.extension().name()));
    boolean changed = true;
    while (changed) {
      changed = false;
      for (Contender winner : List.copyOf(accepted)) {
        Set<String> lacks = new TreeSet<>(winner.extension().spec().requires().extensions());
        lacks.removeAll(coming);
        if (!lacks.isEmpty()) {
          accepted.remove(winner);
          coming.remove(winner.extension().name());
          incomplete.put(winner, String.join(", ", lacks));
          changed = true;
        }
      }
    }
    Map<String, String> byName = new LinkedHashMap<>();
    accepted.forEach(c -> byName.put(c.extension().name(), c.extension().imageName()));
    return new Companions(accepted, excluded, incomplete, byName);
  }

  private static Predicate<String> excludes(
      Extension extension, NavigableMap<String, Extension> extensions) {
    return other ->
        !other.equals(extension.name())
            && (extension.spec().conflicts().contains(other)
                || Optional.ofNullable(extensions.get(other))
                    .filter(o -> o.spec().conflicts().contains(extension.name()))
                    .isPresent());
  }

  /** The names on the host of what an accepted extension requires, sorted. */
  List<String> required(Contender winner) {
    return winner.extension().spec().requires().extensions().stream()
        .map(byName::get)
        .distinct()
        .sorted()
        .toList();
  }
}
