package io.kairos.extensions.agent;

import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.Memory;
import io.kairos.extensions.agent.store.KeptNote;
import io.kairos.extensions.agent.store.NotedSoak;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Since when images soak, kept beyond the agent's life. An agent that is replaced, be it by a newer
 * one, takes up the soaks of what is merged as it was: they would end later than the operator waits
 * for otherwise. Another merge than the one that was seen last may have come after a time without
 * any, so what is in it soaks anew. A note that cannot be read says nothing. Used by the agent's
 * loop alone.
 */
final class KeptSoaks {
  private static final Logger LOG = LoggerFactory.getLogger(KeptSoaks.class);

  private final KeptNote<NotedSoak> note;
  private boolean complained;

  KeptSoaks(KeptNote<NotedSoak> note) {
    this.note = note;
  }

  /**
   * What an agent before this one left. What began later than now was noted by another clock, and
   * says nothing.
   *
   * @param merge the present one
   * @param nowMillis by {@link Uptime}, which all agents of a boot share
   */
  Map<ExtensionKey, Memory.Soak> left(List<Assignment> assignments, String merge, long nowMillis) {
    Map<String, NotedSoak> noted = noted().orElse(Map.of());
    Map<ExtensionKey, Memory.Soak> left = new HashMap<>();
    for (Assignment assignment : assignments) {
      NotedSoak soak = noted.get(assignment.name());
      if (soak != null
          && assignment.target().image().sha256().equals(soak.sha256())
          && merge.equals(soak.merge())
          && soak.sinceMillis() <= nowMillis) {
        left.put(assignment.key(), new Memory.Soak(soak.sha256(), soak.sinceMillis()));
      }
    }
    return left;
  }

  /**
   * Notes those that are not over.
   *
   * @param merge the present one
   */
  void keep(
      List<Assignment> assignments,
      Map<ExtensionKey, Memory.Soak> soaks,
      HostView view,
      String merge) {
    Optional<Map<String, NotedSoak>> noted = noted();
    if (noted.isEmpty()) {
      return;
    }
    noted.get().clear();
    for (Assignment assignment : assignments) {
      Memory.Soak soak = soaks.get(assignment.key());
      boolean over =
          soak == null || view.name(assignment.name()).good().equals(Optional.of(soak.sha256()));
      if (!over && assignment.target().soakSeconds() > 0) {
        noted.get().put(assignment.name(), new NotedSoak(soak.sha256(), soak.sinceMillis(), merge));
      }
    }
    note.keep();
  }

  private Optional<Map<String, NotedSoak>> noted() {
    try {
      return Optional.of(note.now());
    } catch (IOException e) {
      if (!complained) {
        LOG.warn("what soaks is not noted, and soaks anew with each agent: {}", e.toString());
        complained = true;
      }
      return Optional.empty();
    }
  }
}
