package io.kairos.extensions.agent;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.kairos.extensions.agent.fetch.Sources;
import io.kairos.extensions.agent.fetch.Stager;
import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.report.StatusWriter;
import io.kairos.extensions.agent.store.Store;
import io.kairos.extensions.agent.store.StoreLayout;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import java.io.IOException;
import java.time.Clock;
import java.util.Optional;

/** One node's agent: watches the node's state, looks after the host, reports. */
public final class Agent implements AutoCloseable {
  private final Host host;
  private final StatusWriter writer;
  private final AgentLoop loop;
  private final SharedIndexInformer<NodeExtensionState> informer;

  private Agent(
      Host host,
      StatusWriter writer,
      AgentLoop loop,
      SharedIndexInformer<NodeExtensionState> informer) {
    this.host = host;
    this.writer = writer;
    this.loop = loop;
    this.informer = informer;
  }

  /**
   * Starts an agent.
   *
   * @param client stays open when the agent closes
   * @param host closes with the agent
   * @throws IOException when the certificates of the configuration cannot be read
   */
  public static Agent start(AgentConfig config, KubernetesClient client, Host host, Clock clock)
      throws IOException {
    StoreLayout layout = new StoreLayout(config.hostRoot());
    Store store = new Store(layout);
    Sources sources = new Sources(config.siteCa(), layout, config.fileFolders(), config.fetch());
    StatusWriter writer = new StatusWriter(client, config.nodeName(), config.statusPause());
    AgentLoop loop =
        new AgentLoop(
            config, layout, store, host, new Stager(sources, layout, store), writer, clock);
    SharedIndexInformer<NodeExtensionState> informer =
        client
            .resources(NodeExtensionState.class)
            .withName(config.nodeName())
            .runnableInformer(0)
            .exceptionHandler((started, error) -> true)
            .addEventHandler(new Desired(loop));
    loop.start();
    var unused = informer.start();
    return new Agent(host, writer, loop, informer);
  }

  /** Hands on what the API server says; a state that is gone changes nothing on the host. */
  private record Desired(AgentLoop loop) implements ResourceEventHandler<NodeExtensionState> {
    @Override
    public void onAdd(NodeExtensionState state) {
      loop.desire(Optional.of(state));
    }

    @Override
    public void onUpdate(NodeExtensionState before, NodeExtensionState state) {
      loop.desire(Optional.of(state));
    }

    @Override
    public void onDelete(NodeExtensionState state, boolean unknownFinalState) {
      loop.desire(Optional.empty());
    }
  }

  @Override
  public void close() {
    informer.stop();
    loop.close();
    writer.close();
    host.close();
  }
}
