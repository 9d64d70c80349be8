package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Secret;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import io.kairos.extensions.operator.plan.FleetSnapshot;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The informers' caches, one a kind, with own writes over them. Not thread-safe. */
final class Fleet {
  private final Caches caches;
  private final Overlay<NodeExtensionPolicy> policies = new Overlay<>();
  private final Overlay<SystemExtension> extensions = new Overlay<>();
  private final Overlay<NodeExtensionState> states = new Overlay<>();
  private final Overlay<Secret> secrets = new Overlay<>();

  /** For each policy the resourceVersion up to which nobody else can have had a batch of it. */
  private final Map<String, String> ownUpTo = new HashMap<>();

  private final String namespace;

  /**
   * Over caches.
   *
   * @param namespace the operator's own, where the Secrets and ConfigMaps lie
   */
  Fleet(Caches caches, String namespace) {
    this.caches = caches;
    this.namespace = namespace;
  }

  /** Where the objects come from; each lists what an informer's cache holds now. */
  static final class Caches {
    private volatile Supplier<Stream<NodeExtensionPolicy>> policies = Stream::empty;
    private volatile Supplier<Stream<SystemExtension>> extensions = Stream::empty;
    private volatile Supplier<Stream<Node>> nodes = Stream::empty;
    private volatile Supplier<Stream<NodeExtensionState>> states = Stream::empty;
    private volatile Supplier<Stream<Secret>> secrets = Stream::empty;
    private volatile Supplier<Stream<ConfigMap>> configMaps = Stream::empty;

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
  }

  /**
   * The fleet at one time.
   *
   * @param snapshot as values
   * @param policies the objects behind it, never to be changed
   * @param extensions the objects behind it, never to be changed
   * @param states the objects behind it, never to be changed
   * @param site the objects behind it, never to be changed
   */
  record View(
      FleetSnapshot snapshot,
      Map<String, NodeExtensionPolicy> policies,
      Map<String, SystemExtension> extensions,
      Map<String, NodeExtensionState> states,
      Site site) {}

  /**
   * The operator's namespace.
   *
   * @param namespace its name
   * @param secrets its Secrets
   */
  record Site(String namespace, Map<String, Secret> secrets) {
    @Override
    public String toString() {
      return namespace + secrets.keySet();
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
    return new View(
        FleetSnapshot.of(
                policiesNow.values().stream().map(Conversion::policy).toList(),
                extensionsNow.values().stream().map(Conversion::extension).toList(),
                caches.nodes.get().map(Conversion::node).toList(),
                statesNow.values().stream().map(Conversion::state).toList())
            .withSite(Conversion.site(secretsNow, configMapsNow)),
        policiesNow,
        extensionsNow,
        statesNow,
        new Site(namespace, secretsNow));
  }

  Overlay<Secret> secrets() {
    return secrets;
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

  /** Trusts the caches alone again. */
  void forgetOwnWrites() {
    policies.forget();
    extensions.forget();
    states.forget();
    secrets.forget();
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
