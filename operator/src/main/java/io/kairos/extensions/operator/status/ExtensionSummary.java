package io.kairos.extensions.operator.status;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.Conditions;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Maintenance;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus.NodeCounts;
import io.kairos.extensions.operator.plan.Course;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Plan;
import io.kairos.extensions.operator.plan.Samples;
import io.kairos.extensions.operator.plan.SitePlan;
import io.kairos.extensions.operator.rollout.Evidence;
import io.kairos.extensions.operator.rollout.Standing;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The status of all extensions. Ready means that an extension's present generation is in effect
 * wherever a policy gives it: what a pipeline waits for after it has changed one. A policy that is
 * pinned or rolled back to an older one withholds it, and is named. While a Secret or ConfigMap of
 * its sources is missing, a condition of its own says so even where nothing needs it at present;
 * and so does one that names what other extensions carry as well ({@link OverlapSummary}).
 */
public final class ExtensionSummary {
  private static final int MAX_NAMED = 5;

  private final Map<String, Tally> tallies = new HashMap<>();
  private final Evidence evidence;

  private ExtensionSummary(Evidence evidence) {
    this.evidence = evidence;
  }

  /** What is counted for one extension. */
  private static final class Tally {
    private int desired;
    private int staged;
    private int active;
    private int pendingReboot;
    private final Map<String, String> failed = new TreeMap<>();
    private final Map<String, String> open = new TreeMap<>();
    private final Set<String> carriers = new LinkedHashSet<>();
    private final Map<String, Course> withheld = new TreeMap<>();
    private boolean moving;
  }

  /**
   * The statuses that the extensions shall have, by name.
   *
   * @param now RFC 3339, for conditions whose status moves
   */
  public static Map<String, SystemExtensionStatus> of(
      FleetSnapshot fleet, Plan plan, SitePlan site, Evidence evidence, String now) {
    ExtensionSummary summary = new ExtensionSummary(evidence);
    fleet.extensions().keySet().forEach(name -> summary.tallies.put(name, new Tally()));
    for (String node : fleet.nodes().keySet()) {
      summary.count(node, fleet.state(node), plan);
    }
    summary.withhold(fleet, plan);
    OverlapSummary overlaps = OverlapSummary.of(fleet);
    Map<String, SystemExtensionStatus> result = new TreeMap<>();
    fleet
        .extensions()
        .forEach(
            (name, extension) ->
                result.put(
                    name,
                    status(
                        extension,
                        summary.tallies.get(name),
                        site.problems().getOrDefault(name, List.of()),
                        overlaps,
                        now)));
    return result;
  }

  private void count(String node, Optional<State> state, Plan plan) {
    List<Assignment> present = state.map(s -> s.spec().assignments()).orElse(List.of());
    for (Assignment assignment : present) {
      Tally tally = tallies.get(assignment.extension());
      if (tally != null) {
        tally.carriers.add(node);
      }
    }
    for (Assignment wanted : plan.nodes().get(node).wanted().values()) {
      Tally tally = tallies.get(wanted.extension());
      if (tally == null) {
        continue;
      }
      tally.desired++;
      Optional<Assignment> told = present.stream().filter(wanted::isSameOrder).findFirst();
      if (state.isEmpty() || told.isEmpty()) {
        boolean ahead = state.filter(s -> isStagedAhead(s, wanted)).isPresent();
        tally.staged += ahead ? 1 : 0;
        tally.open.put(node, ahead ? "downloaded, not told yet" : "not told yet");
        tally.moving |= present.stream().anyMatch(a -> isWorking(state, a));
      } else {
        count(tally, node, state.get(), told.get());
      }
    }
  }

  private static boolean isStagedAhead(State state, Assignment wanted) {
    return Standing.entry(state, wanted)
        .filter(entry -> entry.stagedRevision().equals(wanted.target().revision()))
        .isPresent();
  }

  /** Where a policy gives an older generation than the present one, or none. */
  private void withhold(FleetSnapshot fleet, Plan plan) {
    plan.nodes()
        .forEach(
            (node, share) ->
                share.wanted().values().stream()
                    .filter(wanted -> isOlder(fleet.extensions().get(wanted.extension()), wanted))
                    .forEach(wanted -> withhold(wanted.extension(), wanted.policy(), plan)));
    plan.policies()
        .forEach(
            (name, policy) -> {
              if (!(policy.course() instanceof Course.Newest) && !policy.selected().isEmpty()) {
                policy.wished().stream()
                    .filter(extension -> !policy.extensions().contains(extension))
                    .forEach(extension -> withhold(extension, name, plan));
              }
            });
  }

  private void withhold(String extension, String policy, Plan plan) {
    tallies.get(extension).withheld.put(policy, plan.policies().get(policy).course());
  }

  private static boolean isOlder(Extension extension, Assignment wanted) {
    return extension != null
        && !(wanted.target().version().equals(extension.spec().version())
            && extension.spec().images().stream()
                .anyMatch(i -> i.sha256().equals(wanted.target().image().sha256()))
            && wanted.target().services().equals(extension.spec().services())
            && wanted.target().healthChecks().equals(extension.spec().healthChecks()));
  }

  private static String withheld(Map<String, Course> by) {
    return "this generation is not given by "
        + Samples.of(
            by.entrySet().stream().map(e -> "policy " + e.getKey() + why(e.getValue())).toList(),
            MAX_NAMED);
  }

  private static String why(Course course) {
    if (course instanceof Course.Pinned) {
      return ", whose spec.rollout.revision asks for " + course.asked();
    }
    return course instanceof Course.RolledBack
        ? ", which rolled back from " + course.asked()
        : ", which changes nothing at present";
  }

  private static String reason(Map<String, Course> by) {
    if (by.values().stream().anyMatch(course -> course instanceof Course.RolledBack)) {
      return Reasons.ROLLED_BACK_FROM;
    }
    return by.values().stream().anyMatch(course -> course instanceof Course.Pinned)
        ? Reasons.REVISION_PINNED
        : Reasons.INVALID_SPEC;
  }

  private boolean isWorking(Optional<State> state, Assignment assignment) {
    return state.map(s -> evidence.standing(s, assignment) == Standing.WORKING).orElse(false);
  }

  private void count(Tally tally, String node, State state, Assignment wanted) {
    Optional<ExtensionStatus> entry =
        Standing.isObserved(state)
            ? Standing.entry(state, wanted)
                .filter(e -> e.revision().equals(wanted.target().revision()))
            : Optional.empty();
    String phase = entry.map(e -> e.phase().text()).orElse("not yet seen by its agent");
    if (entry.isPresent()) {
      switch (entry.get().phase()) {
        case STAGED, PENDING_REBOOT, ACTIVATING, VERIFYING, ACTIVE -> tally.staged++;
        default -> {}
      }
    }
    switch (evidence.standing(state, wanted)) {
      case IN_EFFECT -> {
        if (state.spec().maintenance(wanted.policy()).filter(Maintenance::isActive).isPresent()) {
          tally.moving = true; // its end is news to the agent, and in effect what it reports then
          tally.open.put(node, phase + ", the node is not given back yet");
        } else {
          tally.active++;
        }
      }
      case LINKED -> {
        tally.pendingReboot++;
        tally.open.put(node, phase);
      }
      case FAILED ->
          tally.failed.put(
              node, evidence.failure(state, wanted).map(Evidence.Failure::reason).orElse(phase));
      default -> {
        tally.moving = true;
        tally.open.put(node, phase);
      }
    }
  }

  private static SystemExtensionStatus status(
      Extension extension,
      Tally tally,
      List<SitePlan.Problem> missing,
      OverlapSummary overlaps,
      String now) {
    ConditionList list = new ConditionList(extension.generation());
    String reason = missing.isEmpty() ? "" : missing.get(0).reason();
    String message =
        missing.stream().map(SitePlan.Problem::message).collect(Collectors.joining("; "));
    if (extension.deleting()) {
      unready(
          list,
          Reasons.REMOVING,
          tally.carriers.isEmpty()
              ? "nothing is left on any node"
              : "waiting until its policies have removed it from " + Samples.nodes(tally.carriers),
          false);
    } else if (!missing.isEmpty() && tally.active < tally.desired) {
      unready(list, reason, message + "; " + inEffect(tally), true);
    } else if (!tally.withheld.isEmpty()) {
      unready(list, reason(tally.withheld), withheld(tally.withheld), true);
    } else if (tally.desired == 0) {
      list.add(
          Conditions.READY, Conditions.TRUE, Reasons.NOT_ASSIGNED, "no policy gives it to a node");
    } else if (!tally.failed.isEmpty()) {
      unready(
          list,
          Reasons.NODES_FAILED,
          inEffect(tally) + "; failed on " + named(tally.failed),
          !tally.moving);
    } else if (tally.active == tally.desired) {
      list.add(Conditions.READY, Conditions.TRUE, Reasons.ALL_NODES_UP_TO_DATE, inEffect(tally));
    } else {
      unready(
          list,
          tally.active + tally.pendingReboot == tally.desired
              ? Reasons.AWAITING_REBOOT
              : Reasons.ROLLOUT_IN_PROGRESS,
          inEffect(tally) + "; waiting for: " + named(tally.open),
          false);
    }
    if (!missing.isEmpty()) {
      list.add(Conditions.SOURCES_AVAILABLE, Conditions.FALSE, reason, message);
    }
    overlaps
        .message(extension.name())
        .ifPresent(
            text ->
                list.add(Conditions.FILES_OVERLAP, Conditions.TRUE, Reasons.LAST_NAME_WINS, text));
    return new SystemExtensionStatus(
        extension.generation(),
        Conditions.transition(extension.status().conditions(), list.toList(), now),
        new NodeCounts(
            tally.desired, tally.staged, tally.active, tally.pendingReboot, tally.failed.size()),
        overlaps.others(extension.name()).stream()
            .limit(SystemExtensionStatus.MOST_OVERLAPS)
            .toList());
  }

  private static void unready(ConditionList list, String reason, String message, boolean stalled) {
    list.add(Conditions.READY, Conditions.FALSE, reason, message);
    list.add(
        stalled ? Conditions.STALLED : Conditions.RECONCILING, Conditions.TRUE, reason, message);
  }

  private static String inEffect(Tally tally) {
    return "in effect on "
        + tally.active
        + " of "
        + Samples.count(tally.desired, "node")
        + " that policies give it to";
  }

  private static String named(Map<String, String> nodes) {
    return Samples.of(
        nodes.entrySet().stream().map(e -> e.getKey() + " (" + e.getValue() + ")").toList(),
        MAX_NAMED);
  }
}
