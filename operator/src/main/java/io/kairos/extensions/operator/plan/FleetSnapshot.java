package io.kairos.extensions.operator.plan;

import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicySpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.SystemExtensionSpec;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Everything the operator decides from, as plain values, each kind by name.
 *
 * @param policies the NodeExtensionPolicies
 * @param extensions the SystemExtensions
 * @param nodes the Nodes
 * @param states the NodeExtensionStates, by the name of their node
 * @param site the Secrets and ConfigMaps of the operator's namespace
 */
public record FleetSnapshot(
    NavigableMap<String, Policy> policies,
    NavigableMap<String, Extension> extensions,
    NavigableMap<String, Node> nodes,
    NavigableMap<String, State> states,
    SiteObjects site) {

  /** Copies what it is given. */
  public FleetSnapshot {
    policies = Collections.unmodifiableNavigableMap(new TreeMap<>(policies));
    extensions = Collections.unmodifiableNavigableMap(new TreeMap<>(extensions));
    nodes = Collections.unmodifiableNavigableMap(new TreeMap<>(nodes));
    states = Collections.unmodifiableNavigableMap(new TreeMap<>(states));
  }

  /** A snapshot of these objects. */
  public static FleetSnapshot of(
      Collection<Policy> policies,
      Collection<Extension> extensions,
      Collection<Node> nodes,
      Collection<State> states) {
    return new FleetSnapshot(
        byName(policies, Policy::name),
        byName(extensions, Extension::name),
        byName(nodes, Node::name),
        byName(states, State::node),
        SiteObjects.NONE);
  }

  /** With the Secrets and ConfigMaps of the operator's namespace. */
  public FleetSnapshot withSite(SiteObjects objects) {
    return new FleetSnapshot(policies, extensions, nodes, states, objects);
  }

  private static <T> NavigableMap<String, T> byName(Collection<T> items, Function<T, String> name) {
    NavigableMap<String, T> result = new TreeMap<>();
    items.forEach(item -> result.put(name.apply(item), item));
    return result;
  }

  /**
   * The state of a node, if it has one: the Node is there and owns it. The state of an earlier Node
   * of the same name speaks of another machine, or of one that was registered anew, and does not
   * count.
   */
  public Optional<State> state(String node) {
    return Optional.ofNullable(states.get(node)).filter(state -> !isStale(state));
  }

  /** Whether the Node that owns the state is gone, or another one of its name is there now. */
  public boolean isStale(State state) {
    Node node = nodes.get(state.node());
    return node == null || !node.uid().equals(state.ownerUid());
  }

  /**
   * A NodeExtensionPolicy.
   *
   * @param name metadata.name
   * @param uid metadata.uid
   * @param generation metadata.generation
   * @param deleting whether it has a deletionTimestamp
   * @param hasFinalizer whether our finalizer is on it
   * @param spec what it asks for
   * @param status what stands in it
   */
  public record Policy(
      String name,
      String uid,
      long generation,
      boolean deleting,
      boolean hasFinalizer,
      NodeExtensionPolicySpec spec,
      NodeExtensionPolicyStatus status) {}

  /**
   * A SystemExtension.
   *
   * @param name metadata.name
   * @param generation metadata.generation
   * @param deleting whether it has a deletionTimestamp
   * @param hasFinalizer whether our finalizer is on it
   * @param labels its labels
   * @param imageName the image's name on the host
   * @param spec what it is
   * @param status what stands in it
   */
  public record Extension(
      String name,
      long generation,
      boolean deleting,
      boolean hasFinalizer,
      Map<String, String> labels,
      String imageName,
      SystemExtensionSpec spec,
      SystemExtensionStatus status) {
    /** Copies the labels. */
    public Extension {
      labels = Map.copyOf(labels);
    }
  }

  /**
   * A Node.
   *
   * @param name metadata.name
   * @param uid metadata.uid
   * @param labels its labels
   * @param architecture as {@code kubernetes.io/arch} spells it, empty where unknown
   * @param ready whether its Ready condition is True
   * @param held whether a person put it on hold: nothing new is admitted there
   * @param created metadata.creationTimestamp, RFC 3339
   */
  public record Node(
      String name,
      String uid,
      Map<String, String> labels,
      String architecture,
      boolean ready,
      boolean held,
      String created) {
    /** Copies the labels. */
    public Node {
      labels = Map.copyOf(labels);
    }
  }

  /**
   * A NodeExtensionState.
   *
   * @param node metadata.name, which is the node's
   * @param uid metadata.uid
   * @param ownerUid the uid of the Node that owns it, empty without an owner
   * @param generation metadata.generation
   * @param resourceVersion metadata.resourceVersion
   * @param admissions which admissions its spec is the result of; see {@code rollout.Admission}
   * @param spec what shall be on the node
   * @param status what the agent reports
   */
  public record State(
      String node,
      String uid,
      String ownerUid,
      long generation,
      String resourceVersion,
      Set<String> admissions,
      NodeExtensionStateSpec spec,
      NodeExtensionStateStatus status) {
    /** Copies the admissions. */
    public State {
      admissions = Set.copyOf(admissions);
    }
  }
}
