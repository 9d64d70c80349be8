package io.kairos.extensions.agent.host;

import java.util.HashSet;
import java.util.Set;
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
  /**
   * Prints each merged hierarchy: the line of the mount table, then the folder's time after a tab.
   */
  static final String SCRIPT =
      "grep ' - overlay sysext ' /proc/self/mountinfo |"
          + " while read -r id parent device root point rest; do"
          + " printf '%s %s %s %s %s %s\\t%s\\n'"
          + " \"$id\" \"$parent\" \"$device\" \"$root\" \"$point\" \"$rest\""
          + " \"$(stat -c %z \"$point/.systemd-sysext\" 2>/dev/null)\"; done";

  private static final Pattern LINE =
      Pattern.compile(
          "(?<id>\\d+) \\d+ (?<device>\\d+:\\d+) \\S+ (?<point>\\S+) .*?"
              + " - overlay sysext (?<options>[^\\t]*)\\t(?<made>.*)");
  private static final Pattern EXTENSION =
      Pattern.compile("/run/systemd/[a-z]+/extensions/([^/:,]+)/");

  private MountTable() {}

  /**
   * Where hierarchies are merged, as the table spells it.
   *
   * @param printed what {@link #SCRIPT} printed
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
   * @param printed what {@link #SCRIPT} printed
   * @throws HostException when that is no mount table
   */
  static Host.Merge parse(String printed) throws HostException {
    Set<String> ids = new TreeSet<>();
    Set<String> names = new HashSet<>();
    for (String line : printed.lines().toList()) {
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
