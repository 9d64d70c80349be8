package io.kairos.extensions.agent.host;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads a merge off the kernel's mount table, as PID 1's namespace has it.
 *
 * <p>PID 1's own mount units are no witness of a remount: PID 1 reads the table with a delay, and a
 * remount of which it sees both halves at once leaves the unit as it was, InvocationID included.
 * The table is exact at any moment. A mount is told from the one before it by its mount id and
 * device (proc_pid_mountinfo(5)) and, as the kernel gives numbers out again, by the time at which
 * systemd-sysext made the {@code .systemd-sysext} folder that each merged hierarchy carries.
 */
final class MountTable {
  private static final String MERGED =
      "grep ' - overlay sysext ' /proc/self/mountinfo |"
          + " while read -r id parent device root point rest; do"
          + " printf '%s %s %s %s %s %s\\t%s\\n'"
          + " \"$id\" \"$parent\" \"$device\" \"$root\" \"$point\" \"$rest\""
          + " \"$(stat -c %z \"$point/.systemd-sysext\" 2>/dev/null)\"; done";

  private static final String BELOW =
      "grep -E '^[0-9]+ [0-9]+ [0-9:]+ [^ ]+ (HIERARCHIES)/' /proc/self/mountinfo |"
          + " while read -r id parent device root point rest; do"
          + " case \"$point $rest\" in"
          + " *' sysext '*|*/.systemd-sysext*) ;;"
          + " *) printf 'below %s %s %s\\n' \"$id\" \"$parent\" \"$point\" ;; esac; done";

  /**
   * systemd-sysext looks there first, and the agent sees nothing of it. No braces around variables:
   * systemd would put its own values in their place before the shell sees them.
   */
  private static final String RIVALS =
      "if cd /etc/extensions 2>/dev/null; then for name in *; do case \"$name\" in"
          + " '*'|*[!A-Za-z0-9._-]*) ;; *) printf 'rival %s\\n' \"$name\" ;; esac; done; fi";

  /** What a hierarchy may be called to go into a script and a pattern as it is. */
  private static final Pattern PLAIN = Pattern.compile("(/[A-Za-z0-9_-]+)+");

  private static final Pattern LINE =
      Pattern.compile(
          "(?<id>\\d+) (?<parent>\\d+) (?<device>\\d+:\\d+) \\S+ (?<point>\\S+) .*?"
              + " - overlay sysext (?<options>[^\\t]*)\\t(?<made>.*)");
  private static final Pattern EXTENSION =
      Pattern.compile("/run/systemd/[a-z]+/extensions/([^/:,]+)/");

  private static final Pattern BELOW_LINE =
      Pattern.compile("below (?<id>\\d+) (?<parent>\\d+) (?<point>\\S+)");

  private static final Pattern RIVAL_LINE = Pattern.compile("rival (?<name>[A-Za-z0-9._-]+)");
  private static final Pattern ENDING = Pattern.compile("([.]sysext)?[.]raw$");

  private MountTable() {}

  /**
   * What systemd-sysext would take instead of a link in the run folder, since it looks into {@code
   * /etc/extensions} first: images, folders, and links to either.
   *
   * @param printed what {@link #script} printed
   * @return what it is, by the name of the extension
   */
  static Map<String, String> rivals(String printed) {
    Map<String, String> rivals = new TreeMap<>();
    printed
        .lines()
        .map(RIVAL_LINE::matcher)
        .filter(Matcher::matches)
        .map(line -> line.group("name"))
        .forEach(
            file -> rivals.put(ENDING.matcher(file).replaceFirst(""), "/etc/extensions/" + file));
    return rivals;
  }

  /**
   * A script that prints each merged hierarchy: the line of the mount table, then the folder's time
   * after a tab; and, behind {@code below}, the id, the parent's id and the point of each other
   * mount below a hierarchy; and, behind {@code rival}, what lies in {@code /etc/extensions}.
   *
   * @param hierarchies of the host; one with an unusual name is only looked for where it is merged
   */
  static String script(Collection<String> hierarchies) {
    String plain =
        hierarchies.stream()
            .filter(hierarchy -> PLAIN.matcher(hierarchy).matches())
            .collect(Collectors.joining("|"));
    String below = plain.isEmpty() ? "" : BELOW.replace("HIERARCHIES", plain) + "\n";
    return MERGED + "\n" + below + RIVALS;
  }

  /**
   * The mounts below each hierarchy that can be seen now, and that a merge of the hierarchy covers
   * up. One that is covered by the present merge already has nothing to lose.
   *
   * @param printed what {@link #script} printed
   * @param hierarchies of the host
   */
  static Map<String, Set<String>> visibleBelow(String printed, Collection<String> hierarchies) {
    Map<String, String> parents = new HashMap<>();
    Map<String, Set<String>> merges = new HashMap<>();
    for (String line : printed.lines().toList()) {
      Matcher mount = LINE.matcher(line);
      Matcher below = BELOW_LINE.matcher(line);
      if (mount.matches()) {
        parents.put(mount.group("id"), mount.group("parent"));
        merges.computeIfAbsent(mount.group("point"), p -> new HashSet<>()).add(mount.group("id"));
      } else if (below.matches()) {
        parents.put(below.group("id"), below.group("parent"));
      }
    }
    Map<String, Set<String>> visible = new TreeMap<>();
    for (String line : printed.lines().toList()) {
      Matcher below = BELOW_LINE.matcher(line);
      if (below.matches()) {
        String point = below.group("point");
        hierarchies.stream()
            .filter(hierarchy -> point.startsWith(hierarchy + "/"))
            .filter(
                hierarchy ->
                    !merges.containsKey(hierarchy)
                        || isOn(below.group("id"), merges.get(hierarchy), parents))
            .forEach(
                hierarchy -> visible.computeIfAbsent(hierarchy, h -> new TreeSet<>()).add(point));
      }
    }
    return visible;
  }

  private static boolean isOn(String id, Set<String> merges, Map<String, String> parents) {
    String at = id;
    for (int hops = 0; at != null && hops <= parents.size(); hops++) {
      if (merges.contains(at)) {
        return true;
      }
      at = parents.get(at);
    }
    return false;
  }

  /**
   * Where hierarchies are merged, as the table spells it.
   *
   * @param printed what {@link #script} printed
   */
  static Set<String> points(String printed) {
    return printed
        .lines()
        .map(LINE::matcher)
        .filter(Matcher::matches)
        .map(mount -> mount.group("point"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * The merge that the table shows.
   *
   * @param printed what {@link #script} printed
   * @throws HostException when that is no mount table
   */
  static Host.Merge parse(String printed) throws HostException {
    Set<String> ids = new TreeSet<>();
    Set<String> names = new HashSet<>();
    for (String line : printed.lines().toList()) {
      if (BELOW_LINE.matcher(line).matches() || RIVAL_LINE.matcher(line).matches()) {
        continue;
      }
      Matcher mount = LINE.matcher(line);
      if (!mount.matches()) {
        throw new HostException("the host's mount table has a line that cannot be read: " + line);
      }
      ids.add(
          String.join(
              " ",
              mount.group("point"),
              mount.group("id"),
              mount.group("device"),
              mount.group("made").strip()));
      Matcher extension = EXTENSION.matcher(mount.group("options"));
      while (extension.find()) {
        names.add(extension.group(1));
      }
    }
    return new Host.Merge(String.join(", ", ids), names);
  }
}
