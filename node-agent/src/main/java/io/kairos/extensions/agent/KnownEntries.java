package io.kairos.extensions.agent;

import io.kairos.extensions.agent.host.Host;
import io.kairos.extensions.agent.image.MachineArchitecture;
import io.kairos.extensions.agent.plan.BootEntries;
import io.kairos.extensions.agent.plan.BootedSystem;
import io.kairos.extensions.agent.store.MapNote;
import io.kairos.extensions.agent.store.NotedEntry;
import io.kairos.extensions.api.v1alpha1.Profile;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the host's boot entries boot, kept beyond the agent's life: a host that was upgraded shows
 * nothing any more of the system that its {@code passive} boots. Used by the agent's loop alone.
 */
final class KnownEntries {
  private static final Logger LOG = LoggerFactory.getLogger(KnownEntries.class);

  private final MapNote<NotedEntry> note;

  /** Nothing before the first look. */
  private Optional<BootEntries> known = Optional.empty();

  private BootEntries noted = BootEntries.UNKNOWN;

  KnownEntries(MapNote<NotedEntry> note) {
    this.note = note;
  }

  /**
   * The entries that boot another system than the one that runs.
   *
   * @param booted the entry that is booted, where the host tells
   * @throws IOException when what is noted cannot be read
   */
  Map<Profile, BootedSystem> others(Optional<Profile> booted, Host.Identity host)
      throws IOException {
    if (known.isEmpty()) {
      noted = read();
      known = Optional.of(noted);
    }
    BootedSystem system = new BootedSystem(host.architecture().name(), host.osRelease().fields());
    BootEntries entries = known.get();
    if (booted.isPresent()) {
      entries = entries.booted(booted.get(), system, host.trustedBoot());
    }
    Map<Profile, BootedSystem> others = entries.others(system);
    if (!known.equals(Optional.of(entries)) && !others.isEmpty()) {
      LOG.info("boot entries with another system than the one that runs: {}", others);
    }
    known = Optional.of(entries);
    return others;
  }

  /** Keeps what is known. A note that cannot be written is tried again after the next look. */
  void keep() {
    BootEntries now = known.orElse(noted);
    if (now.equals(noted) || !note.isWritable()) {
      return;
    }
    Map<String, NotedEntry> entries = new TreeMap<>();
    now.systems()
        .forEach(
            (entry, system) ->
                entries.put(
                    entry.text(), new NotedEntry(system, now.last().equals(Optional.of(entry)))));
    try {
      note.write(entries);
      noted = now;
    } catch (IOException e) {
      LOG.warn("what boot entries boot could not be noted: {}", e.toString());
    }
  }

  /** Whoever is root may have written anything: what cannot be understood is not known. */
  private BootEntries read() throws IOException {
    Map<String, NotedEntry> entries = note.read();
    Map<Profile, BootedSystem> systems = new EnumMap<>(Profile.class);
    Optional<Profile> last = Optional.empty();
    for (Profile entry : Profile.values()) {
      Optional<NotedEntry> found =
          Optional.ofNullable(entries.get(entry.text())).filter(KnownEntries::isUnderstood);
      if (found.isPresent()) {
        systems.put(entry, found.get().system());
        last = found.get().bootedLast() ? Optional.of(entry) : last;
      }
    }
    return new BootEntries(systems, last);
  }

  private static boolean isUnderstood(NotedEntry entry) {
    return Arrays.stream(MachineArchitecture.values())
        .map(Enum::name)
        .collect(Collectors.toSet())
        .contains(entry.system().architecture());
  }
}
