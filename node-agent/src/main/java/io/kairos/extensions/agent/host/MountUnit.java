package io.kairos.extensions.agent.host;

import java.nio.charset.StandardCharsets;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** What systemd calls the unit of a mount point; see systemd-escape(1), {@code --path}. */
final class MountUnit {
  private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");

  private MountUnit() {}

  /**
   * The name of the unit.
   *
   * @param point absolute, normal, as the mount table spells it: some bytes as three octal digits
   *     after a backslash (proc_pid_mountinfo(5)), which are ASCII all of them
   */
  static String of(String point) {
    String path = OCTAL.matcher(point).replaceAll(MountUnit::unescaped).replaceAll("^/+|/+$", "");
    if (path.isEmpty()) {
      return "-.mount";
    }
    StringBuilder name = new StringBuilder();
    byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length; i++) {
      char c = (char) (bytes[i] & 0xff);
      if (c == '/') {
        name.append('-');
      } else if (isPlain(c) && !(i == 0 && c == '.')) {
        name.append(c);
      } else {
        name.append(String.format("\\x%02x", (int) c));
      }
    }
    return name.append(".mount").toString();
  }

  private static String unescaped(MatchResult octal) {
    char c = (char) Integer.parseInt(octal.group(1), 8);
    return java.util.regex.Matcher.quoteReplacement(String.valueOf(c));
  }

  private static boolean isPlain(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == ':'
        || c == '_'
        || c == '.';
  }
}
