package io.kairos.extensions.agent;

import io.kairos.extensions.agent.fetch.Sources;
import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.report.StatusSink;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import java.time.Clock;
import java.util.Optional;

/**
 * An agent from its start to its end, told what to do without an API server between, and with a
 * clock that runs faster.
 */
public final class AgentLife implements AutoCloseable {
  private final AgentLoop loop;

  /**
   * Starts.
   *
   * @param layout what it sees of the host's files
   * @param faster how many times as fast as ours its pauses and soaks go by
   */
  public AgentLife(AgentConfig config, Host host, Sources sources, StatusSink sink, int faster) {
    loop = new AgentLoop(config, host, sources, sink, Clock.systemUTC(), new Fast(faster));
    loop.start();
  }

  private record Fast(int times) implements Uptime {
    @Override
    public long millis() {
      return Uptime.SYSTEM.millis() * times;
    }

    @Override
    public void await(Object monitor, long millis) throws InterruptedException {
      Uptime.SYSTEM.await(monitor, Math.max(1, millis / times));
    }
  }

  /** What shall be from now on. */
  public void desire(NodeExtensionState state) {
    loop.desire(Optional.of(state));
  }

  @Override
  public void close() {
    loop.close();
  }
}
