package io.kairos.extensions.operator.status;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicySpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Rollout;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Fleets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * An API server of four kinds in memory: objects with resourceVersions, generations, finalizers and
 * preconditions, and the whole past of each kind, for readers that lag.
 */
final class World {
  /**
   * An object as stored.
   *
   * @param version its resourceVersion
   */
  record Stored<T>(T value, long version) {}

  /** One kind: what is there, and what was. */
  static final class Kind<T> {
    private final List<Map<String, Stored<T>>> past = new ArrayList<>(List.of(Map.of()));

    Map<String, Stored<T>> now() {
      return past.get(past.size() - 1);
    }

    Map<String, Stored<T>> at(int time) {
      return past.get(time);
    }

    int time() {
      return past.size() - 1;
    }

    private void put(String name, Stored<T> object) {
      Map<String, Stored<T>> next = new TreeMap<>(now());
      next.put(name, object);
      past.add(next);
    }

    private void remove(String name) {
      Map<String, Stored<T>> next = new TreeMap<>(now());
      next.remove(name);
      past.add(next);
    }
  }

  final Kind<Policy> policies = new Kind<>();
  final Kind<Extension> extensions = new Kind<>();
  final Kind<Node> nodes = new Kind<>();
  final Kind<State> states = new Kind<>();
  private long versions;

  <T> long put(Kind<T> kind, String name, T value) {
    kind.put(name, new Stored<>(value, ++versions));
    return versions;
  }

  void remove(Kind<?> kind, String name) {
    kind.remove(name);
  }

  long versions() {
    return versions;
  }

  // What people do.

  void createNode(String name) {
    Node node = Fleets.node(name);
    put(
        nodes,
        name,
        new Node(
            name,
            "uid-" + ++versions,
            node.labels(),
            node.architecture(),
            true,
            false,
            node.created()));
  }

  void change(String node, UnaryOperator<Node> change) {
    if (nodes.now().containsKey(node)) {
      put(nodes, node, change.apply(nodes.now().get(node).value()));
    }
  }

  void createPolicy(String name, NodeExtensionPolicySpec spec, int maxUnavailable) {
    if (!policies.now().containsKey(name)) {
      put(
          policies,
          name,
          new Policy(
              name,
              "uid-" + ++versions,
              1,
              false,
              false,
              spec.toBuilder().rollout(new Rollout(new IntOrString(maxUnavailable), 0)).build(),
              NodeExtensionPolicyStatus.EMPTY));
    }
  }

  void changePolicy(String name, UnaryOperator<NodeExtensionPolicySpec> change) {
    if (policies.now().containsKey(name)) {
      Policy policy = policies.now().get(name).value();
      put(
          policies,
          name,
          new Policy(
              name,
              policy.uid(),
              policy.generation() + 1,
              policy.deleting(),
              policy.hasFinalizer(),
              change.apply(policy.spec()),
              policy.status()));
    }
  }

  void deletePolicy(String name) {
    if (policies.now().containsKey(name)) {
      Policy policy = policies.now().get(name).value();
      if (policy.hasFinalizer()) {
        put(policies, name, Fleets.deleting(policy));
      } else {
        remove(policies, name);
      }
    }
  }

  void putExtension(String name, String version) {
    boolean finalizer =
        extensions.now().containsKey(name) && extensions.now().get(name).value().hasFinalizer();
    boolean deleting =
        extensions.now().containsKey(name) && extensions.now().get(name).value().deleting();
    if (!deleting) {
      Extension fresh = Fleets.extension(name, version);
      put(extensions, name, with(fresh, false, finalizer, fresh.status()));
    }
  }

  void deleteExtension(String name) {
    if (extensions.now().containsKey(name)) {
      Extension extension = extensions.now().get(name).value();
      if (extension.hasFinalizer()) {
        put(extensions, name, with(extension, true, true, extension.status()));
      } else {
        remove(extensions, name);
      }
    }
  }

  // What the operator does; each returns the new resourceVersion, or throws.

  /** A precondition failed. */
  static final class Conflict extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private static <T> T current(Kind<T> kind, String name, long version) {
    Stored<T> stored = kind.now().get(name);
    if (stored == null || stored.version() != version) {
      throw new Conflict();
    }
    return stored.value();
  }

  long policyFinalizer(String name, long version, boolean present) {
    Policy policy = current(policies, name, version);
    if (policy.deleting() && present) {
      throw new Conflict();
    }
    if (policy.deleting()) {
      remove(policies, name);
      return 0;
    }
    return put(
        policies,
        name,
        new Policy(
            name,
            policy.uid(),
            policy.generation(),
            false,
            present,
            policy.spec(),
            policy.status()));
  }

  long extensionFinalizer(String name, long version, boolean present) {
    Extension extension = current(extensions, name, version);
    if (extension.deleting() && present) {
      throw new Conflict();
    }
    if (extension.deleting()) {
      remove(extensions, name);
      return 0;
    }
    return put(extensions, name, with(extension, false, present, extension.status()));
  }

  long policyStatus(String name, long version, NodeExtensionPolicyStatus status) {
    Policy policy = current(policies, name, version);
    return policy.status().equals(status)
        ? version
        : put(policies, name, Fleets.with(policy, status));
  }

  long extensionStatus(String name, long version, SystemExtensionStatus status) {
    Extension extension = current(extensions, name, version);
    return put(
        extensions, name, with(extension, extension.deleting(), extension.hasFinalizer(), status));
  }

  void createState(String node, String nodeUid) {
    if (states.now().containsKey(node)) {
      throw new Conflict();
    }
    put(
        states,
        node,
        new State(
            node,
            "uid-" + ++versions,
            nodeUid,
            1,
            "",
            Set.of(),
            NodeExtensionStateSpec.EMPTY,
            NodeExtensionStateStatus.EMPTY));
  }

  void deleteState(String node, long version) {
    current(states, node, version);
    remove(states, node);
  }

  void updateState(
      String node, long version, List<Assignment> assignments, Set<String> admissions) {
    State state = current(states, node, version);
    NodeExtensionStateSpec spec = new NodeExtensionStateSpec(assignments);
    boolean changed = !spec.equals(state.spec());
    put(
        states,
        node,
        new State(
            node,
            state.uid(),
            state.ownerUid(),
            state.generation() + (changed ? 1 : 0),
            "",
            admissions,
            spec,
            state.status()));
  }

  // What agents do.

  void report(String node, NodeExtensionStateStatus status) {
    State state = states.now().get(node).value();
    put(
        states,
        node,
        new State(
            node,
            state.uid(),
            state.ownerUid(),
            state.generation(),
            "",
            state.admissions(),
            state.spec(),
            status));
  }

  private static Extension with(
      Extension extension, boolean deleting, boolean finalizer, SystemExtensionStatus status) {
    return new Extension(
        extension.name(),
        extension.generation(),
        deleting,
        finalizer,
        extension.labels(),
        extension.imageName(),
        extension.spec(),
        status);
  }
}
