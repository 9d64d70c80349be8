package io.kairos.extensions.e2e.sandbox;

import io.kairos.extensions.e2e.fleet.FleetNode;
import io.kairos.extensions.e2e.host.HostException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * Starts the agents of hosts that reboot by themselves, which a person in a shell on them may well
 * ask for: as the kubelet would. Waits, and asks nobody meanwhile.
 */
final class Reboots implements AutoCloseable {
  private static final Duration FOR_EVER = Duration.ofDays(3650);

  private final List<Thread> threads;

  private Reboots(List<Thread> threads) {
    this.threads = threads;
  }

  /** Looks after hosts that can reboot; tells {@code said} of those that have. */
  static Reboots of(List<FleetNode> nodes, Consumer<FleetNode> said) {
    List<Thread> threads =
        nodes.stream()
            .filter(node -> node.host().merges())
            .map(node -> new Thread(() -> lookAfter(node, said), "reboots-" + node.name()))
            .toList();
    threads.forEach(
        thread -> {
          thread.setDaemon(true);
          thread.start();
        });
    return new Reboots(threads);
  }

  private static void lookAfter(FleetNode node, Consumer<FleetNode> said) {
    int seen = node.host().boots();
    try {
      while (true) {
        node.host().awaitBoot(seen + 1, FOR_EVER);
        seen = node.host().boots();
        restartAgent(node, said);
      }
    } catch (HostException over) {
      // It is off for good, or this is.
    }
  }

  private static void restartAgent(FleetNode node, Consumer<FleetNode> said) {
    try {
      node.killAgent();
      node.startAgent();
      said.accept(node);
    } catch (IllegalStateException off) {
      // It reboots once more: another boot to wait for.
    }
  }

  @Override
  public void close() {
    threads.forEach(Thread::interrupt);
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
