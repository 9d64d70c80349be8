package io.kairos.extensions.agent.report;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.NodeExtensionStateStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the node's status from a thread of its own, so that a slow API server never holds up the
 * host: the newest report wins, unchanged ones are not written, and between two writes there is a
 * pause.
 *
 * <p>A write is a JSON patch that first tests the object's uid: a state that was deleted and made
 * anew is another object, and is never given the evidence of the old one. The agent needs no right
 * but {@code patch} on the status.
 */
public final class StatusWriter implements StatusSink, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StatusWriter.class);
  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
  private static final Duration LONGEST_RETRY = Duration.ofSeconds(30);

  private final KubernetesClient client;
  private final String node;
  private final Duration pause;
  private final Thread thread;

  private Report next = Report.NONE;
  private boolean closed;

  private record Report(String uid, NodeExtensionStateStatus status) {
    static final Report NONE = new Report("", NodeExtensionStateStatus.EMPTY);
  }

  /** Starts its thread. */
  public StatusWriter(KubernetesClient client, String node, Duration pause) {
    this.client = client;
    this.node = node;
    this.pause = pause;
    this.thread = new Thread(this::run, "status-writer");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Writes this status when its turn comes, unless a newer one is given first.
   *
   * @param uid of the state that it is for
   */
  @Override
  public synchronized void report(String uid, NodeExtensionStateStatus status) {
    next = new Report(uid, status);
    notifyAll();
  }

  private void run() {
    Report written = Report.NONE;
    Duration retry = FIRST_RETRY;
    try {
      while (true) {
        Optional<Report> waiting = await(written);
        if (waiting.isEmpty()) {
          return;
        }
        Report report = waiting.get();
        try {
          write(report);
          written = report;
          retry = FIRST_RETRY;
          rest(pause);
        } catch (
            RuntimeException e) { // the client throws others too, and this thread is the only voice
          if (!(e instanceof KubernetesClientException)) {
            LOG.error("writing the status broke", e);
          }
          LOG.warn(
              "status of {} not written, tried again in {} s: {}",
              node,
              retry.toSeconds(),
              e.getMessage());
          rest(retry);
          retry =
              retry.multipliedBy(2).compareTo(LONGEST_RETRY) < 0
                  ? retry.multipliedBy(2)
                  : LONGEST_RETRY;
        }
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized Optional<Report> await(Report written) throws InterruptedException {
    while (!closed && next.equals(written)) {
      wait();
    }
    return closed ? Optional.empty() : Optional.of(next);
  }

  private synchronized void rest(Duration time) throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    for (long left = time.toMillis();
        left > 0 && !closed;
        left = (end - System.nanoTime()) / 1_000_000) {
      wait(left);
    }
  }

  private void write(Report report) {
    List<Map<String, Object>> patch =
        List.of(
            Map.of("op", "test", "path", "/metadata/uid", "value", report.uid()),
            Map.of("op", "add", "path", "/status", "value", report.status()));
    // By an object that only names it: by its name alone the client would first get it, each time.
    NodeExtensionState named = new NodeExtensionState();
    named.setMetadata(new ObjectMetaBuilder().withName(node).build());
    client
        .resource(named)
        .subresource("status")
        .patch(PatchContext.of(PatchType.JSON), client.getKubernetesSerialization().asJson(patch));
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    thread.interrupt();
  }
}
