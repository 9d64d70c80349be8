package io.kairos.extensions.operator.plan;

import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Plan.PolicyPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** What is gathered about one policy on the way to its plan. */
final class PolicyDraft {
  private final Policy policy;
  private final Course course;
  private final NavigableSet<String> matching;
  private final NavigableSet<String> asked;
  private final List<Problem> problems;
  private final NavigableSet<String> overridden = new TreeSet<>();
  private final NavigableSet<String> overriders = new TreeSet<>();
  private final NavigableSet<String> overriding = new TreeSet<>();
  private final NavigableSet<String> losers = new TreeSet<>();
  private final NavigableMap<String, NavigableSet<String>> conflicts = new TreeMap<>();
  private final NavigableMap<String, NavigableSet<String>> noImage = new TreeMap<>();
  private final NavigableMap<String, NavigableSet<String>> excluded = new TreeMap<>();
  private final NavigableMap<String, NavigableSet<String>> incomplete = new TreeMap<>();
  private final NavigableSet<String> crowded = new TreeSet<>();

  /**
   * A policy that is matched.
   *
   * @param course which revision its nodes are brought to
   * @param matching the nodes that its selector matches
   * @param asked the extensions that it matches now
   * @param problems those found so far
   */
  PolicyDraft(
      Policy policy,
      Course course,
      NavigableSet<String> matching,
      NavigableSet<String> asked,
      List<Problem> problems) {
    this.policy = policy;
    this.course = course;
    this.matching = matching;
    this.asked = asked;
    this.problems = new ArrayList<>(problems);
  }

  Policy policy() {
    return policy;
  }

  Course course() {
    return course;
  }

  NavigableSet<String> matching() {
    return matching;
  }

  /** One of higher priority has a name on a node. */
  void isOverriddenBy(PolicyDraft winner, Node node) {
    overridden.add(node.name());
    overriders.add(winner.policy.name());
    winner.overriding.add(node.name());
    winner.losers.add(policy.name());
  }

  void conflict(String what, Node node) {
    note(conflicts, what, node);
  }

  void noImage(RevisionContent.Item item, Node node) {
    note(
        noImage,
        node.architecture().isEmpty()
            ? "the architecture of nodes is not known yet"
            : "SystemExtension " + item.name() + " has no image for " + node.architecture(),
        node);
  }

  void excluded(Contender loser, String by, Node node) {
    note(excluded, loser.extension() + " is not given beside " + by, node);
  }

  void incomplete(Contender loser, String lacks, Node node) {
    note(
        incomplete,
        loser.extension() + " is not given without " + lacks + ", which does not come",
        node);
  }

  void crowded(Node node) {
    crowded.add(node.name());
  }

  private static void note(
      NavigableMap<String, NavigableSet<String>> problems, String what, Node node) {
    problems.computeIfAbsent(what, w -> new TreeSet<>()).add(node.name());
  }

  /** The names of the extensions that it gives, or would if it could be told. */
  private NavigableSet<String> extensions() {
    NavigableSet<String> names = new TreeSet<>();
    course.content().extensions().forEach(item -> names.add(item.name()));
    return course instanceof Course.Held ? asked : names;
  }

  PolicyPlan finish() {
    add(Problem.Kind.CONFLICT, " on ", conflicts);
    add(Problem.Kind.NO_IMAGE, ": ", noImage);
    add(Problem.Kind.EXCLUSION, " on ", excluded);
    add(Problem.Kind.REQUIREMENT, " to ", incomplete);
    if (!crowded.isEmpty()) {
      problems.add(
          new Problem(
              Problem.Kind.TOO_MANY_EXTENSIONS,
              "more than "
                  + Planner.MAX_ASSIGNMENTS
                  + " extensions are wanted on "
                  + Samples.nodes(crowded)));
    }
    return new PolicyPlan(
        course,
        matching,
        policy.deleting() ? new TreeSet<>() : matching,
        asked,
        extensions(),
        problems,
        overridden,
        overriders,
        overriding,
        losers,
        policy.status().selection(),
        Optional.empty());
  }

  private void add(
      Problem.Kind kind, String where, NavigableMap<String, NavigableSet<String>> found) {
    found.forEach(
        (what, nodes) -> problems.add(new Problem(kind, what + where + Samples.nodes(nodes))));
  }
}
