package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.NamespaceableResource;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateSpec;
import io.kairos.extensions.api.v1alpha1.SourceKeys;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import io.kairos.extensions.operator.reconcile.Fleet.View;
import io.kairos.extensions.operator.rollout.Write;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Does the writes of one pass. Each is a PUT of the whole object with the uid and resourceVersion
 * that the pass has read, or that its own earlier write returned. Writes of different nodes may be
 * done by different threads at once.
 */
final class Writer {
  private static final long PAGE = 500;

  private final KubernetesClient client;
  private final Clock clock;
  private final Fleet fleet;
  private final Map<String, NodeExtensionPolicy> policies;
  private final Map<String, SystemExtension> extensions;
  private final Map<String, NodeExtensionState> states;
  private final Fleet.Site site;
  private final NodeWriter nodeWriter;
  private final PodMover pods;
  private final EventRecorder events;
  private final RevisionWriter revisions;

  Writer(
      KubernetesClient client,
      Clock clock,
      Fleet fleet,
      View view,
      PodMover pods,
      EventRecorder events) {
    this.client = client;
    this.clock = clock;
    this.fleet = fleet;
    this.policies = new HashMap<>(view.policies());
    this.extensions = new HashMap<>(view.extensions());
    this.states = new ConcurrentHashMap<>(view.states());
    this.site = view.site();
    this.nodeWriter = new NodeWriter(client, fleet.nodes(), view.nodes());
    this.pods = pods;
    this.events = events;
    this.revisions =
        new RevisionWriter(client, fleet.revisions(), site.namespace(), site.revisions());
  }

  /** The pass has read something that no longer is so; it has to be done again on what is. */
  static final class OutdatedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OutdatedException(String message) {
      super(message);
    }
  }

  /**
   * Does one write.
   *
   * @throws OutdatedException if something is no longer as the pass has read it
   * @throws KubernetesClientException if the API server refuses; with code 409 for an object that
   *     changed in between
   */
  void write(Write write) {
    try {
      perform(write);
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND && write instanceof Write.OfNode gone) {
        fleet.forgetOwnWrites(gone.node());
      }
      throw e;
    }
  }

  private void perform(Write write) {
    if (write instanceof Write.AddFinalizer add) {
      finalizer(add.kind(), add.name(), object -> object.addFinalizer(Api.FINALIZER));
    } else if (write instanceof Write.RemoveFinalizer remove) {
      finalizer(remove.kind(), remove.name(), object -> object.removeFinalizer(Api.FINALIZER));
    } else if (write instanceof Write.ConfirmGone gone) {
      confirmGone(gone);
    } else if (write instanceof Write.ConfirmPolicyGone gone) {
      confirmGone(gone);
    } else if (write instanceof Write.ConfirmStates confirm) {
      confirmStates(confirm);
    } else if (write instanceof Write.StoreRevision store) {
      revisions.store(store, policies.get(store.policy()));
    } else if (write instanceof Write.RenumberRevision renumber) {
      revisions.renumber(renumber);
    } else if (write instanceof Write.DropRevision drop) {
      revisions.drop(drop);
    } else if (write instanceof Write.CreateState create) {
      create(create);
    } else if (write instanceof Write.DeleteState delete) {
      delete(delete);
    } else if (write instanceof Write.UpdateState update) {
      update(update);
    } else if (write instanceof Write.PolicyStatus status) {
      put(
          policies,
          fleet.policies(),
          status.policy(),
          policy -> {
            policy.setStatus(status.status());
            return policy;
          },
          NamespaceableResource::updateStatus);
    } else if (write instanceof Write.Tell tell) {
      events.tell(policies.get(tell.policy()), tell.event());
    } else if (write instanceof Write.TellOfExtension tell) {
      events.tell(extensions.get(tell.extension()), tell.event());
    } else if (write instanceof Write.ExtensionStatus status) {
      put(
          extensions,
          fleet.extensions(),
          status.extension(),
          extension -> {
            extension.setStatus(status.status());
            return extension;
          },
          NamespaceableResource::updateStatus);
    } else if (write instanceof Write.LabelNode labels) {
      nodeWriter.label(labels);
    } else if (write instanceof Write.Maintain maintain) {
      maintain(maintain);
    } else if (write instanceof Write.Cordon cordon) {
      nodeWriter.cordon(cordon);
    } else if (write instanceof Write.Uncordon uncordon) {
      nodeWriter.uncordon(uncordon);
    } else if (write instanceof Write.Evict evict) {
      pods.evict(evict, states.get(evict.node()));
    } else if (write instanceof Write.DeletePod delete) {
      pods.delete(delete);
    } else if (write instanceof Write.SiteSecret secret) {
      siteSecret(secret);
    } else {
      throw new IllegalStateException("unknown write " + write);
    }
  }

  private void siteSecret(Write.SiteSecret write) {
    Secret before = site.secrets().get(SourceKeys.SECRET);
    if (before == null) {
      Secret secret =
          new SecretBuilder()
              .withNewMetadata()
              .withName(SourceKeys.SECRET)
              .withNamespace(site.namespace())
              .endMetadata()
              .withType("Opaque")
              .withData(write.data())
              .build();
      fleet.secrets().written(Optional.empty(), client.resource(secret).create());
    } else {
      Secret wanted = client.getKubernetesSerialization().clone(before);
      wanted.setData(write.data());
      fleet.secrets().written(Optional.of(before), client.resource(wanted).update());
    }
  }

  private interface FinalizerChange {
    boolean apply(HasMetadata object);
  }

  private void finalizer(Write.Kind kind, String name, FinalizerChange change) {
    if (kind == Write.Kind.POLICY) {
      put(
          policies,
          fleet.policies(),
          name,
          policy -> {
            change.apply(policy);
            return policy;
          },
          NamespaceableResource::update);
    } else {
      put(
          extensions,
          fleet.extensions(),
          name,
          extension -> {
            change.apply(extension);
            return extension;
          },
          NamespaceableResource::update);
    }
  }

  private void confirmGone(Write.ConfirmGone gone) {
    boolean there =
        switch (gone.kind()) {
          case POLICY -> exists(NodeExtensionPolicy.class, gone.name());
          case EXTENSION -> exists(SystemExtension.class, gone.name());
          case NODE -> exists(Node.class, gone.name());
        };
    if (there) {
      throw new OutdatedException(gone.name() + " is there, the cache has to catch up");
    }
  }

  private void confirmGone(Write.ConfirmPolicyGone gone) {
    NodeExtensionPolicy there =
        client.resources(NodeExtensionPolicy.class).withName(gone.name()).get();
    if (there != null && there.getMetadata().getUid().equals(gone.uid())) {
      throw new OutdatedException(gone.name() + " is there, the cache has to catch up");
    }
  }

  private boolean exists(Class<? extends HasMetadata> kind, String name) {
    return client.resources(kind).withName(name).get() != null;
  }

  private void confirmStates(Write.ConfirmStates confirm) {
    if (fleet.isOwn(policies.get(confirm.policy()))) {
      return;
    }
    String next = null;
    do {
      KubernetesResourceList<NodeExtensionState> page = statePage(next);
      page.getItems().forEach(this::confirmState);
      next = page.getMetadata().getContinue();
    } while (next != null && !next.isEmpty());
    policies.values().forEach(fleet::own);
  }

  private KubernetesResourceList<NodeExtensionState> statePage(String next) {
    return client
        .resources(NodeExtensionState.class)
        .list(new ListOptionsBuilder().withLimit(PAGE).withContinue(next).build());
  }

  private void confirmState(NodeExtensionState current) {
    NodeExtensionState read = states.get(current.getMetadata().getName());
    if (read == null || !Conversion.isSameOrder(read, current)) {
      throw new OutdatedException(
          "the cache has to catch up with the state of " + current.getMetadata().getName());
    }
  }

  private void create(Write.CreateState create) {
    NodeExtensionState state = new NodeExtensionState();
    state.setMetadata(
        new ObjectMetaBuilder()
            .withName(create.node())
            .addNewOwnerReference()
            .withApiVersion("v1")
            .withKind("Node")
            .withName(create.node())
            .withUid(create.nodeUid())
            .withController(false)
            .withBlockOwnerDeletion(false)
            .endOwnerReference()
            .build());
    state.setSpec(NodeExtensionStateSpec.EMPTY);
    fleet.states().written(Optional.empty(), client.resource(state).create());
  }

  private void delete(Write.DeleteState delete) {
    NodeExtensionState state = states.get(delete.node());
    client.resource(state).lockResourceVersion(state.getMetadata().getResourceVersion()).delete();
    fleet.states().deleted(state);
  }

  private void update(Write.UpdateState update) {
    put(
        states,
        fleet.states(),
        update.node(),
        state -> {
          state.setSpec(
              state
                  .getSpec()
                  .withAssignments(update.assignments())
                  .withUpcoming(update.upcoming()));
          Map<String, String> annotations = new HashMap<>(state.getMetadata().getAnnotations());
          if (update.admissions().isEmpty()) {
            annotations.remove(Conversion.ADMISSIONS);
          } else {
            annotations.put(Conversion.ADMISSIONS, Conversion.admissions(update.admissions()));
          }
          if (update.binding()) {
            bind(annotations);
          } else {
            annotations.put(
                Conversion.BOUND_GENERATION, Long.toString(Conversion.boundGeneration(state)));
          }
          state.getMetadata().setAnnotations(annotations);
          return state;
        },
        NamespaceableResource::update);
  }

  /** From this write on, and from now on, its agent has to answer. */
  private void bind(Map<String, String> annotations) {
    annotations.remove(Conversion.BOUND_GENERATION);
    annotations.put(Conversion.BOUND_TIME, clock.instant().toString());
  }

  private void maintain(Write.Maintain maintain) {
    put(
        states,
        fleet.states(),
        maintain.node(),
        state -> {
          state.setSpec(state.getSpec().withMaintenance(maintain.maintenance()));
          // its agent has to have seen this before it counts as knowing
          Map<String, String> annotations = new HashMap<>(state.getMetadata().getAnnotations());
          bind(annotations);
          state.getMetadata().setAnnotations(annotations);
          return state;
        },
        NamespaceableResource::update);
  }

  private <T extends HasMetadata> void put(
      Map<String, T> current,
      Overlay<T> overlay,
      String name,
      UnaryOperator<T> change,
      Function<NamespaceableResource<T>, T> request) {
    T before = current.get(name);
    T wanted = change.apply(client.getKubernetesSerialization().clone(before));
    T after = request.apply(client.resource(wanted));
    if (after == null) { // gone with its last finalizer; the mock server answers with nothing then
      current.remove(name);
      overlay.deleted(before);
      return;
    }
    if (before instanceof NodeExtensionPolicy policy && fleet.isOwn(policy)) {
      fleet.own((NodeExtensionPolicy) after);
    }
    current.put(name, after);
    overlay.written(Optional.of(before), after);
  }
}
