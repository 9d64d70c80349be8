package io.kairos.extensions.agent;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.plan.Action;
import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.Memory;
import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import io.kairos.extensions.api.v1alpha1.Reasons;
import java.io.IOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Refreshes, looks, and draws the conclusion. Success is what the host shows afterwards. A refresh
 * that failed with one new image is that image's failure; with several, each becomes a suspect and
 * is tried alone; with none, the host is in trouble.
 */
final class RefreshStep {
  private static final Logger LOG = LoggerFactory.getLogger(RefreshStep.class);

  private final Host host;
  private final HostObserver observer;
  private final String salt;

  RefreshStep(Host host, HostObserver observer, String salt) {
    this.host = host;
    this.observer = observer;
    this.salt = salt;
  }

  Memory run(
      Action.Refresh refresh,
      Map<String, Assignment> assignments,
      HostView before,
      Memory memory,
      LongSupplier now)
      throws HostException, IOException {
    Set<String> wanted = new HashSet<>();
    Set<String> unwanted = new HashSet<>();
    refresh.expected().forEach((name, image) -> (image.isPresent() ? wanted : unwanted).add(name));
    boolean reloadUnits =
        refresh.expected().keySet().stream()
            .anyMatch(
                name ->
                    before.merged().containsKey(name)
                        || carriesUnits(assignments.get(name), memory));
    Host.Refreshed outcome = host.refresh(wanted, unwanted, reloadUnits);
    HostView after = observer.look();
    boolean asExpected =
        refresh.expected().entrySet().stream()
            .allMatch(entry -> shows(after, entry.getKey(), entry.getValue()));
    if (asExpected) {
      LOG.info("refreshed: merged {}, unmerged {}", wanted, unwanted);
      Memory cleared = memory.untroubled();
      for (ExtensionKey trial : refresh.trials()) {
        cleared = cleared.withoutFailure(trial);
      }
      return cleared;
    }
    String message =
        outcome instanceof Host.Refreshed.Refused refused
            ? refused.message()
            : "systemd-sysext reported success, but the mounts do not show what is linked";
    LOG.warn("refresh failed: {}", message);
    if (refresh.trials().size() > 1) {
      return memory.suspecting(refresh.trials());
    }
    Optional<Assignment> only =
        assignments.values().stream().filter(a -> refresh.trials().contains(a.key())).findFirst();
    return only.map(a -> memory.failed(a, Reasons.MERGE_FAILED, message, now.getAsLong(), salt))
        .orElseGet(() -> memory.troubled(message, now.getAsLong(), salt));
  }

  private static boolean carriesUnits(Assignment assignment, Memory memory) {
    return assignment != null
        && memory
            .staged(Memory.use(assignment))
            .filter(staged -> staged instanceof Staged.Ready ready && ready.unitFiles())
            .isPresent();
  }

  private static boolean shows(HostView view, String name, Optional<String> image) {
    return image
        .map(sha -> view.isMerged(name, sha))
        .orElseGet(() -> !view.merged().containsKey(name));
  }
}
