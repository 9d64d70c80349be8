package io.kairos.extensions.agent.host;

import io.kairos.extensions.agent.image.ExtensionClass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The merges of a host, read off the kernel's mount table as PID 1's namespace has it.
 *
 * <p>PID 1's own mount units are no witness of a remount: PID 1 reads the table with a delay, and a
 * remount of which it sees both halves at once leaves the unit as it was, InvocationID included.
 * The table is exact at any moment. A mount is told from the one before it by its mount id and
 * device (proc_pid_mountinfo(5)) and, as the kernel gives numbers out again, by the time at which
 * systemd made the folder ({@code .systemd-sysext}) that each merged hierarchy carries.
 */
final class MountTable {
  /** Without braces around variables: systemd would put values of its own in their place. */
  private static final String MERGED =
      "for source in SOURCES; do"
          + " grep \" - overlay $source \" /proc/self/mountinfo |"
          + " while read -r id parent device root point rest; do"
          + " printf '%s %s %s %s %s %s\\t%s\\n'"
          + " \"$id\" \"$parent\" \"$device\" \"$root\" \"$point\" \"$rest\""
          + " \"$(stat -c %z \"$point/.systemd-$source\" 2>/dev/null)\"; done; done";

  private static final String BELOW =
      "grep -E '^[0-9]+ [0-9]+ [0-9:]+ [^ ]+ (HIERARCHIES)/' /proc/self/mountinfo |"
          + " grep -v -E ' - overlay (SOURCES) |/[.]systemd-(SOURCES)' |"
          + " while read -r id parent device root point rest; do"
          + " printf 'below %s %s %s\\n' \"$id\" \"$parent\" \"$point\"; done";

  /** systemd-sysext looks there first, and the agent sees nothing of it. */
  private static final String RIVALS =
      "if cd /etc/extensions 2>/dev/null; then for name in *; do case \"$name\" in"
          + " '*'|*[!A-Za-z0-9._-]*) ;; *) printf 'rival %s\\n' \"$name\" ;; esac; done; fi";

  /** What a hierarchy may be called to go into a script and a pattern as it is. */
  private static final Pattern PLAIN = Pattern.compile("(/[A-Za-z0-9_-]+)+");

  private static final Pattern MERGE_LINE =
      Pattern.compile(
          "(?<id>\\d+) (?<parent>\\d+) (?<device>\\d+:\\d+) \\S+ (?<point>\\S+) .*?"
              + " - overlay (?<source>"
              + sources("|")
              + ") (?<options>[^\\t]*)\\t(?<made>.*)");

  private static final Pattern BELOW_LINE =
      Pattern.compile("below (?<id>\\d+) (?<parent>\\d+) (?<point>\\S+)");

  private static final Pattern RIVAL_LINE = Pattern.compile("rival (?<name>[A-Za-z0-9._-]+)");
  private static final Pattern ENDING = Pattern.compile("([.]sysext)?[.]raw$");

  private final List<Merged> merged = new ArrayList<>();
  private final List<Below> below = new ArrayList<>();
  private final List<String> rivals = new ArrayList<>();

  /** A merged hierarchy. */
  private record Merged(
      String source,
      String id,
      String parent,
      String device,
      String point,
      String options,
      String made) {}

  /** Another mount, below a hierarchy. */
  private record Below(String id, String parent, String point) {}

  private MountTable() {}

  private static String sources(String between) {
    return Arrays.stream(ExtensionClass.values())
        .map(ExtensionClass::mountSource)
        .collect(Collectors.joining(between));
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
            .distinct()
            .collect(Collectors.joining("|"));
    String others = plain.isEmpty() ? "" : BELOW.replace("HIERARCHIES", plain) + "\n";
    return MERGED.replace("SOURCES", sources(" "))
        + "\n"
        + others.replace("SOURCES", sources("|"))
        + RIVALS;
  }

  /**
   * Reads a table.
   *
   * @param printed what {@link #script} printed
   * @throws HostException when that is no mount table
   */
  static MountTable parse(String printed) throws HostException {
    MountTable table = new MountTable();
    for (String line : printed.lines().toList()) {
      Matcher merge = MERGE_LINE.matcher(line);
      Matcher other = BELOW_LINE.matcher(line);
      Matcher rival = RIVAL_LINE.matcher(line);
      if (merge.matches()) {
        table.merged.add(
            new Merged(
                merge.group("source"),
                merge.group("id"),
                merge.group("parent"),
                merge.group("device"),
                merge.group("point"),
                merge.group("options"),
                merge.group("made").strip()));
      } else if (other.matches()) {
        table.below.add(new Below(other.group("id"), other.group("parent"), other.group("point")));
      } else if (rival.matches()) {
        table.rivals.add(rival.group("name"));
      } else {
        throw new HostException("the host's mount table has a line that cannot be read: " + line);
      }
    }
    return table;
  }

  /** The merge of a class: nothing of it is in anybody's way yet. */
  Host.Merge merge(ExtensionClass of) {
    Set<String> ids = new TreeSet<>();
    Set<String> names = new HashSet<>();
    Pattern layer = Pattern.compile("/run/systemd/[a-z]+/" + of.folder() + "/([^/:,]+)/");
    for (Merged mount : merged) {
      if (mount.source().equals(of.mountSource())) {
        ids.add(String.join(" ", mount.point(), mount.id(), mount.device(), mount.made()));
        Matcher extension = layer.matcher(mount.options());
        while (extension.find()) {
          names.add(extension.group(1));
        }
      }
    }
    return new Host.Merge(String.join(", ", ids), names);
  }

  /** Where hierarchies are merged, as the table spells it. */
  Set<String> points() {
    return merged.stream().map(Merged::point).collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * What systemd-sysext would take instead of a link in the run folder, since it looks into {@code
   * /etc/extensions} first: images, folders, and links to either. Nothing comes before the run
   * folder of systemd-confext.
   *
   * @return what it is, by the name of the extension
   */
  Map<String, String> rivals(ExtensionClass of) {
    Map<String, String> byName = new TreeMap<>();
    if (of == ExtensionClass.SYSEXT) {
      rivals.forEach(
          file -> byName.put(ENDING.matcher(file).replaceFirst(""), "/etc/extensions/" + file));
    }
    return byName;
  }

  /**
   * The mounts below each hierarchy that can be seen now, and that a merge of the hierarchy covers
   * up. One that is covered by the present merge already has nothing to lose.
   *
   * @param hierarchies of one class
   */
  Map<String, Set<String>> visibleBelow(Collection<String> hierarchies) {
    Map<String, String> parents = new HashMap<>();
    Map<String, Set<String>> merges = new HashMap<>();
    for (Merged mount : merged) {
      parents.put(mount.id(), mount.parent());
      merges.computeIfAbsent(mount.point(), p -> new HashSet<>()).add(mount.id());
    }
    below.forEach(mount -> parents.put(mount.id(), mount.parent()));
    Map<String, Set<String>> visible = new TreeMap<>();
    for (Below mount : below) {
      hierarchies.stream()
          .filter(hierarchy -> mount.point().startsWith(hierarchy + "/"))
          .filter(
              hierarchy ->
                  !merges.containsKey(hierarchy)
                      || isOn(mount.id(), merges.get(hierarchy), parents))
          .forEach(
              hierarchy ->
                  visible.computeIfAbsent(hierarchy, h -> new TreeSet<>()).add(mount.point()));
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
}
