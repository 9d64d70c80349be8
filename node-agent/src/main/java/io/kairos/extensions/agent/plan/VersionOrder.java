package io.kairos.extensions.agent.plan;

import java.util.Comparator;
import java.util.function.IntPredicate;

/**
 * Orders versions as {@code systemd-analyze compare-versions} does: the UAPI group's version format
 * specification.
 *
 * <p>Segment by segment from the left: characters that mean nothing are passed over; {@code ~}
 * makes what follows older than its absence (a pre-release); else the version that goes on is
 * newer; a {@code -}, then a {@code ^}, then a {@code .} is older than whatever else stands there;
 * a number is newer than letters; numbers compare by value, letters by their ASCII code.
 */
public final class VersionOrder implements Comparator<String> {
  /** The order; there is but one. */
  public static final VersionOrder INSTANCE = new VersionOrder();

  private static final char PRE_RELEASE = '~';
  private static final char[] SEPARATORS = {'-', '^', '.'};

  private VersionOrder() {}

  @Override
  public int compare(String one, String other) {
    Rest left = new Rest(one);
    Rest right = new Rest(other);
    while (true) {
      left.skipMeaningless();
      right.skipMeaningless();
      int order = separator(left, right, PRE_RELEASE);
      if (order == 0 && (left.isEmpty() || right.isEmpty())) {
        return Boolean.compare(!left.isEmpty(), !right.isEmpty());
      }
      for (char separator : SEPARATORS) {
        order = order == 0 ? separator(left, right, separator) : order;
      }
      order = order == 0 ? segment(left, right) : order;
      if (order != 0) {
        return order;
      }
    }
  }

  /** The one with the separator is older; where both have it, it is behind them. */
  private static int separator(Rest left, Rest right, char separator) {
    boolean onLeft = left.startsWith(separator);
    boolean onRight = right.startsWith(separator);
    if (onLeft && onRight) {
      left.skip();
      right.skip();
    }
    return Boolean.compare(onRight, onLeft);
  }

  private static int segment(Rest left, Rest right) {
    if (left.startsWith(VersionOrder::isDigit) || right.startsWith(VersionOrder::isDigit)) {
      String one = left.take(VersionOrder::isDigit);
      String other = right.take(VersionOrder::isDigit);
      if (one.isEmpty() || other.isEmpty()) {
        return Boolean.compare(other.isEmpty(), one.isEmpty());
      }
      String value = one.replaceFirst("^0+", "");
      String otherValue = other.replaceFirst("^0+", "");
      int byLength = Integer.compare(value.length(), otherValue.length());
      return byLength == 0 ? value.compareTo(otherValue) : byLength;
    }
    return left.take(VersionOrder::isLetter).compareTo(right.take(VersionOrder::isLetter));
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isLetter(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  /** What is left of a version. */
  private static final class Rest {
    private final String text;
    private int at;

    private Rest(String text) {
      this.text = text;
    }

    private boolean isEmpty() {
      return at == text.length();
    }

    private boolean startsWith(char c) {
      return startsWith(is -> is == c);
    }

    private boolean startsWith(IntPredicate c) {
      return !isEmpty() && c.test(text.charAt(at));
    }

    private void skip() {
      at++;
    }

    private void skipMeaningless() {
      while (startsWith(c -> !isDigit(c) && !isLetter(c) && "~-^.".indexOf(c) < 0)) {
        at++;
      }
    }

    private String take(IntPredicate of) {
      int from = at;
      while (startsWith(of)) {
        at++;
      }
      return text.substring(from, at);
    }
  }
}
