package io.kairos.extensions.operator.plan;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.kairos.extensions.api.v1alpha1.ExtensionReference;
import io.kairos.extensions.api.v1alpha1.Gate;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Which nodes and extensions a policy matches, and which revision follows from that. What cannot be
 * read of it, or is too much to be kept, makes it {@link Course.Held}.
 */
final class Matching {
  private final FleetSnapshot fleet;
  private final Policy policy;
  private final NavigableMap<String, Extension> matched = new TreeMap<>();
  private final List<Problem> problems = new ArrayList<>();
  private final List<Problem> missing = new ArrayList<>();

  private Matching(FleetSnapshot fleet, Policy policy) {
    this.fleet = fleet;
    this.policy = policy;
  }

  /** A policy, matched. */
  static PolicyDraft of(FleetSnapshot fleet, Policy policy) {
    return new Matching(fleet, policy).draft();
  }

  private PolicyDraft draft() {
    NavigableSet<String> nodes = nodes();
    if (!policy.deleting()) {
      matchExtensions();
      Optional.ofNullable(fleet.refusals().get(policy.name()))
          .ifPresent(said -> problems.add(new Problem(Problem.Kind.REFUSED, said)));
    }
    Course course = course();
    if (course instanceof Course.Newest) {
      problems.addAll(missing); // an older revision needs them no more
    }
    readGates();
    new Windows(policy.spec().rollout().windows()).problems().forEach(this::invalid);
    return new PolicyDraft(policy, course, nodes, new TreeSet<>(matched.keySet()), problems);
  }

  private Course course() {
    Course.Held held = new Course.Held(policy.status().rollout().revision());
    if (!problems.isEmpty() && !policy.deleting()) {
      return held;
    }
    List<StoredRevision> kept = fleet.revisionsOf(policy);
    RevisionContent newest = RevisionContent.of(policy.spec(), matched.values());
    Course course = Course.of(policy, newest, kept, problems);
    boolean isKept =
        kept.stream().anyMatch(stored -> stored.content().equals(Optional.of(course.content())));
    if (!isKept && RevisionJson.bytes(course.content()) > RevisionJson.MOST_BYTES) {
      problems.add(
          new Problem(
              Problem.Kind.TOO_LARGE,
              "the "
                  + Samples.count(matched.size(), "SystemExtension")
                  + " come to "
                  + RevisionJson.bytes(course.content())
                  + " bytes, of which a revision can keep "
                  + RevisionJson.MOST_BYTES
                  + ": divide them among several policies"));
      return held;
    }
    return course;
  }

  /** What a gate cannot mean closes it, and takes nothing away. */
  private void readGates() {
    int index = 0;
    for (Gate gate : policy.spec().rollout().gates()) {
      String path = "spec.rollout.gates[" + index++ + "] (" + gate.name() + "): ";
      if (fleet.gates().get(gate) instanceof GateVerdict.Invalid invalid) {
        invalid(path + invalid.message());
      }
    }
  }

  private NavigableSet<String> nodes() {
    var selector = policy.spec().nodeSelector();
    LabelSelectors.problem(selector)
        .or(() -> LabelSelectors.ownLabel(selector))
        .ifPresent(problem -> invalid("spec.nodeSelector: " + problem));
    NavigableSet<String> matching = new TreeSet<>();
    fleet.nodes().values().stream()
        .filter(node -> LabelSelectors.matches(selector, node.labels()))
        .forEach(node -> matching.add(node.name()));
    return matching;
  }

  private void matchExtensions() {
    int index = 0;
    for (ExtensionReference reference : policy.spec().extensions()) {
      String path = "spec.extensions[" + index++ + "]";
      matcher(reference, path)
          .ifPresent(
              matcher ->
                  fleet.extensions().values().stream()
                      .filter(extension -> !extension.deleting())
                      .filter(matcher)
                      .forEach(extension -> matched.put(extension.name(), extension)));
    }
  }

  private Optional<Predicate<Extension>> matcher(ExtensionReference reference, String path) {
    if (!reference.name().isEmpty()) {
      if (!fleet.extensions().containsKey(reference.name())) {
        missing.add(
            new Problem(
                Problem.Kind.EXTENSION_NOT_FOUND,
                "there is no SystemExtension " + reference.name() + " (" + path + ".name)"));
      }
      return Optional.of(extension -> extension.name().equals(reference.name()));
    }
    if (!reference.namePattern().isEmpty()) {
      try {
        Pattern pattern = Pattern.compile(reference.namePattern());
        return Optional.of(extension -> pattern.matches(extension.name()));
      } catch (PatternSyntaxException e) {
        invalid(
            path
                + ".namePattern '"
                + reference.namePattern()
                + "' is no RE2 expression: "
                + e.getDescription());
        return Optional.empty();
      }
    }
    if (reference.selector().isEmpty()) {
      invalid(path + " has none of name, namePattern and selector");
      return Optional.empty();
    }
    var selector = reference.selector().get();
    LabelSelectors.problem(selector).ifPresent(problem -> invalid(path + ".selector: " + problem));
    return Optional.of(extension -> LabelSelectors.matches(selector, extension.labels()));
  }

  private void invalid(String message) {
    problems.add(new Problem(Problem.Kind.INVALID_SPEC, message));
  }
}
