package io.kairos.extensions.agent.image;

import java.util.HexFormat;

/** Texts out of an image, made fit for a message. */
final class Printable {
  private static final int LONGEST = 100;

  private Printable() {}

  /** In quotes, shortened, without control characters. */
  static String quoted(String text) {
    StringBuilder out = new StringBuilder("'");
    text.codePoints()
        .limit(LONGEST)
        .map(c -> Character.isISOControl(c) || !Character.isDefined(c) ? '?' : c)
        .forEach(out::appendCodePoint);
    if (text.codePointCount(0, text.length()) > LONGEST) {
      out.append('…');
    }
    return out.append('\'').toString();
  }

  /** Two lower-case hex digits a byte, with spaces between. */
  static String hex(byte[] bytes) {
    return HexFormat.ofDelimiter(" ").formatHex(bytes);
  }
}
