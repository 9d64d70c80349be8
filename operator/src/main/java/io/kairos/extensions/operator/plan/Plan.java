package io.kairos.extensions.operator.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus.RemovalPending;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import lombok.Builder;

/**
 * What shall be, everywhere, once every rollout is through.
 *
 * @param policies what became of each policy
 * @param nodes what each Node shall carry; every Node has an entry
 */
public record Plan(
    NavigableMap<String, PolicyPlan> policies, NavigableMap<String, NodePlan> nodes) {

  /** Copies what it is given. */
  public Plan {
    policies = Collections.unmodifiableNavigableMap(new TreeMap<>(policies));
    nodes = Collections.unmodifiableNavigableMap(new TreeMap<>(nodes));
  }

  /**
   * A policy, resolved.
   *
   * @param course which revision its nodes are brought to
   * @param matching the nodes that its selector matches, whether or not it is being deleted
   * @param selected the nodes that it wants to give something: those that match, none once it is
   *     being deleted
   * @param wished the names of the extensions that it matches now, given or not
   * @param extensions the names of the extensions that it gives
   * @param problems what a person has to put right, the gravest first
   * @param overridden nodes on which a policy of higher priority wins something
   * @param overriders the policies that win there
   * @param overriding nodes on which it wins something over one of lower priority
   * @param losers the policies that lose there
   * @param selection the selection whose removals are let through; see {@code rollout.RemovalGuard}
   * @param removalPending removals that wait for a person's word
   */
  @Builder(toBuilder = true)
  public record PolicyPlan(
      Course course,
      NavigableSet<String> matching,
      NavigableSet<String> selected,
      NavigableSet<String> wished,
      NavigableSet<String> extensions,
      List<Problem> problems,
      NavigableSet<String> overridden,
      NavigableSet<String> overriders,
      NavigableSet<String> overriding,
      NavigableSet<String> losers,
      String selection,
      Optional<RemovalPending> removalPending) {
    /** Copies what it is given. */
    public PolicyPlan {
      matching = copy(matching);
      selected = copy(selected);
      wished = copy(wished);
      extensions = copy(extensions);
      problems = problems.stream().sorted().toList();
      overridden = copy(overridden);
      overriders = copy(overriders);
      overriding = copy(overriding);
      losers = copy(losers);
    }

    private static NavigableSet<String> copy(NavigableSet<String> names) {
      return Collections.unmodifiableNavigableSet(new TreeSet<>(names));
    }

    /** The same, whose removals are let through for this selection. */
    public PolicyPlan withSelection(String accepted) {
      return toBuilder().selection(accepted).build();
    }

    /** The same, some of whose removals wait. */
    public PolicyPlan withRemovalPending(RemovalPending pending, Problem problem) {
      List<Problem> more = new ArrayList<>(problems);
      more.add(problem);
      return toBuilder().removalPending(Optional.of(pending)).problems(more).build();
    }

    /** The revision that its spec asks for. */
    public String asked() {
      return course.asked();
    }

    /** The revision that it gives: the one asked for, unless it is being rolled back. */
    public String revision() {
      return course.given();
    }

    /** True: it cannot be told what to give, so nothing that it gave is taken away. */
    public boolean frozen() {
      return course instanceof Course.Held;
    }
  }

  /**
   * A node's share.
   *
   * @param wanted one assignment at most for each name on the host
   * @param unresolved what policies want here and cannot give (no image, no room): what they gave
   *     before stays as it is
   */
  public record NodePlan(NavigableMap<ExtensionKey, Assignment> wanted, Set<Claim> unresolved) {
    /** Copies what it is given. */
    public NodePlan {
      wanted = Collections.unmodifiableNavigableMap(new TreeMap<>(wanted));
      unresolved = Set.copyOf(unresolved);
    }

    /** The keys that a policy wins here, with what it wants there. */
    public NavigableMap<ExtensionKey, Assignment> wantedBy(String policy) {
      NavigableMap<ExtensionKey, Assignment> result = new TreeMap<>();
      for (Map.Entry<ExtensionKey, Assignment> entry : wanted.entrySet()) {
        if (entry.getValue().policy().equals(policy)) {
          result.put(entry.getKey(), entry.getValue());
        }
      }
      return result;
    }

    /** Whether a policy wants something here that it cannot give. */
    public boolean isUnresolved(String policy) {
      return unresolved.stream().anyMatch(claim -> claim.policy().equals(policy));
    }
  }

  /**
   * A policy's wish for a name on the host.
   *
   * @param policy its name
   * @param key the name on the host
   */
  public record Claim(String policy, ExtensionKey key) {}
}
