package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Own writes, shown over one kind's cache until the cache has caught up, so that a pass does not
 * plan on its own past. A convenience: writes are conditional, and a conflict throws all of this
 * away.
 *
 * @param <T> the kind
 */
final class Overlay<T extends HasMetadata> {
  private static final String ABSENT = "";

  private final Map<String, Entry<T>> entries = new HashMap<>();

  /**
   * A write.
   *
   * @param basedOn the resourceVersion that the cache showed then, or {@link #ABSENT}; every other
   *     that it shows is later, for the write would have failed on one in between
   * @param written what the API server answered, or empty for a deletion
   */
  private record Entry<T>(String basedOn, Optional<T> written) {}

  /** The objects of a cache by name, with own writes where the cache does not show them yet. */
  synchronized Map<String, T> over(Map<String, T> cached) {
    entries
        .entrySet()
        .removeIf(entry -> !entry.getValue().basedOn().equals(version(cached.get(entry.getKey()))));
    Map<String, T> result = new TreeMap<>(cached);
    entries.forEach(
        (name, entry) ->
            entry
                .written()
                .ifPresentOrElse(written -> result.put(name, written), () -> result.remove(name)));
    return result;
  }

  /**
   * Remembers a write.
   *
   * @param before the object as the pass saw it: the cache's, or an own write
   */
  void written(Optional<T> before, T after) {
    put(after.getMetadata().getName(), before, Optional.of(after));
  }

  /** Remembers a deletion. */
  void deleted(T before) {
    put(before.getMetadata().getName(), Optional.of(before), Optional.empty());
  }

  /** Trusts the cache alone again. */
  synchronized void forget() {
    entries.clear();
  }

  /** Trusts the cache alone again in one object. */
  synchronized void forget(String name) {
    entries.remove(name);
  }

  private synchronized void put(String name, Optional<T> before, Optional<T> after) {
    String basedOn =
        Optional.ofNullable(entries.get(name))
            .map(Entry::basedOn)
            .orElseGet(() -> before.map(Overlay::version).orElse(ABSENT));
    entries.put(name, new Entry<>(basedOn, after));
  }

  private static String version(HasMetadata object) {
    return object == null ? ABSENT : object.getMetadata().getResourceVersion();
  }
}
