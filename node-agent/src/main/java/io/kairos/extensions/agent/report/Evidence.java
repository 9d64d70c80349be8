package io.kairos.extensions.agent.report;

import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.Setbacks;
import io.kairos.extensions.agent.plan.Standing;
import io.kairos.extensions.api.v1alpha1.ExtensionType;
import io.kairos.extensions.api.v1alpha1.FileOverlap;
import io.kairos.extensions.api.v1alpha1.HostStatus;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a report speaks of.
 *
 * @param generation of the spec that was planned from
 * @param classes each class of extensions
 * @param host the host itself
 * @param reboot what the agent is about to do, or could not
 * @param drift what was found to be missing since the last report, one message for each extension
 * @param unmergedAtBoot the classes of which no boot of the host merges anything by itself, with
 *     what the host says of their units
 */
public record Evidence(
    long generation,
    List<OfClass> classes,
    HostStatus host,
    Reboot reboot,
    List<String> drift,
    Map<ExtensionClass, String> unmergedAtBoot) {

  /** Whether the host goes down now. */
  public sealed interface Reboot {
    /** It stays up. */
    record None() implements Reboot {}

    /** It was told to reboot. */
    record Begun() implements Reboot {}

    /**
     * It is to, and does not let itself be rebooted.
     *
     * @param message who or what blocks it
     */
    record Refused(String message) implements Reboot {}
  }

  /** Of a host that stays up, and merges at boot. */
  public Evidence(long generation, List<OfClass> classes, HostStatus host, List<String> drift) {
    this(generation, classes, host, new Reboot.None(), drift, Map.of());
  }

  /** Takes copies. */
  public Evidence {
    classes = List.copyOf(classes);
    drift = List.copyOf(drift);
    unmergedAtBoot = Map.copyOf(unmergedAtBoot);
  }

  /**
   * What there is to say of one class.
   *
   * @param type the class
   * @param standings of its assignments
   * @param upcoming of what is to come, and of which nothing is assigned
   * @param view of the host that they come from
   * @param compared which of its extensions were compared, and what came of it
   * @param undeleted garbage that could not be deleted
   */
  public record OfClass(
      ExtensionType type,
      List<Standing> standings,
      List<Standing> upcoming,
      HostView view,
      Compared compared,
      Setbacks undeleted) {
    /** Of extensions that nobody compared, with nothing to come, and whose store is clean. */
    public OfClass(ExtensionType type, List<Standing> standings, HostView view) {
      this(type, standings, List.of(), view, Compared.NOTHING, Setbacks.NONE);
    }

    /** Takes copies. */
    public OfClass {
      standings = List.copyOf(standings);
      upcoming = List.copyOf(upcoming);
    }
  }

  /**
   * Extensions of a class whose files were compared, each with each.
   *
   * @param names theirs
   * @param overlaps files that two of them both carry
   */
  public record Compared(Set<String> names, List<FileOverlap> overlaps) {
    /** None were. */
    public static final Compared NOTHING = new Compared(Set.of(), List.of());

    /** Takes copies. */
    public Compared {
      names = Set.copyOf(names);
      overlaps = List.copyOf(overlaps);
    }

    /** Whether both extensions of an earlier finding were. */
    boolean isOf(FileOverlap earlier) {
      return names.contains(earlier.hidden()) && names.contains(earlier.shown());
    }
  }

  /** The standings of all classes. */
  List<Standing> standings() {
    return classes.stream().flatMap(one -> one.standings().stream()).toList();
  }
}
