package io.kairos.extensions.agent;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.host.HostException;
import io.kairos.extensions.agent.image.ExtensionClass;
import io.kairos.extensions.agent.plan.Action;
import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.Memory;
import io.kairos.extensions.agent.plan.Staged;
import io.kairos.extensions.api.v1alpha1.Assignment;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Refreshes, looks, and draws the conclusion ({@link Memory#refreshed}). Success is what the host
 * shows afterwards.
 */
final class RefreshStep {
  private static final Logger LOG = LoggerFactory.getLogger(RefreshStep.class);

  private final Host host;
  private final ExtensionClass extensionClass;
  private final HostObserver observer;
  private final String salt;
  private final Tally tally;

  RefreshStep(
      Host host, ExtensionClass extensionClass, HostObserver observer, String salt, Tally tally) {
    this.tally = tally;
    this.host = host;
    this.extensionClass = extensionClass;
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
    Host.Refreshed outcome = host.refresh(extensionClass, wanted, unwanted, reloadUnits);
    HostView after = observer.look(host.merges());
    String message =
        outcome instanceof Host.Refreshed.Refused refused
            ? refused.message()
            : extensionClass.program()
                + " reported success, but the mounts do not show what is linked";
    tally.refreshed(refresh.shownBy(after));
    if (refresh.shownBy(after)) {
      LOG.info("{}: merged {}, unmerged {}", extensionClass.program(), wanted, unwanted);
    } else {
      LOG.warn("{} failed: {}", extensionClass.program(), message);
    }
    return memory.refreshed(
        refresh, List.copyOf(assignments.values()), after, message, now.getAsLong(), salt);
  }

  private static boolean carriesUnits(Assignment assignment, Memory memory) {
    return assignment != null
        && memory
            .staged(Memory.use(assignment))
            .filter(staged -> staged instanceof Staged.Ready ready && ready.unitFiles())
            .isPresent();
  }
}
