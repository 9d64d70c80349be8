package io.kairos.extensions.operator.plan;

import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

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
   * @param revision the hash of what it gives
   * @param matching the nodes that its selector matches, whether or not it is being deleted
   * @param selected the nodes that it wants to give something: those that match, none once it is
   *     being deleted
   * @param extensions the names of the extensions that it gives
   * @param problems what a person has to put right, the gravest first
   * @param overridden nodes on which a policy of higher priority wins something
   * @param overriders the policies that win there
   * @param frozen true: its spec cannot be read, so nothing that it gave is taken away
   */
  public record PolicyPlan(
      String revision,
      NavigableSet<String> matching,
      NavigableSet<String> selected,
      NavigableSet<String> extensions,
      List<Problem> problems,
      NavigableSet<String> overridden,
      NavigableSet<String> overriders,
      boolean frozen) {
    /** Copies what it is given. */
    public PolicyPlan {
      matching = Collections.unmodifiableNavigableSet(new TreeSet<>(matching));
      selected = Collections.unmodifiableNavigableSet(new TreeSet<>(selected));
      extensions = Collections.unmodifiableNavigableSet(new TreeSet<>(extensions));
      problems = problems.stream().sorted().toList();
      overridden = Collections.unmodifiableNavigableSet(new TreeSet<>(overridden));
      overriders = Collections.unmodifiableNavigableSet(new TreeSet<>(overriders));
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
