package io.kairos.extensions.e2e.bench;

import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.kairos.extensions.api.v1alpha1.ExtensionStatus;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.Phase;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Notes when watches first show each stage of one installation. */
final class Stages {
  private final String policy;
  private final String extension;
  private final String sha256;
  private final Map<Stage, Long> seen = new EnumMap<>(Stage.class);
  private final CountDownLatch active = new CountDownLatch(1);

  Stages(String policy, String extension, String sha256) {
    this.policy = policy;
    this.extension = extension;
    this.sha256 = sha256;
  }

  /** What ends at which sight. */
  enum Stage {
    /** kubectl has started, and the policy is there. */
    KUBECTL,
    /** The assignment stands in the state's spec. */
    OPERATOR,
    /** The agent says that it fetches. */
    NOTICE,
    /** The image is verified and inspected: the refresh begins. */
    DOWNLOAD,
    /** PID 1 shows the merge. */
    REFRESH,
    /** Committed and reported as Active. */
    REPORT
  }

  /** Looks at policies. */
  ResourceEventHandler<NodeExtensionPolicy> ofPolicies() {
    return handler(this::see);
  }

  /** Looks at the node's state. */
  ResourceEventHandler<NodeExtensionState> ofStates() {
    return handler(this::see);
  }

  private static <T> ResourceEventHandler<T> handler(Consumer<T> see) {
    return new ResourceEventHandler<>() {
      @Override
      public void onAdd(T object) {
        see.accept(object);
      }

      @Override
      public void onUpdate(T before, T object) {
        see.accept(object);
      }

      @Override
      public void onDelete(T object, boolean unknownFinalState) {
        // comes after what is measured
      }
    };
  }

  private synchronized void see(NodeExtensionPolicy applied) {
    if (applied.getMetadata().getName().equals(policy)) {
      seen.putIfAbsent(Stage.KUBECTL, System.nanoTime());
    }
  }

  private synchronized void see(NodeExtensionState state) {
    long now = System.nanoTime();
    boolean assigned =
        state.getSpec().assignments().stream()
            .anyMatch(
                a -> a.name().equals(extension) && a.target().image().sha256().equals(sha256));
    if (!assigned) {
      return;
    }
    seen.putIfAbsent(Stage.OPERATOR, now);
    Optional<ExtensionStatus> status =
        state.getStatus().extensions().stream().filter(e -> e.name().equals(extension)).findFirst();
    status.ifPresent(e -> see(e, now));
  }

  private void see(ExtensionStatus status, long now) {
    if (status.phase() == Phase.FETCHING) {
      seen.putIfAbsent(Stage.NOTICE, now);
    } else if (status.phase() == Phase.ACTIVATING) {
      seen.putIfAbsent(Stage.DOWNLOAD, now);
    } else if (status.phase() == Phase.VERIFYING) {
      seen.putIfAbsent(Stage.REFRESH, now);
    } else if (status.phase() == Phase.ACTIVE) {
      seen.putIfAbsent(Stage.REPORT, now);
      active.countDown();
    }
  }

  boolean awaitActive() throws InterruptedException {
    return active.await(60, TimeUnit.SECONDS);
  }

  /**
   * How long each stage took, in milliseconds. Of a stage that no report showed, the reports being
   * the newest only, the time is in the next one.
   */
  synchronized Map<Stage, Double> millis(long begin) {
    Map<Stage, Double> result = new EnumMap<>(Stage.class);
    long from = begin;
    for (Stage stage : Stage.values()) {
      long until = Math.max(from, seen.getOrDefault(stage, from));
      result.put(stage, (until - from) / 1e6);
      from = until;
    }
    return result;
  }
}
