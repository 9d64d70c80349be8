package io.kairos.extensions.operator.status;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicySpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicyStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import io.kairos.extensions.api.v1alpha1.Rollout;
import io.kairos.extensions.api.v1alpha1.SystemExtensionStatus;
import io.kairos.extensions.api.v1alpha1.Upcoming;
import io.kairos.extensions.operator.plan.FleetSnapshot.Extension;
import io.kairos.extensions.operator.plan.FleetSnapshot.Node;
import io.kairos.extensions.operator.plan.FleetSnapshot.Policy;
import io.kairos.extensions.operator.plan.FleetSnapshot.State;
import io.kairos.extensions.operator.plan.Fleets;
import io.kairos.extensions.operator.plan.StoredRevision;
import io.kairos.extensions.operator.rollout.Write;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * An API server of five kinds in memory: objects with resourceVersions, generations, finalizers and
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
  final Kind<StoredRevision> revisions = new Kind<>();
  private long versions;
  private Instant time = Fleets.NOW;

  /** The operators' clock. */
  Instant time() {
    return time;
  }

  /** Time goes by. */
  void pass(Duration duration) {
    time = time.plus(duration);
  }

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
    put(nodes, name, node.toBuilder().uid("uid-" + ++versions).build());
  }

  void change(String node, UnaryOperator<Node> change) {
    if (nodes.now().containsKey(node)) {
      Node before = nodes.now().get(node).value();
      Node after = change.apply(before);
      Instant since = after.ready() ? Instant.MAX : before.ready() ? time : before.unreadySince();
      put(nodes, node, after.toBuilder().unreadySince(since).build());
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
              Map.of(),
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
          policy.toBuilder()
              .generation(policy.generation() + 1)
              .spec(change.apply(policy.spec()))
              .build());
    }
  }

  /** A person asks for another attempt. */
  void retry(String name, String nonce) {
    if (policies.now().containsKey(name)) {
      Policy policy = policies.now().get(name).value();
      put(policies, name, annotated(policy, Api.RETRY_ANNOTATION, nonce));
    }
  }

  /** Beside the annotations that it has, as kubectl does. */
  private static Policy annotated(Policy policy, String key, String value) {
    Map<String, String> annotations = new TreeMap<>(policy.annotations());
    annotations.put(key, value);
    return policy.toBuilder().annotations(annotations).build();
  }

  /** Says to every removal that waits for a word that it is meant; whether any waited. */
  boolean acknowledgeRemovals() {
    boolean waited = false;
    for (Stored<Policy> stored : List.copyOf(policies.now().values())) {
      Policy policy = stored.value();
      String token = policy.status().removalPending().map(p -> p.token()).orElse("");
      if (!token.isEmpty()
          && !token.equals(policy.annotation(Api.ACKNOWLEDGE_REMOVAL_ANNOTATION))) {
        put(policies, policy.name(), annotated(policy, Api.ACKNOWLEDGE_REMOVAL_ANNOTATION, token));
        waited = true;
      }
    }
    return waited;
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
    return put(policies, name, policy.toBuilder().hasFinalizer(present).build());
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

  void storeRevision(String policyUid, Write.StoreRevision write) {
    if (revisions.now().containsKey(write.object())) {
      throw new Conflict();
    }
    put(
        revisions,
        write.object(),
        new StoredRevision(
            write.object(),
            write.policy(),
            policyUid,
            write.revision(),
            write.number(),
            "2026-01-01T00:00:00Z",
            Optional.of(write.content())));
  }

  void renumberRevision(String object, long version, long number) {
    StoredRevision stored = current(revisions, object, version);
    put(
        revisions,
        object,
        new StoredRevision(
            object,
            stored.policy(),
            stored.policyUid(),
            stored.revision(),
            number,
            stored.created(),
            stored.content()));
  }

  void label(Write.LabelNode write) {
    if (!nodes.now().containsKey(write.node())
        || !nodes.now().get(write.node()).value().uid().equals(write.nodeUid())) {
      throw new Conflict();
    }
    change(
        write.node(),
        node -> {
          Map<String, String> labels = new TreeMap<>(node.labels());
          labels.putAll(write.set());
          labels.keySet().removeAll(write.removed());
          return node.toBuilder().labels(labels).build();
        });
  }

  void dropRevision(String object, long version) {
    current(revisions, object, version);
    remove(revisions, object);
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
            1,
            time,
            "",
            time,
            Set.of(),
            NodeExtensionStateSpec.EMPTY,
            NodeExtensionStateStatus.EMPTY));
  }

  void deleteState(String node, long version) {
    current(states, node, version);
    remove(states, node);
  }

  void updateState(
      String node,
      long version,
      List<Assignment> assignments,
      List<Upcoming> upcoming,
      Set<String> admissions,
      boolean binding) {
    State state = current(states, node, version);
    NodeExtensionStateSpec spec =
        new NodeExtensionStateSpec(assignments, state.spec().maintenance(), upcoming);
    boolean changed = !spec.equals(state.spec());
    put(
        states,
        node,
        state.toBuilder()
            .generation(state.generation() + (changed ? 1 : 0))
            .boundGeneration(
                binding ? state.generation() + (changed ? 1 : 0) : state.boundGeneration())
            .boundSince(binding ? time : state.boundSince())
            .admissions(admissions)
            .spec(spec)
            .build());
  }

  // What agents do.

  void report(String node, NodeExtensionStateStatus status) {
    State state = states.now().get(node).value();
    put(
        states,
        node,
        state.toBuilder()
            .status(status)
            .quietSince(
                status.extensions().equals(state.status().extensions()) ? state.quietSince() : time)
            .build());
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
