package io.kairos.extensions.agent.plan;

import io.kairos.extensions.api.v1alpha1.Reasons;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Files of the store, or extensions, that could not be dealt with: each is left alone for a growing
 * pause, and all others are none the worse for it.
 *
 * @param byFile the last failure of each, by digest, path or name
 */
public record Setbacks(Map<String, Failure> byFile) {
  /** None. */
  public static final Setbacks NONE = new Setbacks(Map.of());

  /** Takes a copy. */
  public Setbacks {
    byFile = Map.copyOf(byFile);
  }

  /** The last failure of a file, where it has one. */
  public Optional<Failure> find(String file) {
    return Optional.ofNullable(byFile.get(file));
  }

  /** One more failure of a file. */
  Setbacks failed(String file, String message, long nowMillis, String salt) {
    return failed(file, Reasons.STORE_ERROR, message, nowMillis, salt);
  }

  /** One more failure of a file or an extension. */
  Setbacks failed(String file, String reason, String message, long nowMillis, String salt) {
    int tries = find(file).map(Failure::attempts).orElse(0) + 1;
    Map<String, Failure> next = new HashMap<>(byFile);
    next.put(file, new Failure(tries, reason, message, nowMillis + Backoff.millis(tries, salt)));
    return new Setbacks(next);
  }

  /** Those of the files that matter. */
  Setbacks keeping(Predicate<String> matters) {
    Map<String, Failure> next = new HashMap<>(byFile);
    next.keySet().removeIf(matters.negate());
    return new Setbacks(next);
  }

  /** The files that are left alone at present. */
  public Set<String> resting(long nowMillis) {
    return byFile.entrySet().stream()
        .filter(entry -> entry.getValue().retryAtMillis() > nowMillis)
        .map(Map.Entry::getKey)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** When the first of those is to be tried again. */
  OptionalLong nextMillis(long nowMillis) {
    return byFile.values().stream()
        .mapToLong(Failure::retryAtMillis)
        .filter(retry -> retry > nowMillis)
        .min();
  }
}
