package io.kairos.extensions.agent;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.kairos.extensions.agent.fetch.Sources;
import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.report.StatusWriter;
import io.kairos.extensions.agent.serve.AgentMetrics;
import io.kairos.extensions.agent.serve.Probes;
import io.kairos.extensions.agent.store.HostPaths;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** One node's agent: watches the node's state, looks after the host, reports. */
public final class Agent implements AutoCloseable {
  /** No step takes as long: each has a limit, and downloads and checks are done beside the loop. */
  private static final Duration STUCK = Duration.ofMinutes(15);

  /** A restart is worth while for what only a restart mends, and not for a moment of it. */
  private static final Duration DEAF = Duration.ofMinutes(10);

  private final Host host;
  private final StatusWriter writer;
  private final AgentLoop loop;
  private final SharedIndexInformer<NodeExtensionState> informer;
  private final Optional<Probes> probes;

  private Agent(
      AgentConfig config,
      Host host,
      Sources sources,
      StatusWriter writer,
      AgentLoop loop,
      SharedIndexInformer<NodeExtensionState> informer)
      throws IOException {
    this.host = host;
    this.writer = writer;
    this.loop = loop;
    this.informer = informer;
    Tally tally = loop.tally();
    AgentMetrics metrics =
        new AgentMetrics(
            AgentMetrics.Numbers.builder()
                .applied(tally::applied)
                .failed(tally::failed)
                .downloadedBytes(sources::receivedBytes)
                .drift(tally::drift)
                .build());
    this.probes =
        config.probes().isPresent()
            ? Optional.of(
                Probes.serve(config.probes().get(), this::dead, this::unready, metrics::scrape))
            : Optional.empty();
  }

  private Optional<String> dead() {
    if (!loop.isAlive()) {
      return Optional.of("the loop has ended");
    }
    Duration deaf = loop.deafFor();
    if (deaf.compareTo(DEAF) > 0) {
      return Optional.of(
          "the run folder that it sees was deleted on the host " + deaf.toSeconds() + " s ago");
    }
    Duration working = loop.workingFor();
    return working.compareTo(STUCK) > 0
        ? Optional.of("it has been at one piece of work for " + working.toSeconds() + " s")
        : Optional.empty();
  }

  private Optional<String> unready() {
    return informer.hasSynced()
        ? loop.trouble()
        : Optional.of("the API server has not said yet what shall be on the node");
  }

  /** The port of probes and metrics, if they are served. */
  public OptionalInt probePort() {
    return probes.map(p -> OptionalInt.of(p.port())).orElseGet(OptionalInt::empty);
  }

  /**
   * Starts an agent.
   *
   * @param client stays open when the agent closes
   * @param host closes with the agent
   * @throws IOException when the certificates of the configuration cannot be read, or the address
   *     of the probes cannot be had
   */
  public static Agent start(AgentConfig config, KubernetesClient client, Host host, Clock clock)
      throws IOException {
    Sources sources =
        new Sources(
            config.siteCa(),
            new HostPaths(config.hostRoot()),
            config.fileFolders(),
            config.fetch());
    StatusWriter writer = new StatusWriter(client, config.nodeName(), config.statusPause());
    AgentLoop loop = new AgentLoop(config, host, sources, writer, clock, Uptime.SYSTEM);
    SharedIndexInformer<NodeExtensionState> informer =
        client
            .resources(NodeExtensionState.class)
            .withName(config.nodeName())
            .runnableInformer(0)
            .exceptionHandler((started, error) -> true)
            .addEventHandler(new Desired(loop));
    Agent agent = new Agent(config, host, sources, writer, loop, informer);
    loop.start();
    var unused = informer.start();
    return agent;
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
    probes.ifPresent(Probes::close);
    informer.stop();
    loop.close();
    writer.close();
    host.close();
  }
}
