package io.kairos.extensions.operator.plan;

import io.kairos.extensions.api.v1alpha1.Architecture;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionImage;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
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
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Policies × extensions × nodes → what each node shall carry. Pure; nothing here throws for what a
 * person wrote: it becomes a {@link Problem} of the policy.
 *
 * <ol>
 *   <li>A policy matches extensions by name, by pattern (RE2, the whole name) or by labels ({@link
 *       Matching}). Extensions and policies that are being deleted give nothing.
 *   <li>Its {@link Course} says which revision its nodes get: what it matches now, or one that was
 *       kept. A policy that cannot be read changes nothing anywhere.
 *   <li>On each selected node each extension resolves to the image of the node's architecture, or
 *       else to the one for any. Where there is none, nothing is assigned, and nothing that was is
 *       taken away: a missing image is no order to remove.
 *   <li>Two extensions of one policy with one name on the host: the lower extension name wins; it
 *       is a conflict.
 *   <li>Of several policies the highest priority wins a name on a node. At equal priority the one
 *       that holds it keeps it, else the lower policy name gets it, so that nothing flaps; it is a
 *       conflict on all of them. At different priorities it is not: both are told.
 *   <li>Of what is won on a node, what excludes or lacks something else is not given ({@link
 *       Companions}); what of it is there already stays as it is.
 * </ol>
 */
public final class Planner {
  /** What a NodeExtensionState can hold: the schema's {@code maxItems}. */
  public static final int MAX_ASSIGNMENTS = 64;

  private final FleetSnapshot fleet;
  private final Map<String, PolicyDraft> drafts = new TreeMap<>();
  private final Map<String, Map<ExtensionKey, List<Contender>>> contenders = new HashMap<>();
  private final Map<String, Set<Claim>> unresolved = new HashMap<>();

  private Planner(FleetSnapshot fleet) {
    this.fleet = fleet;
  }

  /** The plan for a fleet. */
  public static Plan plan(FleetSnapshot fleet) {
    return new Planner(fleet).plan();
  }

  private Plan plan() {
    Map<String, Map<String, List<Assignment>>> present = presentByPolicy();
    for (Policy policy : fleet.policies().values()) {
      PolicyDraft draft = Matching.of(fleet, policy);
      drafts.put(policy.name(), draft);
      contend(draft, present.getOrDefault(policy.name(), Map.of()));
    }
    NavigableMap<String, NodePlan> nodes = new TreeMap<>();
    for (Node node : fleet.nodes().values()) {
      nodes.put(node.name(), settle(node));
    }
    NavigableMap<String, PolicyPlan> policies = new TreeMap<>();
    drafts.forEach((name, draft) -> policies.put(name, draft.finish()));
    return new Plan(policies, nodes);
  }

  /** By policy and node, what is there and not on its way off. */
  private Map<String, Map<String, List<Assignment>>> presentByPolicy() {
    Map<String, Map<String, List<Assignment>>> result = new HashMap<>();
    for (String node : fleet.nodes().keySet()) {
      for (Assignment assignment : assignments(node)) {
        if (!assignment.remove()) {
          result
              .computeIfAbsent(assignment.policy(), p -> new HashMap<>())
              .computeIfAbsent(node, n -> new ArrayList<>())
              .add(assignment);
        }
      }
    }
    return result;
  }

  private List<Assignment> assignments(String node) {
    return fleet.state(node).map(state -> state.spec().assignments()).orElse(List.of());
  }

  private void contend(PolicyDraft draft, Map<String, List<Assignment>> present) {
    Set<String> concerned = new TreeSet<>(draft.matching());
    if (draft.course() instanceof Course.Held) {
      concerned.addAll(present.keySet()); // its selector may be what cannot be read
    }
    for (String name : concerned) {
      List<Assignment> there = present.getOrDefault(name, List.of());
      Set<String> revisions =
          there.stream().map(a -> a.target().revision()).collect(Collectors.toSet());
      if (draft.course().keeps(revisions)) {
        there.forEach(
            assignment -> contend(name, new Contender.Kept(draft, assignment, rivals(assignment))));
      } else {
        give(draft, fleet.nodes().get(name));
      }
    }
  }

  private List<String> rivals(Assignment assignment) {
    return Optional.ofNullable(fleet.extensions().get(assignment.extension()))
        .map(extension -> extension.spec().conflicts())
        .orElse(List.of());
  }

  private void give(PolicyDraft draft, Node node) {
    Map<ExtensionKey, Contender> own = new HashMap<>();
    for (RevisionContent.Item item : draft.course().content().extensions()) {
      Optional<ExtensionImage> image = image(item, node);
      if (image.isEmpty()) {
        draft.noImage(item, node);
        unresolved
            .computeIfAbsent(node.name(), n -> new HashSet<>())
            .add(new Claim(draft.policy().name(), item.key()));
        continue;
      }
      Contender first =
          own.putIfAbsent(
              item.key(), new Contender.Given(draft, item, image.get())); // in name order
      if (first != null) {
        draft.conflict(
            "SystemExtensions "
                + first.extension()
                + " and "
                + item.name()
                + " share the image name "
                + item.imageName()
                + "; "
                + first.extension()
                + " is given",
            node);
      }
    }
    own.values().forEach(contender -> contend(node.name(), contender));
  }

  private void contend(String node, Contender contender) {
    contenders
        .computeIfAbsent(node, n -> new TreeMap<>())
        .computeIfAbsent(contender.key(), k -> new ArrayList<>())
        .add(contender);
  }

  private static Optional<ExtensionImage> image(RevisionContent.Item item, Node node) {
    List<ExtensionImage> images = item.spec().images();
    return images.stream()
        .filter(image -> image.architecture().text().equals(node.architecture()))
        .findFirst()
        .or(
            () ->
                images.stream()
                    .filter(image -> image.architecture() == Architecture.ANY)
                    .findFirst());
  }

  private NodePlan settle(Node node) {
    NavigableMap<ExtensionKey, Assignment> wanted = new TreeMap<>();
    Set<Claim> open = unresolved.getOrDefault(node.name(), new HashSet<>());
    Map<ExtensionKey, List<Contender>> wishes = contenders.getOrDefault(node.name(), Map.of());
    List<Contender> winners = new ArrayList<>();
    wishes.forEach((key, rivals) -> winners.add(winner(node, key, rivals)));
    Companions companions = Companions.of(winners, present(node), fleet.extensions());
    companions.excluded().forEach((loser, by) -> loser.draft().excluded(loser, by, node));
    companions.incomplete().forEach((loser, lacks) -> loser.draft().incomplete(loser, lacks, node));
    for (Contender winner : winners) {
      ExtensionKey key = winner.key();
      if (!companions.accepted().contains(winner)) {
        open.add(new Claim(winner.policyName(), key));
      } else if (wanted.size() < MAX_ASSIGNMENTS) {
        wanted.put(key, winner.assignment(companions.required(winner)));
      } else {
        winner.draft().crowded(node);
        open.add(new Claim(winner.policyName(), key));
      }
    }
    return new NodePlan(wanted, open);
  }

  /** The names of the extensions that are on a node or on their way there or off it. */
  private Set<String> present(Node node) {
    return assignments(node.name()).stream()
        .map(Assignment::extension)
        .collect(Collectors.toCollection(TreeSet::new));
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
        rival.draft().isOverriddenBy(winner.draft(), node);
      }
    }
    for (Contender one : top) {
      for (Contender other : top) {
        if (!one.policyName().equals(other.policyName())) {
          one.draft()
              .conflict(
                  "policy "
                      + other.policyName()
                      + " of the same priority "
                      + highest
                      + " also gives "
                      + key.name(),
                  node);
        }
      }
    }
    return winner;
  }

  /** The policy whose live assignment is on the node, empty without one. */
  private String holder(Node node, ExtensionKey key) {
    return assignments(node.name()).stream()
        .filter(assignment -> assignment.key().equals(key) && !assignment.remove())
        .map(Assignment::policy)
        .findFirst()
        .orElse("");
  }
}
