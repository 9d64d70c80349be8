package io.kairos.extensions.operator.plan;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.kairos.extensions.api.v1alpha1.Architecture;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ConfigMapReference;
import io.kairos.extensions.api.v1alpha1.ExtensionImage;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.ExtensionReference;
import io.kairos.extensions.api.v1alpha1.Requirements;
import io.kairos.extensions.api.v1alpha1.SecretReference;
import io.kairos.extensions.api.v1alpha1.Target;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.Plan.Claim;
import io.kairos.extensions.operator.plan.Plan.NodePlan;
import io.kairos.extensions.operator.plan.Plan.PolicyPlan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Policies × extensions × nodes → what each node shall carry. Pure; nothing here throws for what a
 * person wrote: it becomes a {@link Problem} of the policy.
 *
 * <ol>
 *   <li>A policy matches extensions by name, by pattern (RE2, the whole name) or by labels.
 *       Extensions and policies that are being deleted give nothing.
 *   <li>On each selected node each matched extension resolves to the image of the node's
 *       architecture, or else to the one for any. Where there is none, nothing is assigned, and
 *       nothing that was is taken away: a missing image is no order to remove.
 *   <li>Two extensions of one policy with one name on the host: the lower extension name wins; it
 *       is a conflict.
 *   <li>Of several policies the highest priority wins a name on a node. At equal priority the one
 *       that holds it keeps it, else the lower policy name gets it, so that nothing flaps; it is a
 *       conflict on all of them. At different priorities it is not: the loser is told that it is
 *       overridden.
 *   <li>Of what is won on a node, what excludes or lacks something else is not given ({@link
 *       Companions}); what of it is there already stays as it is.
 * </ol>
 */
public final class Planner {
  /** What a NodeExtensionState can hold: the schema's {@code maxItems}. */
  public static final int MAX_ASSIGNMENTS = 64;

  private final FleetSnapshot fleet;
  private final Map<String, Draft> drafts = new TreeMap<>();
  private final Map<String, Map<ExtensionKey, List<Contender>>> contenders = new HashMap<>();
  private final Map<String, Set<Claim>> unresolved = new HashMap<>();

  private Planner(FleetSnapshot fleet) {
    this.fleet = fleet;
  }

  /** The plan for a fleet. */
  public static Plan plan(FleetSnapshot fleet) {
    return new Planner(fleet).plan();
  }

  record Contender(Draft draft, Extension extension, ExtensionImage image) {
    int priority() {
      return draft.policy.spec().priority();
    }

    String policyName() {
      return draft.policy.name();
    }

    ExtensionKey key() {
      return new ExtensionKey(extension.spec().type(), extension.imageName());
    }

    /**
     * What it comes to.
     *
     * @param required the names on the host of the extensions that it requires
     */
    Assignment assignment(List<String> required) {
      Requirements requires = extension.spec().requires();
      return new Assignment(
          extension.spec().type(),
          extension.imageName(),
          extension.name(),
          policyName(),
          Target.builder()
              .revision(draft.revision)
              .version(extension.spec().version())
              .image(
                  new Target.ResolvedImage(
                      image.url(),
                      image.sha256(),
                      extension.spec().pullSecret().map(SecretReference::name).orElse(""),
                      extension.spec().caBundle().map(ConfigMapReference::configMap).orElse("")))
              .profiles(Revision.sorted(draft.policy.spec().profiles()))
              .activation(draft.policy.spec().activation())
              .soakSeconds(draft.policy.spec().rollout().soakSeconds())
              .services(extension.spec().services())
              .healthChecks(extension.spec().healthChecks())
              .signatureOrNull(extension.spec().signature())
              .requiresOrNull(
                  requires.isEmpty()
                      ? null
                      : new Requirements(requires.systemd(), requires.kernel(), required))
              .build(),
          false);
    }
  }

  /** What is gathered about one policy on the way. */
  static final class Draft {
    private final Policy policy;
    private final NavigableSet<String> matching = new TreeSet<>();
    private final NavigableMap<String, Extension> matched = new TreeMap<>();
    private final List<Problem> problems = new ArrayList<>();
    private final NavigableSet<String> overridden = new TreeSet<>();
    private final NavigableSet<String> overriders = new TreeSet<>();
    private final NavigableMap<String, NavigableSet<String>> conflicts = new TreeMap<>();
    private final NavigableMap<String, NavigableSet<String>> noImage = new TreeMap<>();
    private final NavigableMap<String, NavigableSet<String>> excluded = new TreeMap<>();
    private final NavigableMap<String, NavigableSet<String>> incomplete = new TreeMap<>();
    private final NavigableSet<String> crowded = new TreeSet<>();
    private String revision = "";
    private boolean frozen;

    private Draft(Policy policy) {
      this.policy = policy;
    }

    private void invalid(String message) {
      problems.add(new Problem(Problem.Kind.INVALID_SPEC, message));
      frozen = true;
    }

    private PolicyPlan finish() {
      conflicts.forEach(
          (what, nodes) ->
              problems.add(
                  new Problem(Problem.Kind.CONFLICT, what + " on " + Samples.nodes(nodes))));
      noImage.forEach(
          (what, nodes) ->
              problems.add(new Problem(Problem.Kind.NO_IMAGE, what + ": " + Samples.nodes(nodes))));
      excluded.forEach(
          (what, nodes) ->
              problems.add(
                  new Problem(Problem.Kind.EXCLUSION, what + " on " + Samples.nodes(nodes))));
      incomplete.forEach(
          (what, nodes) ->
              problems.add(
                  new Problem(Problem.Kind.REQUIREMENT, what + " to " + Samples.nodes(nodes))));
      if (!crowded.isEmpty()) {
        problems.add(
            new Problem(
                Problem.Kind.TOO_MANY_EXTENSIONS,
                "more than "
                    + MAX_ASSIGNMENTS
                    + " extensions are wanted on "
                    + Samples.nodes(crowded)));
      }
      return new PolicyPlan(
          revision,
          matching,
          policy.deleting() ? new TreeSet<>() : matching,
          new TreeSet<>(matched.keySet()),
          problems,
          overridden,
          overriders,
          frozen && !policy.deleting());
    }
  }

  private Plan plan() {
    for (Policy policy : fleet.policies().values()) {
      Draft draft = new Draft(policy);
      drafts.put(policy.name(), draft);
      selectNodes(draft);
      if (!policy.deleting()) {
        matchExtensions(draft);
      }
      draft.revision = Revision.of(policy.spec(), draft.matched.values());
      contend(draft);
    }
    NavigableMap<String, NodePlan> nodes = new TreeMap<>();
    for (Node node : fleet.nodes().values()) {
      nodes.put(node.name(), settle(node));
    }
    NavigableMap<String, PolicyPlan> policies = new TreeMap<>();
    drafts.forEach((name, draft) -> policies.put(name, draft.finish()));
    return new Plan(policies, nodes);
  }

  private void selectNodes(Draft draft) {
    var selector = draft.policy.spec().nodeSelector();
    LabelSelectors.problem(selector)
        .ifPresent(problem -> draft.invalid("spec.nodeSelector: " + problem));
    for (Node node : fleet.nodes().values()) {
      if (LabelSelectors.matches(selector, node.labels())) {
        draft.matching.add(node.name());
      }
    }
  }

  private void matchExtensions(Draft draft) {
    int index = 0;
    for (ExtensionReference reference : draft.policy.spec().extensions()) {
      String path = "spec.extensions[" + index++ + "]";
      matcher(draft, reference, path)
          .ifPresent(
              matcher ->
                  fleet.extensions().values().stream()
                      .filter(extension -> !extension.deleting())
                      .filter(matcher)
                      .forEach(extension -> draft.matched.put(extension.name(), extension)));
    }
  }

  private Optional<Predicate<Extension>> matcher(
      Draft draft, ExtensionReference reference, String path) {
    if (!reference.name().isEmpty()) {
      if (!fleet.extensions().containsKey(reference.name())) {
        draft.problems.add(
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
        draft.invalid(
            path
                + ".namePattern '"
                + reference.namePattern()
                + "' is no RE2 expression: "
                + e.getDescription());
        return Optional.empty();
      }
    }
    if (reference.selector().isEmpty()) {
      draft.invalid(path + " has none of name, namePattern and selector");
      return Optional.empty();
    }
    var selector = reference.selector().get();
    LabelSelectors.problem(selector)
        .ifPresent(problem -> draft.invalid(path + ".selector: " + problem));
    return Optional.of(extension -> LabelSelectors.matches(selector, extension.labels()));
  }

  private void contend(Draft draft) {
    for (String name : draft.matching) {
      Node node = fleet.nodes().get(name);
      Map<ExtensionKey, Contender> own = new HashMap<>();
      for (Extension extension : draft.matched.values()) {
        ExtensionKey key = new ExtensionKey(extension.spec().type(), extension.imageName());
        Optional<ExtensionImage> image = image(extension, node);
        if (image.isEmpty()) {
          noImage(draft, extension, node);
          unresolved
              .computeIfAbsent(name, n -> new HashSet<>())
              .add(new Claim(draft.policy.name(), key));
          continue;
        }
        Contender first =
            own.putIfAbsent(key, new Contender(draft, extension, image.get())); // in name order
        if (first != null) {
          draft
              .conflicts
              .computeIfAbsent(
                  "SystemExtensions "
                      + first.extension().name()
                      + " and "
                      + extension.name()
                      + " share the image name "
                      + key.name()
                      + "; "
                      + first.extension().name()
                      + " is given",
                  what -> new TreeSet<>())
              .add(name);
        }
      }
      own.forEach(
          (key, contender) ->
              contenders
                  .computeIfAbsent(name, n -> new TreeMap<>())
                  .computeIfAbsent(key, k -> new ArrayList<>())
                  .add(contender));
    }
  }

  private static Optional<ExtensionImage> image(Extension extension, Node node) {
    List<ExtensionImage> images = extension.spec().images();
    return images.stream()
        .filter(image -> image.architecture().text().equals(node.architecture()))
        .findFirst()
        .or(
            () ->
                images.stream()
                    .filter(image -> image.architecture() == Architecture.ANY)
                    .findFirst());
  }

  private static void noImage(Draft draft, Extension extension, Node node) {
    String what =
        node.architecture().isEmpty()
            ? "the architecture of nodes is not known yet"
            : "SystemExtension " + extension.name() + " has no image for " + node.architecture();
    draft.noImage.computeIfAbsent(what, w -> new TreeSet<>()).add(node.name());
  }

  private NodePlan settle(Node node) {
    NavigableMap<ExtensionKey, Assignment> wanted = new TreeMap<>();
    Set<Claim> open = unresolved.getOrDefault(node.name(), new HashSet<>());
    Map<ExtensionKey, List<Contender>> wishes = contenders.getOrDefault(node.name(), Map.of());
    List<Contender> winners = new ArrayList<>();
    wishes.forEach((key, rivals) -> winners.add(winner(node, key, rivals)));
    Companions companions = Companions.of(winners, present(node), fleet.extensions());
    companions
        .excluded()
        .forEach(
            (loser, by) ->
                note(
                    loser.draft().excluded,
                    loser.extension().name() + " is not given beside " + by,
                    node));
    companions
        .incomplete()
        .forEach(
            (loser, lacks) ->
                note(
                    loser.draft().incomplete,
                    loser.extension().name()
                        + " is not given without "
                        + lacks
                        + ", which does not come",
                    node));
    for (Contender winner : winners) {
      ExtensionKey key = winner.key();
      if (!companions.accepted().contains(winner)) {
        open.add(new Claim(winner.policyName(), key));
      } else if (wanted.size() < MAX_ASSIGNMENTS) {
        wanted.put(key, winner.assignment(companions.required(winner)));
      } else {
        winner.draft().crowded.add(node.name());
        open.add(new Claim(winner.policyName(), key));
      }
    }
    return new NodePlan(wanted, open);
  }

  private static void note(
      NavigableMap<String, NavigableSet<String>> problems, String what, Node node) {
    problems.computeIfAbsent(what, w -> new TreeSet<>()).add(node.name());
  }

  /** The names of the extensions that are on a node or on their way there or off it. */
  private Set<String> present(Node node) {
    Set<String> present = new TreeSet<>();
    fleet
        .state(node.name())
        .ifPresent(state -> state.spec().assignments().forEach(a -> present.add(a.extension())));
    return present;
  }

  private Contender winner(Node node, ExtensionKey key, List<Contender> rivals) {
    int highest = rivals.stream().mapToInt(Contender::priority).max().orElseThrow();
    List<Contender> top = rivals.stream().filter(r -> r.priority() == highest).toList();
    String holder = holder(node, key);
    Contender winner =
        top.stream()
            .filter(rival -> rival.policyName().equals(holder))
            .findFirst()
            .orElse(top.get(0)); // policies contend in the order of their names
    for (Contender rival : rivals) {
      if (rival.priority() < highest) {
        rival.draft().overridden.add(node.name());
        rival.draft().overriders.add(winner.policyName());
      }
    }
    for (Contender one : top) {
      for (Contender other : top) {
        if (!one.policyName().equals(other.policyName())) {
          one.draft()
              .conflicts
              .computeIfAbsent(
                  "policy "
                      + other.policyName()
                      + " of the same priority "
                      + highest
                      + " also gives "
                      + key.name(),
                  what -> new TreeSet<>())
              .add(node.name());
        }
      }
    }
    return winner;
  }

  /** The policy whose live assignment is on the node, empty without one. */
  private String holder(Node node, ExtensionKey key) {
    return fleet.state(node.name()).stream()
        .flatMap(state -> state.spec().assignments().stream())
        .filter(assignment -> assignment.key().equals(key) && !assignment.remove())
        .map(Assignment::policy)
        .findFirst()
        .orElse("");
  }
}
