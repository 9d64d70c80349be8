package io.kairos.extensions.agent.plan;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a version has to be: comparisons, all of which have to hold, as in {@code ">=255, <258"}.
 * Versions compare by {@link VersionOrder}: 257.13 is newer than 257, and not equal to it.
 */
final class VersionConstraint {
  private static final Pattern COMPARISON =
      Pattern.compile("(>=|<=|!=|=|>|<)\\s*([A-Za-z0-9.^~_+-]+)");

  private VersionConstraint() {}

  /**
   * Whether a version is what is asked for.
   *
   * @param constraint empty for no constraint; what cannot be read is never met
   */
  static boolean isMet(String constraint, String version) {
    return constraint.isBlank()
        || Arrays.stream(constraint.split(",", -1)).allMatch(part -> holds(part.strip(), version));
  }

  private static boolean holds(String comparison, String version) {
    Matcher parts = COMPARISON.matcher(comparison);
    if (!parts.matches()) {
      return false;
    }
    int order = VersionOrder.INSTANCE.compare(version, parts.group(2));
    return switch (parts.group(1)) {
      case ">=" -> order >= 0;
      case "<=" -> order <= 0;
      case ">" -> order > 0;
      case "<" -> order < 0;
      case "=" -> order == 0;
      default -> order != 0;
    };
  }
}
