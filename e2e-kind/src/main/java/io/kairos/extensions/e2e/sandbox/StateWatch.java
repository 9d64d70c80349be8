package io.kairos.extensions.e2e.sandbox;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The states of all nodes, event by event. */
final class StateWatch implements AutoCloseable {
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final SharedIndexInformer<NodeExtensionState> informer;

  /**
   * What happened to a node's state.
   *
   * @param node the node
   * @param state its state, if it still has one
   */
  record Event(String node, Optional<NodeExtensionState> state) {}

  private StateWatch(KubernetesClient client) {
    informer = client.resources(NodeExtensionState.class).inform(new Handler(events));
  }

  /** Starts to watch. */
  static StateWatch start(KubernetesClient client) {
    return new StateWatch(client);
  }

  /** Waits for the next event. */
  Optional<Event> next(Duration timeout) throws InterruptedException {
    return Optional.ofNullable(events.poll(timeout.toMillis(), TimeUnit.MILLISECONDS));
  }

  @Override
  public void close() {
    informer.stop();
  }

  private record Handler(BlockingQueue<Event> events)
      implements ResourceEventHandler<NodeExtensionState> {
    @Override
    public void onAdd(NodeExtensionState state) {
      events.add(new Event(state.getMetadata().getName(), Optional.of(state)));
    }

    @Override
    public void onUpdate(NodeExtensionState before, NodeExtensionState state) {
      onAdd(state);
    }

    @Override
    public void onDelete(NodeExtensionState state, boolean unknownFinalState) {
      events.add(new Event(state.getMetadata().getName(), Optional.empty()));
    }
  }
}
