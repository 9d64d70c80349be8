package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.ControllerConfigurationOverrider;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import io.kairos.extensions.operator.metrics.OperatorMetrics;
import io.kairos.extensions.operator.reconcile.Fleet.Caches;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The controllers: one informer a kind, whose every change wakes the passes over the whole fleet.
 * States are a secondary of the Node controller.
 *
 * <p>What wakes is the informers' stores, not the events of JOSDK. Those are about single objects:
 * a deletion without a finalizer of JOSDK's own is none of them, and an object that comes again
 * while the deletion of its predecessor is handled is dropped. JOSDK manages no finalizer here and
 * patches nothing.
 */
public final class Controllers {
  /** Also makes the first list a consistent read instead of whatever a cache serves. */
  private static final long LIST_PAGE = 500;

  private final FleetReconciler fleet;
  private final Caches caches = new Caches();

  private final String namespace;

  private Controllers(
      KubernetesClient client,
      String namespace,
      String operatorNode,
      Clock clock,
      BooleanSupplier mayRun,
      OperatorMetrics metrics) {
    this.namespace = namespace;
    this.fleet =
        new FleetReconciler(
            client,
            new Fleet(caches, namespace, clock),
            namespace,
            clock,
            operatorNode,
            mayRun,
            metrics);
  }

  /**
   * Registers the controllers with an operator that is not started yet.
   *
   * @param namespace the operator's own: the only one whose objects it knows
   * @param operatorNode the Node that this process runs on, empty where it does not know
   * @param clock of deadlines, soaks and windows, and of the times of conditions
   * @param mayRun whether passes may run: caches are synced and this process leads
   * @param metrics is told of each pass
   * @return what runs the passes
   */
  public static FleetReconciler register(
      Operator operator,
      KubernetesClient client,
      String namespace,
      String operatorNode,
      Clock clock,
      BooleanSupplier mayRun,
      OperatorMetrics metrics) {
    Controllers controllers =
        new Controllers(client, namespace, operatorNode, clock, mayRun, metrics);
    operator.register(
        new PolicyReconciler(controllers),
        Controllers.<NodeExtensionPolicy>common()
            .andThen(o -> o.withItemStore(controllers.store())));
    operator.register(
        new ExtensionReconciler(controllers),
        Controllers.<SystemExtension>common().andThen(o -> o.withItemStore(controllers.store())));
    operator.register(
        new NodeReconciler(controllers),
        Controllers.<Node>common()
            .andThen(o -> o.withItemStore(PruningStore.ofNodes(controllers.fleet::wake))));
    return controllers.fleet;
  }

  private static <T extends HasMetadata> Consumer<ControllerConfigurationOverrider<T>> common() {
    return overrider -> overrider.withGenerationAware(false).withInformerListLimit(LIST_PAGE);
  }

  private <T extends HasMetadata> PruningStore<T> store() {
    return PruningStore.withoutManagedFields(fleet::wake);
  }

  private <T extends HasMetadata> UpdateControl<T> wake() {
    fleet.wake();
    return UpdateControl.noUpdate();
  }

  /** Wakes for policies. */
  @ControllerConfiguration(name = "nodeextensionpolicy")
  static final class PolicyReconciler implements Reconciler<NodeExtensionPolicy> {
    private final Controllers controllers;

    private PolicyReconciler(Controllers controllers) {
      this.controllers = controllers;
    }

    @Override
    public List<EventSource<?, NodeExtensionPolicy>> prepareEventSources(
        EventSourceContext<NodeExtensionPolicy> context) {
      controllers.caches.policies(() -> context.getPrimaryCache().list());
      return List.of();
    }

    @Override
    public UpdateControl<NodeExtensionPolicy> reconcile(
        NodeExtensionPolicy policy, Context<NodeExtensionPolicy> context) {
      return controllers.wake();
    }
  }

  /** Of the operator's namespace; of no extension in particular: many may refer to one. */
  private <T extends HasMetadata> InformerEventSource<T, SystemExtension> ofTheSite(
      Class<T> kind,
      String name,
      PruningStore<T> store,
      EventSourceContext<SystemExtension> context) {
    return new InformerEventSource<>(
        InformerEventSourceConfiguration.from(kind, SystemExtension.class)
            .withName(name)
            .withNamespaces(Set.of(namespace))
            .withSecondaryToPrimaryMapper(object -> Set.of())
            .withPrimaryToSecondaryMapper((SystemExtension extension) -> Set.of())
            .withItemStore(store)
            .withInformerListLimit(LIST_PAGE)
            .build(),
        context);
  }

  /** Wakes for extensions, and for all that is of interest in the operator's namespace. */
  @ControllerConfiguration(name = "systemextension")
  static final class ExtensionReconciler implements Reconciler<SystemExtension> {
    private final Controllers controllers;

    private ExtensionReconciler(Controllers controllers) {
      this.controllers = controllers;
    }

    @Override
    public List<EventSource<?, SystemExtension>> prepareEventSources(
        EventSourceContext<SystemExtension> context) {
      InformerEventSource<Secret, SystemExtension> secrets =
          controllers.ofTheSite(
              Secret.class, "secret", PruningStore.ofSecrets(controllers.fleet::wake), context);
      InformerEventSource<ConfigMap, SystemExtension> configMaps =
          controllers.ofTheSite(ConfigMap.class, "configmap", controllers.store(), context);
      InformerEventSource<ControllerRevision, SystemExtension> revisions =
          controllers.ofTheSite(
              ControllerRevision.class,
              "controllerrevision",
              PruningStore.ofRevisions(controllers.fleet::wake),
              context);
      Supplier<Stream<Secret>> cachedSecrets = secrets::list;
      Supplier<Stream<ConfigMap>> cachedConfigMaps = configMaps::list;
      controllers.caches.secrets(cachedSecrets);
      Supplier<Stream<ControllerRevision>> cachedRevisions = revisions::list;
      controllers.caches.configMaps(cachedConfigMaps);
      controllers.caches.revisions(cachedRevisions);
      controllers.caches.extensions(() -> context.getPrimaryCache().list());
      return List.of(secrets, configMaps, revisions);
    }

    @Override
    public UpdateControl<SystemExtension> reconcile(
        SystemExtension extension, Context<SystemExtension> context) {
      return controllers.wake();
    }
  }

  /** Wakes for Nodes, and for the states of Nodes. */
  @ControllerConfiguration(name = "node")
  static final class NodeReconciler implements Reconciler<Node> {
    private final Controllers controllers;

    private NodeReconciler(Controllers controllers) {
      this.controllers = controllers;
    }

    @Override
    public List<EventSource<?, Node>> prepareEventSources(EventSourceContext<Node> context) {
      InformerEventSource<NodeExtensionState, Node> states =
          new InformerEventSource<>(
              InformerEventSourceConfiguration.from(NodeExtensionState.class, Node.class)
                  .withName("nodeextensionstate")
                  .withSecondaryToPrimaryMapper(
                      state -> Set.of(new ResourceID(state.getMetadata().getName())))
                  .withPrimaryToSecondaryMapper(
                      (Node node) -> Set.of(new ResourceID(node.getMetadata().getName())))
                  .withItemStore(controllers.store())
                  .withInformerListLimit(LIST_PAGE)
                  .build(),
              context);
      Supplier<Stream<NodeExtensionState>> cached = states::list;
      controllers.caches.states(cached);
      controllers.caches.nodes(() -> context.getPrimaryCache().list());
      return List.of(states);
    }

    @Override
    public UpdateControl<Node> reconcile(Node node, Context<Node> context) {
      return controllers.wake();
    }
  }
}
