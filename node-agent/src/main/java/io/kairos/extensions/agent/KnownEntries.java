package io.kairos.extensions.agent;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.plan.BootEntries;
import io.kairos.extensions.agent.plan.BootedSystem;
import io.kairos.extensions.agent.store.KeptNote;
import io.kairos.extensions.agent.store.NotedEntry;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the host's boot entries boot, kept beyond the agent's life: a host that was upgraded shows
 * nothing any more of the system that its {@code passive} boots. Used by the agent's loop alone.
 */
final class KnownEntries {
  private static final Logger LOG = LoggerFactory.getLogger(KnownEntries.class);

  private final KeptNote<NotedEntry> note;

  KnownEntries(KeptNote<NotedEntry> note) {
    this.note = note;
  }

  /** The system that a host runs. */
  static BootedSystem system(Host.Identity host) {
    return new BootedSystem(host.osRelease().fields());
  }

  /**
   * The entries that boot another system than the one that runs.
   *
   * @param booted the entry that is booted, where the host tells
   * @throws IOException when what is noted cannot be read
   */
  Map<Profile, BootedSystem> others(Optional<Profile> booted, Host.Identity host)
      throws IOException {
    BootedSystem system = system(host);
    BootEntries before = read();
    BootEntries entries =
        booted.map(entry -> before.booted(entry, system, host.trustedBoot())).orElse(before);
    Map<Profile, BootedSystem> others = entries.others(system);
    if (!entries.equals(before)) {
      if (!others.isEmpty()) {
        LOG.info("boot entries with another system than the one that runs: {}", others);
      }
      write(entries);
    }
    return others;
  }

  /** Keeps what is known. */
  void keep() {
    note.keep();
  }

  private BootEntries read() throws IOException {
    Map<Profile, BootedSystem> systems = new EnumMap<>(Profile.class);
    Optional<Profile> last = Optional.empty();
    for (Profile entry : BootEntries.ALL) {
      Optional<NotedEntry> found = Optional.ofNullable(note.now().get(entry.text()));
      if (found.isPresent()) {
        systems.put(entry, found.get().system());
        last = found.get().bootedLast() ? Optional.of(entry) : last;
      }
    }
    return new BootEntries(systems, last);
  }

  private void write(BootEntries entries) throws IOException {
    Map<String, NotedEntry> noted = note.now();
    noted.clear();
    entries
        .systems()
        .forEach(
            (entry, system) ->
                noted.put(
                    entry.text(),
                    new NotedEntry(system, entries.last().equals(Optional.of(entry)))));
  }
}
