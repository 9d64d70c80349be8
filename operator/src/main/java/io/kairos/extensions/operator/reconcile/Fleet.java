package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.kairos.extensions.api.v1alpha1.Gate;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import io.kairos.extensions.operator.plan.GateVerdict;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The informers' caches, one a kind, with own writes over them. Several threads may write at once;
 * nobody may while a view is taken.
 */
final class Fleet {
  private final Caches caches;
  private final Overlay<NodeExtensionPolicy> policies = new Overlay<>();
  private final Overlay<SystemExtension> extensions = new Overlay<>();
  private final Overlay<NodeExtensionState> states = new Overlay<>();
  private final Overlay<Node> nodes = new Overlay<>();
  private final Overlay<Secret> secrets = new Overlay<>();
  private final Overlay<ControllerRevision> revisions = new Overlay<>();
  private final RevisionObjects revisionObjects = new RevisionObjects();

  /** For each policy the resourceVersion up to which nobody else can have had a batch of it. */
  private final Map<String, String> ownUpTo = new ConcurrentHashMap<>();

  private final String namespace;
  private final Readiness readiness;
  private final Quiet quiet;

  /**
   * Over caches.
   *
   * @param namespace the operator's own, where Secrets, ConfigMaps and revisions lie
   * @param clock tells since when Nodes are not Ready, and agents are quiet
   */
  Fleet(Caches caches, String namespace, Clock clock) {
    this.caches = caches;
    this.namespace = namespace;
    this.readiness = new Readiness(clock);
    this.quiet = new Quiet(clock);
  }

  /** Where the objects come from; each lists what an informer's cache holds now. */
  static final class Caches {
    private volatile Supplier<Stream<NodeExtensionPolicy>> policies = Stream::empty;
    private volatile Supplier<Stream<SystemExtension>> extensions = Stream::empty;
    private volatile Supplier<Stream<Node>> nodes = Stream::empty;
    private volatile Supplier<Stream<NodeExtensionState>> states = Stream::empty;
    private volatile Supplier<Stream<Secret>> secrets = Stream::empty;
    private volatile Supplier<Stream<ConfigMap>> configMaps = Stream::empty;
    private volatile Supplier<Stream<ControllerRevision>> revisions = Stream::empty;

    void policies(Supplier<Stream<NodeExtensionPolicy>> source) {
      policies = source;
    }

    void extensions(Supplier<Stream<SystemExtension>> source) {
      extensions = source;
    }

    void nodes(Supplier<Stream<Node>> source) {
      nodes = source;
    }

    void states(Supplier<Stream<NodeExtensionState>> source) {
      states = source;
    }

    void secrets(Supplier<Stream<Secret>> source) {
      secrets = source;
    }

    void configMaps(Supplier<Stream<ConfigMap>> source) {
      configMaps = source;
    }

    void revisions(Supplier<Stream<ControllerRevision>> source) {
      revisions = source;
    }
  }

  /**
   * The fleet at one time.
   *
   * @param snapshot as values
   * @param policies the objects behind it, never to be changed
   * @param extensions the objects behind it, never to be changed
   * @param states the objects behind it, never to be changed
   * @param nodes the objects behind it, pruned
   * @param site the objects behind it, never to be changed
   */
  record View(
      FleetSnapshot snapshot,
      Map<String, NodeExtensionPolicy> policies,
      Map<String, SystemExtension> extensions,
      Map<String, NodeExtensionState> states,
      Map<String, Node> nodes,
      Site site) {
    /** With the verdicts on the gates of its policies. */
    View withGates(Map<Gate, GateVerdict> verdicts) {
      return new View(snapshot.withGates(verdicts), policies, extensions, states, nodes, site);
    }

    /** With what the API server has refused, by policy. */
    View withRefusals(Map<String, String> said) {
      return new View(snapshot.withRefusals(said), policies, extensions, states, nodes, site);
    }

    /** With what somebody has seen of pods, by node. */
    View withPods(Map<String, List<FleetSnapshot.Pod>> pods) {
      return new View(snapshot.withPods(pods), policies, extensions, states, nodes, site);
    }
  }

  /**
   * The operator's namespace.
   *
   * @param namespace its name
   * @param secrets its Secrets
   * @param revisions its ControllerRevisions
   */
  record Site(
      String namespace, Map<String, Secret> secrets, Map<String, ControllerRevision> revisions) {
    @Override
    public String toString() {
      return namespace + secrets.keySet() + revisions.keySet();
    }
  }

  View view() {
    Map<String, NodeExtensionPolicy> policiesNow =
        policies.over(byName(caches.policies.get().filter(policy -> policy.getSpec() != null)));
    Map<String, SystemExtension> extensionsNow =
        extensions.over(
            byName(caches.extensions.get().filter(extension -> extension.getSpec() != null)));
    Map<String, NodeExtensionState> statesNow = states.over(byName(caches.states.get()));
    Map<String, Secret> secretsNow = secrets.over(byName(caches.secrets.get()));
    Map<String, ConfigMap> configMapsNow = byName(caches.configMaps.get());
    Map<String, ControllerRevision> revisionsNow = revisions.over(byName(caches.revisions.get()));
    Map<String, Node> nodesNow = nodes.over(byName(caches.nodes.get()));
    Map<String, Instant> unreadySince = readiness.look(List.copyOf(nodesNow.values()));
    Map<String, Instant> quietSince = quiet.look(statesNow.values());
    return new View(
        FleetSnapshot.of(
                policiesNow.values().stream().map(Conversion::policy).toList(),
                extensionsNow.values().stream().map(Conversion::extension).toList(),
                nodesNow.values().stream()
                    .map(
                        node ->
                            Conversion.node(node, unreadySince.get(node.getMetadata().getName())))
                    .toList(),
                statesNow.values().stream()
                    .map(
                        state ->
                            Conversion.state(state, quietSince.get(state.getMetadata().getName())))
                    .toList())
            .withSite(Conversion.site(secretsNow, configMapsNow))
            .withRevisions(revisionObjects.values(revisionsNow)),
        policiesNow,
        extensionsNow,
        statesNow,
        nodesNow,
        new Site(namespace, secretsNow, revisionsNow));
  }

  Overlay<Secret> secrets() {
    return secrets;
  }

  Overlay<ControllerRevision> revisions() {
    return revisions;
  }

  Overlay<NodeExtensionPolicy> policies() {
    return policies;
  }

  Overlay<SystemExtension> extensions() {
    return extensions;
  }

  Overlay<NodeExtensionState> states() {
    return states;
  }

  Overlay<Node> nodes() {
    return nodes;
  }

  /** Whether nobody else has written a policy since a consistent read of the states. */
  boolean isOwn(NodeExtensionPolicy policy) {
    return policy
        .getMetadata()
        .getResourceVersion()
        .equals(ownUpTo.get(policy.getMetadata().getName()));
  }

  /** Nobody else has written a policy since a consistent read of the states. */
  void own(NodeExtensionPolicy policy) {
    ownUpTo.put(policy.getMetadata().getName(), policy.getMetadata().getResourceVersion());
  }

  /**
   * Trusts the caches alone again. They may be older than what was written: each kind's by an age
   * of its own, so nobody knows any more that no batch is missing in them.
   */
  void forgetOwnWrites() {
    ownUpTo.clear();
    policies.forget();
    extensions.forget();
    states.forget();
    nodes.forget();
    secrets.forget();
    revisions.forget();
  }

  /** Trusts the caches alone again in what is about one node: something of it has gone. */
  void forgetOwnWrites(String node) {
    ownUpTo.clear();
    states.forget(node);
    nodes.forget(node);
  }

  private static <T extends HasMetadata> Map<String, T> byName(Stream<T> objects) {
    return objects.collect(
        Collectors.toMap(
            object -> object.getMetadata().getName(),
            Function.identity(),
            (one, other) -> other,
            TreeMap::new));
  }
}
