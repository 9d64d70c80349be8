package io.kairos.extensions.agent;

import io.kairos.extensions.agent.plan.HostView;
import io.kairos.extensions.agent.plan.Memory;
import io.kairos.extensions.agent.store.KeptNote;
import io.kairos.extensions.api.v1alpha1.Assignment;
import io.kairos.extensions.api.v1alpha1.ExtensionKey;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Since when images soak, kept beyond the agent's life. An agent that is replaced, be it by a newer
 * one, takes up the soaks of what is still merged: they would end later than the operator waits for
 * otherwise. Used by the agent's loop alone.
 */
final class KeptSoaks {
  private final KeptNote<Memory.Soak> note;

  KeptSoaks(KeptNote<Memory.Soak> note) {
    this.note = note;
  }

  /**
   * What an agent before this one left. What began later than now was noted by another clock, and
   * says nothing.
   *
   * @param nowMillis by {@link Uptime}, which all agents of a boot share
   * @throws IOException when the note cannot be read
   */
  Map<ExtensionKey, Memory.Soak> left(List<Assignment> assignments, long nowMillis)
      throws IOException {
    Map<ExtensionKey, Memory.Soak> left = new HashMap<>();
    for (Assignment assignment : assignments) {
      Memory.Soak soak = note.now().get(assignment.name());
      if (soak != null
          && assignment.target().image().sha256().equals(soak.sha256())
          && soak.sinceMillis() <= nowMillis) {
        left.put(assignment.key(), soak);
      }
    }
    return left;
  }

  /**
   * Notes those that are not over.
   *
   * @throws IOException when the note cannot be read
   */
  void keep(List<Assignment> assignments, Map<ExtensionKey, Memory.Soak> soaks, HostView view)
      throws IOException {
    Map<String, Memory.Soak> noted = note.now();
    noted.clear();
    for (Assignment assignment : assignments) {
      Memory.Soak soak = soaks.get(assignment.key());
      boolean over =
          soak == null || view.name(assignment.name()).good().equals(Optional.of(soak.sha256()));
      if (!over && assignment.target().soakSeconds() > 0) {
        noted.put(assignment.name(), soak);
      }
    }
    note.keep();
  }
}
